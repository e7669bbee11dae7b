package campaign

import (
	"slices"
	"strings"
	"time"

	"github.com/holdfast-lock/holdfast/sim"
	"github.com/holdfast-lock/holdfast/sim/disk"
	"github.com/holdfast-lock/holdfast/sim/scenario"
)

// Shrunk is a scenario that was made smaller.
type Shrunk struct {
	Scenario *scenario.Scenario // without a strategy: its switches say who runs
	Property string
	Message  string
	Runs     int // that it took
	Complete bool
}

// maxRuns bounds the work on one finding.
const maxRuns = 20000

// Shrink makes a scenario smaller in which a property does not hold, for as long as it breaks the same property in the same way: tasks, faults, steps, decisions of the schedule, durations. It returns nil if
// the scenario breaks no property.
func Shrink(s *scenario.Scenario) (*Shrunk, error) {
	k := new(shrinker)
	defer k.runner.Close()
	k.look = scenario.RunOptions{History: scenario.HistoryTime, Twice: true}
	first, err := k.run(s, true)
	if err != nil {
		return nil, err
	}
	if first.Finding == nil || first.Finding.Property == scenario.Undecided {
		return nil, nil
	}
	k.look.Twice = first.Finding.Property == scenario.NotRepeated
	if first.Finding.Property != scenario.NotLinearizable {
		k.look.History = 0
	}
	k.property, k.message = first.Finding.Property, first.Finding.Message
	k.kinds = kindsOf(s)
	k.kind = k.kinds.of(k.property, k.message)
	k.judged = mustBeSensible(s, k.property)
	if k.property != "limit" {
		k.bound = 2*first.Steps + 1000
	}
	k.best = s.Clone()
	k.best.Strategy, k.best.Expected = "", ""
	k.best.Switches = slices.Clone(first.Schedule)
	if !k.fails(k.best) && !k.anew(k.best) { // not every schedule can be told by where it deviates
		k.best = s.Clone()
		return k.result(false), nil
	}
	for before := -1; before != k.size() && k.runs < maxRuns; {
		before = k.size()
		for _, pass := range []func(*shrinker){(*shrinker).switches, (*shrinker).tasks, (*shrinker).faults, (*shrinker).steps, (*shrinker).switches, (*shrinker).retry, (*shrinker).settings, (*shrinker).durations} {
			pass(k)
		}
	}
	k.rename()
	return k.result(k.runs < maxRuns), nil
}

type shrinker struct {
	runner   scenario.Runner
	property string
	message  string
	kinds    kinds
	kind     string // of the message
	judged   bool   // only what is sensible is taken
	best     *scenario.Scenario
	runs     int
	look     scenario.RunOptions // in which runs are looked at again, if only that finds it
	bound    int                 // of the calls of a run, so that one that spins is given up soon; 0: none
}

func (k *shrinker) result(complete bool) *Shrunk {
	return &Shrunk{Scenario: k.best, Property: k.property, Message: k.message, Runs: k.runs, Complete: complete}
}

// size is what is made smaller.
func (k *shrinker) size() int {
	n := 3*len(k.best.Switches) + len(k.best.Faults) + len(k.best.Locks) + len(k.best.Steps)
	for _, s := range k.best.Steps {
		n += len(s.Block)
	}
	return n
}

// fails reports whether the property does not hold in a scenario. One that cannot be run is none.
func (k *shrinker) fails(s *scenario.Scenario) bool {
	if k.runs >= maxRuns || k.judged && !sensible(s) {
		return false
	}
	r, err := k.run(s, false)
	if err != nil || !k.same(r.Finding) {
		return false
	}
	k.message = r.Finding.Message
	return true
}

// same reports whether a finding is of the kind that is looked for.
func (k *shrinker) same(f *scenario.Finding) bool {
	return f != nil && f.Property == k.property && k.kinds.of(f.Property, f.Message) == k.kind
}

