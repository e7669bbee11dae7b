package campaign

import (
	"cmp"
	"fmt"
	"time"

	"github.com/holdfast-lock/holdfast/sim"
	"github.com/holdfast-lock/holdfast/sim/disk"
	"github.com/holdfast-lock/holdfast/sim/scenario"
)

// Generate draws the scenario of a seed.
func Generate(seed uint64, p Profile) *scenario.Scenario {
	s := newPlan(seed/plans, p).scenario()
	s.Seed = seed
	return s
}

// plan is a scenario in the making.
type plan struct {
	*draw
	Profile
	features  Features
	processes []string
	clients   []string // the tasks of all processes
	locks     []scenario.Lock
	wanted    int                      // how many of the locks tasks go for first; what follows them is for the inside of a hold
	life      time.Duration            // the longest lifetime
	beat      time.Duration            // that many things last
	peers     map[string]scenario.Lock // of the processes that use filelock, the lock of each
	s         scenario.Scenario
}

func newPlan(number uint64, p Profile) *plan {
	return &plan{draw: newDraw(number), Profile: p}
}

func (p *plan) scenario() *scenario.Scenario {
	p.chooseFeatures()
	p.chooseSlack()
	p.chooseDisk()
	p.beat = p.spread(10*time.Microsecond, 20*time.Millisecond)
	p.chooseClients()
	p.chooseLocks()
	p.choosePeers()
	block := scenario.Step{Verb: scenario.VerbConcurrently}
	for _, c := range p.clients {
		block.Block = append(block.Block, p.work(c)...)
	}
	block.Block = append(block.Block, p.chaos()...)
	p.s.Steps = []scenario.Step{block}
	p.faults()
	p.s.Strategy = p.strategy()
	return &p.s
}

// strategy returns the strategy of the profile. One that wants to know how many decisions a run has is told, so that what it does to the order falls into the run.
func (p *plan) strategy() string {
	text := cmp.Or(p.Strategy, "portfolio")
	s, err := sim.ParseStrategy(text)
	if err != nil {
		return text // whoever runs it says so
	}
	switch s := s.(type) {
	case *sim.PCT:
		s.Length = cmp.Or(s.Length, p.decisions())
		return s.String()
	case *sim.Portfolio:
		s.Length = cmp.Or(s.Length, p.decisions())
		return s.String()
	}
	return text
}

// decisions is how often there is a choice of whom to run, about: for 3 plans of 4 it is right to a factor of 3. An acquisition or a release is some calls, at each of which others can go on, all the more
// the longer they may be held up.
func (p *plan) decisions() int {
	n := 0
	for _, s := range p.s.Steps[0].Block {
		if s.Verb == scenario.VerbLock || s.Verb == scenario.VerbUnlock || s.Verb == scenario.VerbUnlockAll {
			n++
		}
	}
	switch {
	case p.s.Slack < 0:
		return 12 * n
	case p.s.Slack == 0:
		return 2 * n
	}
	return 6 * n
}

// chooseFeatures draws a subset: few in most worlds, so that a bug that needs the absence of something shows as well.
func (p *plan) chooseFeatures() {
	p.features = p.Needs
	if p.Only {
		return
	}
	rare := p.between(2, 6)
	if p.Needs != 0 {
		rare *= 2
	}
	for f := Features(1); f < drawn; f <<= 1 {
		if !p.impossible().Has(f) && p.oneIn(rare) {
			p.features |= f
		}
	}
	if p.features.Has(Mixed) {
		p.features |= Lifetime
	}
	p.features &^= p.impossible()
	if p.features.Has(Power) && p.lockKind() != "" {
		p.features &^= Breaks // what was looked at before the power failed is another file afterwards
	}
}

// chooseSlack decides how much order there is in time. Without a bound nothing that has to happen in time can be judged, and everything else is tried hardest.
func (p *plan) chooseSlack() {
	switch {
	case p.Slack != "":
		p.s.Slack, _ = scenario.ParseSlack(p.Slack) // it was checked before
	case p.oneIn(4):
		p.s.Slack = scenario.Unbounded
	case p.oneIn(8):
		p.s.Slack = 0
	default:
		p.s.Slack = p.spread(10*time.Microsecond, 10*time.Millisecond)
	}
}

