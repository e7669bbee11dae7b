package campaign

import (
	"testing"

	"github.com/holdfast-lock/holdfast/sim"
	"github.com/holdfast-lock/holdfast/sim/scenario"
)

// TestStrategyIsToldTheLength of runs, to a factor of 3 for three plans of four, in worlds small and large; but for a length that was asked for.
func TestStrategyIsToldTheLength(t *testing.T) {
	x := newExecutor(&Options{})
	defer x.close()
	for _, profile := range []Profile{{}, {Processes: 2, Only: true}, {Processes: 4, Cycles: 3, Only: true}, {Processes: 8}} {
		x.Profile = profile
		const worlds = 200
		near := 0
		for plan := range uint64(worlds) {
			if err := x.load(plan); err != nil {
				t.Fatal(err)
			}
			decisions := x.runner.Run(x.program, scenario.RunOptions{Seed: plan, Strategy: x.strategy, Until: x.bound()}).Decisions
			if told := x.strategy.(*sim.Portfolio).Length; told <= 3*decisions && decisions <= 3*told {
				near++
			}
		}
		if near < worlds*3/4 {
			t.Errorf("%v: only for %d plans of %d the strategy is told about how many decisions there will be", profile.String(), near, worlds)
		}
	}
	for text, want := range map[string]string{"pct depth=4 length=33": "pct depth=4 length=33", "portfolio length=7": "portfolio length=7", "pos": "pos", "sticky odds=3": "sticky odds=3"} {
		if got := Generate(1, Profile{Strategy: text}).Strategy; got != want {
			t.Errorf("asked for %q, the strategy is %q", text, got)
		}
	}
}
