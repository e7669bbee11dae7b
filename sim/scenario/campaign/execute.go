package campaign

import (
	"fmt"
	"math/bits"
	"time"

	"github.com/holdfast-lock/holdfast/linearize"
	"github.com/holdfast-lock/holdfast/sim"
	"github.com/holdfast-lock/holdfast/sim/scenario"
	"github.com/holdfast-lock/holdfast/sim/scenario/property"
)

// undecidedAfter is how long the check of a history may take. That of a schedule has some dozen calls, and takes far less than a millisecond.
const undecidedAfter = 2 * time.Second

// notLinearizable is the finding of a history that no lock can have. Where the properties saw nothing, they are wrong.
const notLinearizable = "linearizability"

var factNames = (property.AllFacts() | property.PeerFacts()).Names()

// executor runs schedules, one after the other. It keeps the room of the last one for the next.
type executor struct {
	*Options
	runner   scenario.Runner
	strategy sim.Strategy
	scenario *scenario.Scenario
	program  *scenario.Program
	part     Report // of what was run since it was last taken
	facts    [32]uint64
	most     int // calls of a run; 0: what the scenario needs
}

func newExecutor(o *Options) *executor { return &executor{Options: o} }

func (x *executor) close() { x.runner.Close() }

// load makes the scenario of a plan.
func (x *executor) load(plan uint64) error {
	return x.use(Generate(plan*plans, x.Profile))
}

// use takes a scenario for the next schedules.
func (x *executor) use(s *scenario.Scenario) (err error) {
	x.scenario = s
	if x.program, err = scenario.Compile(s); err != nil {
		return fmt.Errorf("the plan of seed %d cannot be run: %w", s.Seed, err)
	}
	x.strategy = nil
	if s.Strategy != "" {
		x.strategy, err = sim.ParseStrategy(s.Strategy)
	}
	return err
}

// seed runs the schedule of a seed.
func (x *executor) seed(seed uint64) *Finding { return x.schedule(seed, seed) }

// schedule runs a schedule, and looks again at some of them, by their number.
func (x *executor) schedule(seed, number uint64) *Finding {
	every := func(n int) bool { return n > 0 && number%uint64(n) == uint64(n)-1 }
	history := every(x.Histories)
	r := x.runner.Run(x.program, scenario.RunOptions{Seed: seed, Strategy: x.strategy, Engine: x.Engine, History: history, Until: x.bound()})
	x.part.Schedules++
	x.part.Operations += uint64(r.Steps)
	x.part.Virtual += r.Time
	x.part.Last = max(x.part.Last, seed)
	x.part.Hash.add(seed, &r)
	for seen := r.Seen; seen != 0; seen &= seen - 1 {
		x.facts[bits.TrailingZeros32(uint32(seen))]++
	}
	f := x.finding(seed, &r)
	if f == nil && history {
		f = x.linearizable(seed, &r)
	}
	if f == nil && every(x.Repeats) {
		f = x.again(seed, &r)
	}
	return f
}

// endless bounds the calls of a run in which nobody has to be let run in time: whoever polls may do so for ever.
const endless = 100000

func (x *executor) bound() int {
	if x.most > 0 {
		return x.most
	}
	if x.scenario.Slack < 0 {
		return endless
	}
	return 0
}

// finding returns what was found in a run.
func (x *executor) finding(seed uint64, r *scenario.Result) *Finding {
	if r.Finding == nil {
		return nil
	}
	return x.newFinding(seed, r, r.Finding.Property, r.Finding.Message)
}

func (x *executor) newFinding(seed uint64, r *scenario.Result, property, message string) *Finding {
	s := x.scenario.Clone()
	s.Seed = seed
	f := &Finding{Property: property, Message: message, Seed: seed, Step: r.Steps, Time: r.Time, Hash: Hash(r.Hash), Scenario: s.String()}
	if r.Finding != nil {
		f.Step, f.Time = r.Finding.Step, r.Finding.Time
	}
	return f
}

// linearizable asks the checker that knows only what the clients saw.
func (x *executor) linearizable(seed uint64, r *scenario.Result) *Finding {
	for _, h := range r.Histories {
		x.part.Checked++
		switch c := linearize.Check(h, undecidedAfter); c.Verdict {
		case linearize.NotLinearizable:
			return x.newFinding(seed, r, notLinearizable, c.Evidence)
		case linearize.Undecided:
			x.part.Undecided++
		}
	}
	return nil
}

// again runs a schedule in which nothing was found on the other engine, in a world of its own.
func (x *executor) again(seed uint64, first *scenario.Result) *Finding {
	x.part.Repeated++
	s, err := sim.ParseStrategy(x.scenario.Strategy)
	if err != nil {
		return x.newFinding(seed, first, "P19", err.Error())
	}
	r := new(scenario.Runner).Run(x.program, scenario.RunOptions{Seed: seed, Strategy: s, Engine: otherEngine(x.Engine), Until: x.bound()})
	if r.Hash == first.Hash && r.Steps == first.Steps && r.Time == first.Time && r.Seen == first.Seen && r.Finding == nil {
		return nil
	}
	message := fmt.Sprintf("the run has %d calls, takes %v and has the hash %016x; on the other engine %d, %v and %016x", first.Steps, first.Time, first.Hash, r.Steps, r.Time, r.Hash)
	if r.Finding != nil {
		message += ", and " + r.Finding.Error()
	}
	return x.newFinding(seed, first, "P19", message)
}