func (k *shrinker) run(s *scenario.Scenario, record bool) (scenario.Result, error) {
	p, err := scenario.Compile(s)
	if err != nil {
		return scenario.Result{}, err
	}
	k.runs++
	o := k.look
	o.Record, o.Until = record, k.bound
	return k.runner.Run(p, o), nil
}

// try takes a candidate if the property does not hold in it.
func (k *shrinker) try(s *scenario.Scenario) bool {
	if !k.fails(s) {
		return false
	}
	k.best = s
	return true
}

// reduce leaves out parts of a list of n, as many at once as possible, by delta debugging. without returns the candidate in which the parts from low to high are missing.
func (k *shrinker) reduce(n func() int, without func(s *scenario.Scenario, low, high int)) {
	for chunk := n(); chunk > 0; {
		for low := 0; low < n(); {
			c := k.best.Clone()
			without(c, low, min(low+chunk, n()))
			if !k.try(c) {
				low += chunk
			}
		}
		if chunk == 1 {
			return
		}
		chunk = (chunk + 1) / 2
	}
}

func (k *shrinker) switches() {
	k.reduce(func() int { return len(k.best.Switches) }, func(s *scenario.Scenario, low, high int) { s.Switches = slices.Delete(s.Switches, low, high) })
}

func (k *shrinker) faults() {
	k.reduce(func() int { return len(k.best.Faults) }, func(s *scenario.Scenario, low, high int) { s.Faults = slices.Delete(s.Faults, low, high) })
}

// steps leaves out steps, those of blocks first.
func (k *shrinker) steps() {
	for i := range k.best.Steps {
		k.reduce(func() int { return len(k.best.Steps[i].Block) }, func(s *scenario.Scenario, low, high int) {
			s.Steps[i].Block = slices.Delete(s.Steps[i].Block, low, high)
		})
		for _, hold := range k.holds() { // an acquisition can only be left out with what is done to its hold
			k.tryWithout(func(s *scenario.Step) bool { return s.Hold == hold || s.In == hold })
		}
	}
	k.reduce(func() int { return len(k.best.Steps) }, func(s *scenario.Scenario, low, high int) { s.Steps = slices.Delete(s.Steps, low, high) })
}

// each calls f for every step, those of blocks included.
func each(s *scenario.Scenario, f func(*scenario.Step)) {
	for i := range s.Steps {
		f(&s.Steps[i])
		for j := range s.Steps[i].Block {
			f(&s.Steps[i].Block[j])
		}
	}
}

func (k *shrinker) holds() []string {
	var names []string
	each(k.best, func(s *scenario.Step) {
		if s.Hold != "" && !slices.Contains(names, s.Hold) {
			names = append(names, s.Hold)
		}
	})
	return names
}

// clients returns everybody who does something, processes in the order in which they first do.
func (k *shrinker) clients() []string {
	var names []string
	each(k.best, func(s *scenario.Step) {
		if s.Client != "" && !slices.Contains(names, s.Client) {
			names = append(names, s.Client)
		}
	})
	return names
}

func process(client string) string {
	name, _, _ := strings.Cut(client, ".")
	return name
}

// tryWithout leaves out all steps of a kind.
func (k *shrinker) tryWithout(drop func(*scenario.Step) bool) bool {
	c := k.best.Clone()
	gone := false
	for i := range c.Steps {
		before := len(c.Steps[i].Block)
		c.Steps[i].Block = slices.DeleteFunc(c.Steps[i].Block, func(s scenario.Step) bool { return drop(&s) })
		gone = gone || len(c.Steps[i].Block) < before
	}
	before := len(c.Steps)
	c.Steps = slices.DeleteFunc(c.Steps, func(s scenario.Step) bool { return drop(&s) })
	return (gone || len(c.Steps) < before) && (k.try(c) || k.anew(c))
}

// tasks leaves out processes with everything that befalls them, then tasks, then strangers.
func (k *shrinker) tasks() {
	var processes []string
	for _, c := range k.clients() {
		if p := process(c); !slices.Contains(processes, p) {
			processes = append(processes, p)
		}
	}
	for _, p := range slices.Backward(processes) {
		k.tryWithout(func(s *scenario.Step) bool { return process(s.Client) == p || process(s.Who) == p })
	}
	for _, c := range slices.Backward(k.clients()) {
		k.tryWithout(func(s *scenario.Step) bool { return s.Client == c || s.Who == c })
	}
}

