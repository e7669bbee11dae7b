package campaign

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/holdfast-lock/holdfast/sim"
	"github.com/holdfast-lock/holdfast/sim/disk"
	"github.com/holdfast-lock/holdfast/sim/scenario"
)

// smallSlack lets a process be held up for as long as the others need for all that they do, but not for so long that the looks which a waiter takes from time to time get in between: they would multiply the schedules.
const smallSlack = 10 * time.Millisecond

// heldFor is how long each hold lasts. It takes a call, so that others can run while the lock is held: without one, nobody could be seen inside.
const heldFor = time.Microsecond

// smallNeeds are the features that a small scenario can have.
const smallNeeds = Fencing | Lifetime | Tasks | Strangers | Shared | Singletons

// Smaller returns the profile of a small scenario, in which nothing is left open: it has 2 processes and 1 cycle where p says nothing. It is an error if p asks for what no small scenario has.
func (p Profile) Smaller() (Profile, error) {
	if err := p.Check(); err != nil {
		return p, err
	}
	p.FS, p.Processes, p.Cycles = cmp.Or(p.FS, "posix"), cmp.Or(p.Processes, 2), cmp.Or(p.Cycles, 1)
	if rest := p.Needs &^ smallNeeds; rest != 0 {
		return p, fmt.Errorf("%s cannot go on where every schedule is run: write some of %s", rest, smallNeeds)
	}
	if p.Only || p.Slack != "" || p.Strategy != "" {
		return p, errors.New("where every schedule is run, who is held up for how long, and what goes on besides, is not chosen")
	}
	return p, nil
}

// Small returns a scenario of which every schedule can be run: each process acquires one lock, works and releases it so many times, with the features of the lock that the profile needs. What
// it leaves open is as [Profile.Smaller] has it.
func Small(p Profile) *scenario.Scenario {
	processes, cycles := cmp.Or(p.Processes, 2), cmp.Or(p.Cycles, 1)
	k := scenario.Lock{Name: "k", Kind: p.lockKind(), Path: scenario.WorkDir + "/k.lock", Fencing: p.Needs.Has(Fencing), Shared: p.Needs.Has(Shared), Singleton: p.Needs.Has(Singletons)}
	if p.Needs.Has(Lifetime) {
		k.Lifetime = time.Minute
	}
	s := &scenario.Scenario{Slack: smallSlack, Locks: []scenario.Lock{k}}
	if p.FS == "tmpfs" {
		s.Disk.Kind = disk.Tmpfs
	}
	block := scenario.Step{Verb: scenario.VerbConcurrently}
	for i := range processes {
		tasks := []string{string(rune('a' + i))}
		if p.Needs.Has(Tasks) {
			tasks = append(tasks, tasks[0]+".1")
		}
		for _, client := range tasks {
			for range cycles {
				block.Block = append(block.Block,
					scenario.Step{Client: client, Verb: scenario.VerbLock, Lock: "k"},
					scenario.Step{Client: client, Verb: scenario.VerbWork, For: heldFor},
					scenario.Step{Client: client, Verb: scenario.VerbUnlock, Lock: "k"})
			}
		}
	}
	if p.Needs.Has(Strangers) {
		block.Block = append(block.Block, scenario.Step{Client: "stranger", Verb: scenario.VerbRename, Path: k.Path, To: k.Path + "-away"})
	}
	s.Steps = []scenario.Step{block}
	return s
}

// spins is how many calls a run of a small scenario may make, for each call that one in turn makes. Whoever polls can be let run for ever.
const spins = 20

// Exhaust runs every schedule of a scenario that has no more preemptions than bound, until there is a finding, the time is up, or ctx ends: then the result is incomplete. It is an error if they
// cannot all be made: more tasks can run at once than the search can tell apart, or a run begins like the one before and goes on otherwise. Its own switches or strategy do not count.
func Exhaust(ctx context.Context, s *scenario.Scenario, bound int, o Options) (r *Report, complete bool, err error) {
	s = s.Clone()
	s.Strategy, s.Switches = "", nil
	e := newExplorer(o)
	e.total.Profile = fmt.Sprintf("exhaustive, %d preemptions, %v", bound, &o.Profile)
	e.total.Bound = &bound
	ctx, stop := o.limited(ctx)
	defer stop()
	x := newExecutor(&Options{Engine: o.Engine, Histories: e.Histories, Repeats: -1})
	defer x.close()
	if err := x.use(s); err != nil {
		return nil, false, err
	}
	inTurn := x.runner.Run(x.program, scenario.RunOptions{Seed: s.Seed, Engine: o.Engine})
	x.most = spins * inTurn.Steps
	search := &sim.Exhaustive{Bound: bound}
	x.strategy = &visible{Exhaustive: search}
	told := time.Now()
	for search.Next() {
		if f := x.schedule(s.Seed, uint64(search.Schedules())); f != nil {
			e.take(x)
			e.total.Findings = []*Finding{f}
			return e.report(), false, nil
		}
		if search.Schedules()%1024 != 0 {
			continue
		}
		if ctx.Err() != nil {
			e.take(x)
			e.total.Ended = ending(ctx)
			return e.report(), false, nil
		}
		if o.Progress != nil && time.Since(told) > time.Second {
			told = time.Now()
			e.take(x)
			o.Progress(e.report())
		}
	}
	e.take(x)
	if err := search.Err(); err != nil {
		return nil, false, fmt.Errorf("not every schedule with at most %d preemptions can be made: %w", bound, err)
	}
	return e.report(), true, nil
}

// visible leaves out schedules that differ in nothing that any process can notice: a call of which others know nothing is made as soon as it can be, and when the clients have done what they had to,
// their locks are closed one after the other.
type visible struct {
	*sim.Exhaustive
	open    bool // who runs next is a free choice still, although a task that was let go on has run since
	closing bool
}

// private are the calls about which processes know nothing of each other.
var private = [...]sim.Op{sim.OpStart, sim.OpCanonical, sim.OpStat, sim.OpVolume, sim.OpNow, sim.OpMonotonic, sim.OpUptime, sim.OpTimer, sim.OpStopTimer, sim.OpGo, sim.OpCancel, sim.OpSet, sim.OpWait}

// Begin implements [sim.Strategy].
func (v *visible) Begin(seed uint64) {
	v.open, v.closing = false, false
	v.Exhaustive.Begin(seed)
}

// Pick implements [sim.Strategy].
func (v *visible) Pick(enabled []*sim.Task, current *sim.Task) *sim.Task {
	goesOn := false
	for _, t := range enabled {
		goesOn = goesOn || t == current && t.Op() != sim.OpSleep && t.Op() != sim.OpYield
		v.closing = v.closing || t.Process().Name() == "world" && t.Op() == sim.OpSet // the conductor has the processes close their locks
	}
	switch {
	case v.closing:
		return sim.First{}.Pick(enabled, current)
	case goesOn && hidden(enabled, current):
		return current
	case goesOn && !v.open:
		return v.Exhaustive.Pick(enabled, current)
	}
	for _, t := range enabled {
		if hidden(enabled, t) {
			v.open = true
			return t
		}
	}
	v.open = false
	return v.Exhaustive.Pick(enabled, nil)
}

// hidden reports whether nobody can notice the next call of a task, or that it works on. Tasks of one process tell each other what others cannot hear.
func hidden(enabled []*sim.Task, t *sim.Task) bool {
	if !slices.Contains(private[:], t.Op()) && (t.Op() != sim.OpWork || !t.Pauses()) {
		return false
	}
	for _, other := range enabled {
		if other != t && other.Process() == t.Process() {
			return false
		}
	}
	return true
}
