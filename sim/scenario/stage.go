package scenario

import (
	"cmp"
	"context"
	"log/slog"
	"path"
	"slices"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/linearize"
	"github.com/holdfast-lock/holdfast/lock"
	"github.com/holdfast-lock/holdfast/sim"
	"github.com/holdfast-lock/holdfast/sim/disk"
	"github.com/holdfast-lock/holdfast/sim/scenario/property"
)

type fsContext = context.Context

// process is a process of the scenario, whichever incarnation lives.
type process struct {
	sim      *sim.Process
	locks    []*lock.Lock
	errs     []error // of making them
	bare     []bareLock
	index    int
	number   int  // of the incarnation, over all processes
	byFault  bool // what befell it last was a fault
	frozenAt time.Duration
	leftover *property.Leftover
}

// bareLock is a file that a process has locked without a lock.Lock.
type bareLock struct {
	path   string
	file   fs.File
	number int32 // of the hold, 0 if it is on no lock file
}

// begin builds the world.
func (r *Runner) begin(p *Program, o RunOptions) {
	s := p.scenario
	r.program, r.options, r.finding = p, o, nil
	r.seed = s.Seed
	if o.Seed != 0 {
		r.seed = o.Seed
	}
	r.random = r.seed
	r.world = sim.New(sim.Config{Seed: r.seed, Strategy: r.strategy(), Engine: o.Engine, Crew: &r.crew, Slack: s.Slack, Faults: s.Faults, Steps: o.Until, Record: o.Record || o.Timeline && len(s.Switches) > 0, Trace: o.Trace, Watch: r.watch, Named: r.named})
	r.world.OnPowerLoss(func(m *sim.Machine) { r.powerLoss(m, KeepRandom) })
	r.event = property.Event{}
	r.holds = append(r.holds[:0], hold{})
	r.slots = resized(r.slots, len(p.slots))
	r.byTask, r.inodes, r.story, r.lives = r.byTask[:0], r.inodes[:0], r.story[:0], r.lives[:0]
	r.awaited, r.bell, r.block, r.position, r.passed, r.strangers, r.struck, r.calm = nil, nil, nil, 0, 0, 0, 0, false
	r.asleep = resized(r.asleep, len(p.machines))
	r.histories, r.spoiled = nil, 0
	if o.History > 0 {
		r.histories = make([]linearize.History, len(p.paths))
	}
	r.set.Begin(&p.setup, r)
	r.build()
	r.occupants = resized(r.occupants, len(p.paths))
	r.occupy()
	r.children = resized(r.children, len(p.children))
	r.clients = resized(r.clients, len(p.clients))
	for i := range r.clients {
		r.clients[i] = client{r: r, index: i, process: p.clients[i].process}
	}
	r.processes = resized(r.processes, len(p.processes))
	if len(p.steps) > 0 && p.steps[0].block != nil { // nobody has to wait for the conductor
		r.open(p.steps[0].block)
	}
	for i := range r.processes {
		r.processes[i].index = i
		r.start(i)
	}
	r.settle()
	r.world.God("conductor", r.conduct)
	if s.Slack >= 0 {
		r.world.After(p.limit, r.expire)
	}
}

// resized returns a slice of n zero values, in the room of s if it has enough.
func resized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	s = s[:n]
	clear(s)
	return s
}

// strategy returns who decides.
func (r *Runner) strategy() sim.Strategy {
	s := r.program.scenario
	switch {
	case r.options.Strategy != nil:
		return r.options.Strategy
	case len(s.Switches) > 0:
		return &sim.Replay{Deviations: s.Switches}
	case s.Strategy != "":
		strategy, _ := sim.ParseStrategy(s.Strategy) // it was parsed before
		return strategy
	}
	return nil
}

// build makes the machines. They share one disk.
func (r *Runner) build() {
	p, s := r.program, r.program.scenario
	options := s.Disk
	options.Durability = p.power
	readOnly := options.ReadOnly
	options.ReadOnly = false // until everything is there
	d := disk.New(options)
	now := sim.Epoch
	must(d.Mkdir(disk.Cred{}, WorkDir, 0o777, now))
	for _, f := range s.Files {
		must(makeDirs(d, path.Dir(f.Path), now))
		must(d.WriteFile(disk.Cred{}, f.Path, []byte(f.Data), 0o666, now))
	}
	for _, process := range p.processes {
		if process.WorkDir != "" {
			must(makeDirs(d, path.Clean(process.WorkDir), now))
		}
	}
	d.SyncAll()
	d.SetReadOnly(readOnly)
	r.machines = r.machines[:0]
	for _, m := range p.machines {
		r.machines = append(r.machines, r.world.NewMachine(m.Name, sim.Clock{Start: sim.Epoch.Add(m.Skew), Drift: m.Drift, Noise: m.Noise}, d))
	}
	r.containers = r.containers[:0]
}

// must is for what a disk that is empty and that nobody else uses does not refuse.
func must(err error) {
	if err != nil {
		panic("scenario: " + err.Error())
	}
}

func makeDirs(d *disk.Disk, dir string, now time.Time) error {
	if _, err := d.Lstat(disk.Cred{}, dir); err == nil {
		return nil
	}
	if err := makeDirs(d, path.Dir(dir), now); err != nil {
		return err
	}
	return d.Mkdir(disk.Cred{}, dir, 0o777, now)
}

func (r *Runner) disk() *disk.Disk { return r.machines[0].Disk("/") }