// anewSeeds is how many other schedules of a candidate are tried. Without a task that took part the switches of those that are left mean something else, and the bug is there all the same.
const anewSeeds = 12

// anew looks for another schedule of a candidate in which the property does not hold, and takes it.
func (k *shrinker) anew(c *scenario.Scenario) bool {
	c = c.Clone()
	c.Switches = nil
	for seed := range uint64(anewSeeds) {
		c.Strategy = [...]string{"pct depth=2", "pct depth=3", "pct depth=4", "pos"}[seed%4]
		c.Seed++
		r, err := k.run(c, true)
		if err != nil || k.runs >= maxRuns {
			return false
		}
		if !k.same(r.Finding) {
			continue
		}
		c.Strategy, c.Switches = "", slices.Clone(r.Schedule)
		if k.try(c) {
			k.switches()
			return true
		}
		c.Switches = nil
	}
	return false
}

// fewSwitches is how many a person follows.
const fewSwitches = 6

// retry looks for a schedule with fewer decisions, if there are many.
func (k *shrinker) retry() {
	if len(k.best.Switches) <= fewSwitches {
		return
	}
	most := k.best
	for round := range 4 {
		c := most.Clone()
		c.Seed += uint64(round+1) * anewSeeds
		if k.anew(c); len(k.best.Switches) <= fewSwitches {
			return
		}
		if len(k.best.Switches) < len(most.Switches) {
			most = k.best
		}
	}
	k.best = most
}

// settings returns what is special about the world to what is usual, one after the other.
func (k *shrinker) settings() {
	for _, simpler := range []func(*scenario.Scenario) bool{
		func(s *scenario.Scenario) bool { return clearIf(&s.Machines) },
		func(s *scenario.Scenario) bool { return zero(&s.Disk.Granularity) },
		func(s *scenario.Scenario) bool { return zero(&s.Disk.ReuseInodes) },
		func(s *scenario.Scenario) bool { return zero(&s.Disk.NoRegions) },
		func(s *scenario.Scenario) bool { return zero(&s.Disk.NoKernelWait) },
		func(s *scenario.Scenario) bool { return zero(&s.Disk.Writeback) },
		func(s *scenario.Scenario) bool { return zero(&s.Disk.Block) },
		func(s *scenario.Scenario) bool { return s.Disk.Kind != disk.Posix && zero(&s.Disk.Kind) },
		func(s *scenario.Scenario) bool { return zero(&s.Slack) },
		func(s *scenario.Scenario) bool { return zero(&s.Seed) },
	} {
		if c := k.best.Clone(); simpler(c) {
			k.try(c)
		}
	}
	for i := 0; i < len(k.best.Locks); i++ {
		for _, simpler := range []func(*scenario.Lock) bool{
			func(l *scenario.Lock) bool { return zero(&l.Timeout) },
			func(l *scenario.Lock) bool { return zero(&l.Poll) },
			func(l *scenario.Lock) bool { return zero(&l.Lifetime) },
			func(l *scenario.Lock) bool { return zero(&l.Heartbeat) },
			func(l *scenario.Lock) bool { return zero(&l.Lease) },
			func(l *scenario.Lock) bool { return zero(&l.Fencing) },
			func(l *scenario.Lock) bool { return zero(&l.Shared) },
			func(l *scenario.Lock) bool { return zero(&l.Singleton) },
		} {
			if c := k.best.Clone(); simpler(&c.Locks[i]) {
				k.try(c)
			}
		}
	}
	k.reduce(func() int { return len(k.best.Locks) }, func(s *scenario.Scenario, low, high int) { s.Locks = slices.Delete(s.Locks, low, high) })
	for i := 0; i < len(k.best.Faults); i++ {
		for _, simpler := range []func(*sim.Fault) bool{
			func(f *sim.Fault) bool { return f.Nth != 1 && set(&f.Nth, 1) },
			func(f *sim.Fault) bool { return zero(&f.Path) },
			func(f *sim.Fault) bool { return zero(&f.After) },
		} {
			if c := k.best.Clone(); simpler(&c.Faults[i]) {
				k.try(c)
			}
		}
	}
	k.simplerSteps()
}

