package campaign

import (
	"fmt"
	"math/bits"

	"github.com/holdfast-lock/holdfast/linearize"
	"github.com/holdfast-lock/holdfast/sim"
	"github.com/holdfast-lock/holdfast/sim/scenario"
	"github.com/holdfast-lock/holdfast/sim/scenario/property"
)

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
	o := scenario.RunOptions{Seed: seed, Strategy: x.strategy, Engine: x.Engine, Until: x.bound(), Twice: every(x.Repeats)}
	if every(x.Histories) {
		o.History = scenario.HistoryTime
	}
	r := x.runner.Run(x.program, o)
	x.part.Schedules++
	x.part.Operations += uint64(r.Steps)
	x.part.Virtual += r.Time
	x.part.Last = max(x.part.Last, seed)
	x.part.Hash.add(seed, &r)
	for seen := r.Seen; seen != 0; seen &= seen - 1 {
		x.facts[bits.TrailingZeros32(uint32(seen))]++
	}
	x.part.Checked += uint64(len(r.Histories))
	for _, h := range r.Histories {
		if h.Verdict == linearize.Undecided {
			x.part.Undecided++
		}
	}
	if o.Twice && (r.Finding == nil || r.Finding.Property == scenario.NotRepeated) {
		x.part.Repeated++
	}
	return x.finding(seed, &r)
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
	f := r.Finding
	if f == nil {
		return nil
	}
	s := x.scenario.Clone()
	s.Seed = seed
	return &Finding{Property: f.Property, Message: f.Message, Seed: seed, Step: f.Step, Time: f.Time, Hash: Hash(r.Hash), Scenario: s.String()}
}
