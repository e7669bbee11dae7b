package verify

import (
	"slices"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/bench/contend"
)

func TestSeedDrawsThePlan(t *testing.T) {
	o := Options{Processes: 8, For: time.Second, Kills: 5, Stops: 4, Seed: 1}
	first := plan(o)
	if !slices.Equal(first, plan(o)) {
		t.Error("the same seed draws another plan")
	}
	o.Seed = 2
	if slices.Equal(first, plan(o)) {
		t.Error("another seed draws the same plan")
	}
}

func TestPlanLeavesHalfOfTheProcessesAlone(t *testing.T) {
	for seed := range uint64(100) {
		o := Options{Processes: 2 + int(seed%7), For: time.Second, Kills: 5, Stops: 4, Seed: seed}
		met := make(map[contend.FaultKind]map[where]int)
		for _, what := range []contend.FaultKind{contend.Killed, contend.Stopped} {
			met[what] = make(map[where]int)
		}
		last := time.Duration(0)
		for _, p := range plan(o) {
			met[p.what][p.whom]++
			if p.place < 0 || p.place >= o.Processes/2 {
				t.Errorf("seed %d: place %d of %d", seed, p.place, o.Processes)
			}
			if p.at < last || p.at >= o.For || p.last < shortestStop || p.last > longestStop {
				t.Errorf("seed %d: at %v for %v, after %v", seed, p.at, p.last, last)
			}
			last = p.at
		}
		if k, s := met[contend.Killed], met[contend.Stopped]; k[inside] != 3 || k[waiting] != 2 || s[inside] != 2 || s[waiting] != 2 {
			t.Errorf("seed %d: %v", seed, met)
		}
	}
	if all := plan(Options{Processes: 2, For: time.Second}); len(all) != 0 {
		t.Errorf("nothing was to be done: %v", all)
	}
}
