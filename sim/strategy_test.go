package sim_test

import (
	"strings"
	"testing"

	"github.com/holdfast-lock/holdfast/sim"
)

func parse(t testing.TB, text string) sim.Strategy {
	t.Helper()
	s, err := sim.ParseStrategy(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestStrategiesFindWhatTheyAreFor: with seeds that are not theirs to choose, each finds the mistakes of its kind in some schedules.
func TestStrategiesFindWhatTheyAreFor(t *testing.T) {
	for _, row := range []struct {
		strategy string
		toy      toy
		within   int // schedules, in each of the tries
	}{
		{"random", toyA, 100}, {"random", toyC, 20}, {"random", toyD, 100},
		{"sticky odds=4", toyA, 300}, {"sticky odds=4", toyC, 20}, {"sticky odds=8", toyE8, 1500},
		{"pct length=18", toyA, 300}, {"pct length=34", toyC, 300}, {"pct length=17", toyD, 300},
		{"pct depth=5 length=141", toyE8, 500}, {"pct depth=5 length=213", toyE16, 1000},
		{"pos", toyA, 200}, {"pos", toyC, 50}, {"pos", toyD, 100}, {"pos", toyE8, 1500},
		{"portfolio length=50", toyA, 300}, {"portfolio length=50", toyC, 50}, {"portfolio length=50", toyD, 300}, {"portfolio length=200", toyE8, 1500},
	} {
		s := parse(t, row.strategy)
		for try := range uint64(5) {
			if n := row.toy.found(t, s, 1_000_000*try, row.within); n == 0 {
				t.Errorf("%s does not find in %d schedules from seed %d: %s", row.strategy, row.within, 1_000_000*try, row.toy.name)
			}
		}
	}
}

// TestStallIsBeyondARandomWalk: this is why there are other strategies, and shows that the toy is no easy one.
func TestStallIsBeyondARandomWalk(t *testing.T) {
	if n := toyE16.found(t, new(sim.Random), 0, 1500); n != 0 {
		t.Errorf("found after %d schedules", n)
	}
	if n := toyA.found(t, &sim.PCT{Depth: 2, Length: 18}, 0, 1500); n != 0 {
		t.Errorf("a bug that needs three orderings was found after %d schedules with two", n)
	}
}

func TestNamesOfStrategies(t *testing.T) {
	for _, text := range []string{"first", "random", "sticky", "sticky odds=4", "pct", "pct depth=5", "pct length=90", "pct depth=4 length=500", "pos", "portfolio", "portfolio length=12",
		"exhaustive", "exhaustive bound=3"} {
		s := parse(t, text)
		s.Begin(1) // what a run changes must not show
		if got := s.(interface{ String() string }).String(); got != text {
			t.Errorf("%q is printed as %q", text, got)
		}
	}
	for text, want := range map[string]string{
		"":                   "no strategy given",
		"dfs":                `"dfs": not known`,
		"pct width=3":        `no parameter is called "width", want depth=N or length=N`,
		"random seed=3":      "want none",
		"pct depth=0":        `depth is "0", want a number from 1 on`,
		"pct depth=99999999": `depth is "99999999", want a number from 1 to 1000`,
		"pct depth":          `depth is ""`,
		"sticky odds=many":   `odds is "many"`,
	} {
		if _, err := sim.ParseStrategy(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got error %v, want %q", text, err, want)
		}
	}
	for _, name := range sim.StrategyNames() {
		parse(t, name)
	}
}

// TestPortfolioTakesEachKind, and Chosen says which.
func TestPortfolioTakesEachKind(t *testing.T) {
	p := new(sim.Portfolio)
	taken := make(map[string]int)
	for seed := range uint64(1000) {
		p.Begin(seed)
		name, _, _ := strings.Cut(p.Chosen().(interface{ String() string }).String(), " ")
		taken[name]++
	}
	for name, want := range map[string]int{"pct": 400, "pos": 300, "random": 200, "sticky": 100} {
		if n := taken[name]; n < want-50 || n > want+50 {
			t.Errorf("%s in %d of 1000 runs, want about %d", name, n, want)
		}
	}
}

// TestReplayOfAnyStrategy: what a strategy decided is all that a run depends on.
func TestReplayOfAnyStrategy(t *testing.T) {
	for _, name := range sim.StrategyNames() {
		for _, y := range []toy{toyA, toyC, toyD, toyE8} {
			for seed := range uint64(50) {
				s := parse(t, name)
				if e, ok := s.(*sim.Exhaustive); ok {
					e.Bound = 2
					for range seed + 1 {
						e.Next()
					}
				}
				a, errA := y.play(sim.Config{Seed: seed, Strategy: s, Record: true})
				b, errB := y.play(sim.Config{Seed: seed, Strategy: &sim.Replay{Deviations: a.Schedule()}, Record: true})
				if a.Hash() != b.Hash() || a.Steps() != b.Steps() || (errA == nil) != (errB == nil) {
					t.Fatalf("%s, seed %d, %s: %d steps to %x (%v), replayed %d to %x (%v)\n%v\n%v", name, seed, y.name, a.Steps(), a.Hash(), errA, b.Steps(), b.Hash(), errB, a.Schedule(), b.Schedule())
				}
			}
		}
	}
}