func (p *plan) chooseDisk() {
	o := &p.s.Disk
	o.Kind = p.diskKind(p.draw)
	if p.features.Has(Power|Fencing) && o.Kind == disk.Tmpfs { // it comes up empty, and the numbers begin anew
		if p.FS == "" {
			o.Kind = disk.Posix
		} else {
			p.features &^= Fencing
		}
	}
	o.Granularity = among(p.draw, 0, 4*time.Millisecond, time.Second)
	o.ReuseInodes = p.oneIn(2)
	if p.features.Has(Breaks) && o.Granularity > 0 {
		o.ReuseInodes = false // a process that takes a lock again within one tick makes a marker that nobody can tell from the one before
	}
	o.NoRegions = p.oneIn(8) && !p.features.Has(Breaks) // nothing keeps a release and who breaks the lock apart there
	o.NoKernelWait = p.oneIn(6)
	if o.Kind == disk.Posix && p.features.Has(Power) {
		o.Writeback = among(p.draw, 0, 0, 1, 8)
		if p.features.Has(Fencing) && p.lockKind() == "" { // a marker is shorter than what a disk writes at once, and is there whole or not at all
			o.Block = among(p.draw, 0, 0, 8, 32) // so that what is lost is a part of a number, or one of several
		}
	}
	if p.features.Has(Clock) {
		p.s.Machines = []scenario.Machine{{Name: scenario.DefaultMachine, Skew: p.spread(time.Millisecond, 300*time.Second),
			Drift: among(p.draw, 0, 0.001, -0.001), Noise: among(p.draw, 0, time.Millisecond)}}
	}
}

func (p *plan) chooseClients() {
	n := p.Processes
	if n == 0 {
		n = among(p.draw, 1, 2, 2, 2, 3, 3, 3, 4, 4, 6, 8)
		if p.features.Has(Tasks) {
			n = among(p.draw, 1, 1, 2, 2, 3)
		} else if n == 1 && p.features&(Kills|Stops|Strangers|Lifetime|Fencing) != 0 {
			n = 2
		}
		if p.features.Has(Peers) {
			n = max(n, 2)
		}
	}
	for i := range n {
		name := string(rune('a' + i))
		p.processes = append(p.processes, name)
		p.clients = append(p.clients, name)
		if !p.features.Has(Tasks) || i > 0 && p.oneIn(3) {
			continue
		}
		for t := range p.between(1, 3) {
			p.clients = append(p.clients, fmt.Sprintf("%s.%d", name, t+1))
		}
	}
}

// lockDir is a directory that is not there in the beginning.
const lockDir = scenario.WorkDir + "/dir"

// chooseLocks makes one lock, or several of one path or two.
func (p *plan) chooseLocks() {
	k := scenario.Lock{Name: "k", Path: scenario.WorkDir + "/k.lock"}
	if p.features&(Strangers|Power) != 0 && p.oneIn(3) {
		k.Path = lockDir + "/k.lock" // the directory can go too
	}
	if p.features.Has(Lifetime) {
		p.life = p.spread(5*time.Millisecond, 2*time.Second)
		k.Lifetime = p.life
	}
	if p.Kind == "lease" {
		p.life = p.spread(20*time.Millisecond, 2*time.Second) + 4*p.s.Disk.Granularity
		k.Lease = p.life
		if p.oneIn(3) {
			k.Heartbeat = k.Lease / time.Duration(p.between(2, 10))
		}
	}
	k.Fencing = p.features.Has(Fencing)
	k.Shared = p.features.Has(Shared)
	k.Singleton = p.features.Has(Singletons)
	deadly := p.Kind == "strict" && p.features.Has(Kills) // whoever dies inside keeps the others waiting for good
	if p.features.Has(Cancels) && p.oneIn(3) || deadly {
		k.Timeout = p.spread(time.Millisecond, time.Second)
	}
	if p.s.Disk.NoKernelWait && p.oneIn(2) && !p.features.Has(Cleans) { // which takes long, and so others would poll often
		k.Poll = p.spread(time.Millisecond, 30*time.Millisecond)
	}
	p.locks = []scenario.Lock{k}
	if p.features.Has(Singletons) {
		twin := k
		twin.Name = "twin" // one and the same Lock, by another name
		p.locks = append(p.locks, twin)
	}
	if p.features.Has(Mixed) {
		forever := scenario.Lock{Name: "forever", Path: k.Path, Fencing: k.Fencing, Poll: k.Poll}
		p.locks = append(p.locks, forever)
	}
	p.wanted = len(p.locks)
	if p.features.Has(Nested) {
		p.locks = append(p.locks, scenario.Lock{Name: "again", Path: k.Path, Lifetime: k.Lifetime, Lease: k.Lease, Heartbeat: k.Heartbeat, Fencing: k.Fencing}, scenario.Lock{Name: "inner", Path: scenario.WorkDir + "/inner.lock"})
	}
	for i := range p.locks {
		if p.locks[i].Kind = p.lockKind(); deadly {
			p.locks[i].Timeout = k.Timeout
		}
	}
	p.s.Locks = p.locks
}