// namespace returns where a process runs.
func (r *Runner) namespace(p *program) *sim.Namespace {
	m := r.machines[p.machine]
	if p.Container == "" {
		return m.Namespace()
	}
	for _, c := range r.containers {
		if c.machine == p.machine && c.name == p.Container {
			return c.namespace
		}
	}
	hostname := p.Hostname
	if hostname == "" {
		hostname = p.Container
	}
	n := m.NewNamespace(hostname)
	r.containers = append(r.containers, container{p.machine, p.Container, n})
	return n
}

// start starts a process, for the first time or anew.
func (r *Runner) start(index int) {
	plan, p := &r.program.processes[index], &r.processes[index]
	again := p.sim != nil
	if again && !p.sim.Dead() {
		return
	}
	r.lives = append(r.lives, plan.Name)
	p.number = len(r.lives)
	p.bare, p.byFault, p.leftover = p.bare[:0], false, nil
	p.locks = resized(p.locks, len(r.program.scenario.Locks))
	p.errs = resized(p.errs, len(p.locks))
	workDir := plan.WorkDir
	if workDir == "" {
		workDir = "/"
	}
	cred := disk.Cred{UID: plan.User, Umask: fs.FileMode(plan.Umask), WorkDir: workDir}
	p.sim = r.namespace(plan).StartAs(cred, plan.Name, func(s *sim.Process) { r.main(p, s) })
	if again {
		r.told(property.Event{Kind: property.Started, Process: int32(index + 1)})
	}
}

// main is the main function of a process.
func (r *Runner) main(p *process, s *sim.Process) {
	plan := &r.program.processes[p.index]
	for _, k := range plan.opened {
		if plan.peer {
			break // its objects are made as they are used
		}
		p.locks[k], p.errs[k] = r.newLock(p, k)
	}
	for _, c := range plan.clients[1:] {
		s.Go("client", r.clients[c].main)
	}
	r.clients[plan.clients[0]].main()
}

// options are those of lock.New that say nothing of other locks or of the host.
func (k *Lock) options() []lock.Option {
	var list []lock.Option
	if k.Timeout > 0 {
		list = append(list, lock.Timeout(k.Timeout))
	}
	if k.NoWait {
		list = append(list, lock.NoWait())
	}
	if k.Poll > 0 {
		list = append(list, lock.PollInterval(k.Poll))
	}
	if k.Lifetime > 0 {
		list = append(list, lock.Lifetime(k.Lifetime))
	}
	if k.Lease > 0 {
		list = append(list, lock.LeaseDuration(k.Lease))
	}
	if k.Heartbeat > 0 {
		list = append(list, lock.Heartbeat(k.Heartbeat))
	}
	if k.Mode != 0 {
		list = append(list, lock.Mode(fs.FileMode(k.Mode)))
	}
	if k.Fencing {
		list = append(list, lock.Fencing())
	}
	if k.Shared {
		list = append(list, lock.SharedOwnership())
	}
	if k.Singleton {
		list = append(list, lock.Singleton())
	}
	return list
}

// opens has what makes a lock of a kind.
var opens = map[string]func(path string, opts ...lock.Option) (*lock.Lock, error){"": lock.New, "soft": lock.NewSoft, "lease": lock.NewLease, "strict": lock.NewStrict}

// newLock makes a lock of a process.
func (r *Runner) newLock(p *process, k int) (*lock.Lock, error) {
	s := &r.program.scenario.Locks[k]
	options := append(s.options(), lock.Host(p.sim))
	if s.HookFails {
		options = append(options, lock.OnAcquired(func(fs.File) error {
			r.told(property.Event{Kind: property.Struck, Process: int32(p.index + 1)})
			return errHook
		}))
	}
	if s.Fallback != "" {
		i := slices.IndexFunc(r.program.scenario.Locks, func(o Lock) bool { return o.Name == s.Fallback })
		if p.locks[i] == nil {
			return nil, p.errs[i]
		}
		options = append(options, lock.FallbackTo(p.locks[i]), lock.Logger(slog.New(slog.DiscardHandler))) // it warns
	}
	return opens[s.Kind](s.Path, options...)
}

// powerLoss takes the power from a machine. What lies on the disk is lost only if the machine is alone: else the disk is that of a server, which keeps its power.
func (r *Runner) powerLoss(m *sim.Machine, keep Keep) {
	mode := disk.All
	switch {
	case len(r.machines) > 1:
	case keep == KeepNone:
		mode = disk.None
	case keep == KeepRandom:
		mode = disk.Random(0.5)
	}
	m.PowerLoss(func(d *disk.Disk) *disk.Disk {
		if len(r.machines) > 1 {
			return d
		}
		return d.Crash(r.draw, mode)
	})
	r.occupy()
	r.told(property.Event{Kind: property.PowerLost})
}

// draw returns a random number (splitmix64).
func (r *Runner) draw() uint64 {
	r.random += 0x9e3779b97f4a7c15
	z := r.random
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// lease returns the duration of a lease, 0 for other kinds.
func (k *Lock) lease() time.Duration {
	if k.Kind != "lease" {
		return 0
	}
	return cmp.Or(k.Lease, lock.DefaultLeaseDuration)
}

// heartbeat returns the time from one heartbeat of a lease to the next.
func (k *Lock) heartbeat() time.Duration { return cmp.Or(k.Heartbeat, k.lease()/3) }