func zero[T comparable](v *T) bool {
	var none T
	return *v != none && set(v, none)
}

func set[T any](v *T, to T) bool {
	*v = to
	return true
}

func clearIf[T any](s *[]T) bool {
	if len(*s) == 0 {
		return false
	}
	*s = nil
	return true
}

// simplerSteps leaves out what steps say that is not needed, such as the name of a hold.
func (k *shrinker) simplerSteps() {
	for _, simpler := range []func(*scenario.Step) bool{
		func(s *scenario.Step) bool { return zero(&s.Try) },
		func(s *scenario.Step) bool {
			s.Deadline = false
			return s.Verb == scenario.VerbLock && zero(&s.For)
		},
	} {
		k.eachStep(simpler)
	}
	for _, hold := range k.holds() {
		c := k.best.Clone()
		each(c, func(s *scenario.Step) {
			if s.Hold == hold {
				s.Hold = ""
			}
			if s.In == hold {
				s.In = s.Lock
			}
		})
		k.try(c)
	}
}

// eachStep tries a change on every step that it applies to.
func (k *shrinker) eachStep(change func(*scenario.Step) bool) {
	for n := 0; ; n++ {
		c := k.best.Clone()
		i, changed, there := 0, false, false
		each(c, func(s *scenario.Step) {
			if i == n {
				there, changed = true, change(s)
			}
			i++
		})
		if !there {
			return
		}
		if changed {
			k.try(c)
		}
	}
}

// rounds are durations that a person would write.
var rounds = []time.Duration{time.Microsecond, 10 * time.Microsecond, 100 * time.Microsecond, time.Millisecond, 10 * time.Millisecond, 100 * time.Millisecond, time.Second, 10 * time.Second, time.Minute}

// durations shortens what takes long, to something round.
func (k *shrinker) durations() {
	for _, r := range rounds {
		k.eachStep(func(s *scenario.Step) bool {
			if s.For < 0 {
				return -s.For > r && set(&s.For, -r)
			}
			return s.For > r && set(&s.For, r)
		})
		for i := range k.best.Locks {
			if c := k.best.Clone(); c.Locks[i].Lifetime > r {
				c.Locks[i].Lifetime = r
				k.try(c)
			}
			if c := k.best.Clone(); c.Locks[i].Lease > r {
				c.Locks[i].Lease = r
				k.try(c)
			}
		}
		for i := range k.best.Faults {
			if c := k.best.Clone(); c.Faults[i].For > r {
				c.Faults[i].For = r
				k.try(c)
			}
		}
		if c := k.best.Clone(); c.Slack > r {
			c.Slack = r
			k.try(c)
		}
	}
}

// rename gives the processes that are left the first letters, if that changes nothing.
func (k *shrinker) rename() {
	names := make(map[string]string) // old to new
	for _, c := range k.clients() {
		p := process(c)
		if _, known := names[p]; !known && !strings.HasPrefix(p, "stranger") {
			names[p] = string(rune('a' + len(names)))
		}
	}
	renamed := func(name string) string {
		p, task, dotted := strings.Cut(name, ".")
		if to, ok := names[p]; ok {
			p = to
		}
		if dotted {
			p += "." + task
		}
		return p
	}
	c := k.best.Clone()
	each(c, func(s *scenario.Step) {
		s.Client, s.Who = renamed(s.Client), renamed(s.Who)
	})
	for i := range c.Switches {
		c.Switches[i].Task, c.Switches[i].Next = renamed(c.Switches[i].Task), renamed(c.Switches[i].Next)
	}
	for i := range c.Faults {
		c.Faults[i].Process = renamed(c.Faults[i].Process)
	}
	k.try(c)
}
