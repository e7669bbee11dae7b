package sim_test

import (
	"context"
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/sim"
	"github.com/holdfast-lock/holdfast/sim/disk"
)

// each runs processes in every schedule with at most bound preemptions, and returns how many there were.
func each(t *testing.T, bound, processes int, body func(p *sim.Process, w *sim.World), after func(*sim.World, error)) int {
	t.Helper()
	e := &sim.Exhaustive{Bound: bound}
	for e.Next() {
		w := sim.New(sim.Config{Strategy: e, Slack: -1, Steps: 2000})
		m := w.NewMachine("m", sim.Clock{}, disk.New(disk.Options{}))
		for i := range processes {
			m.Start(string(rune('a'+i)), func(p *sim.Process) { body(p, w) })
		}
		after(w, w.Run())
		if e.Schedules() > 1_000_000 {
			t.Fatalf("%d processes, %d preemptions: there is no end", processes, bound)
		}
	}
	if err := e.Err(); err != nil {
		t.Fatal(err)
	}
	return e.Schedules()
}

// TestExhaustiveMakesEverySchedule: two tasks of n pieces each, of which both go on but at the end, have 2·C(n-1, ⌈r/2⌉-1)·C(n-1, ⌊r/2⌋-1) schedules of r runs, and r-2 preemptions in each.
func TestExhaustiveMakesEverySchedule(t *testing.T) {
	for calls := range 5 {
		pieces := int64(calls + 1)
		want := 0
		for bound := range 2 * calls {
			runs := int64(bound + 2)
			one := new(big.Int).Binomial(pieces-1, (runs+1)/2-1)
			other := new(big.Int).Binomial(pieces-1, runs/2-1)
			want += 2 * int(one.Int64()*other.Int64())
			hashes := make(map[uint64]bool)
			got := each(t, bound, 2, func(p *sim.Process, _ *sim.World) {
				for range calls {
					p.Now()
				}
			}, func(w *sim.World, err error) {
				if err != nil {
					t.Fatal(err)
				}
				hashes[w.Hash()] = true
			})
			if got != want {
				t.Errorf("2 tasks of %d calls, %d preemptions: %d schedules, want %d", calls, bound, got, want)
			}
			if len(hashes) > got {
				t.Errorf("%d runs of %d schedules", len(hashes), got)
			}
		}
	}
	// Three tasks of two pieces each, without a bound: 6!/(2!·2!·2!).
	if got := each(t, 10, 3, func(p *sim.Process, _ *sim.World) { p.Now() }, func(*sim.World, error) {}); got != 90 {
		t.Errorf("3 tasks of a call: %d schedules, want 90", got)
	}
}

// TestExhaustiveFindsEveryOutcome: two tasks count up three times each, without a lock. One that is interrupted once undoes all that the other did meanwhile; 2 is left if the last count of one began
// after the first of the other, and ends last: four interruptions.
func TestExhaustiveFindsEveryOutcome(t *testing.T) {
	for bound, want := range [][]int{{6}, {3, 6}, {3, 4, 5, 6}, {3, 4, 5, 6}, {2, 3, 4, 5, 6}} {
		var outcomes []int
		n := 0
		each(t, bound, 2, func(p *sim.Process, _ *sim.World) {
			for range 3 {
				p.Now()
				read := n
				p.Now()
				n = read + 1
			}
		}, func(_ *sim.World, err error) {
			if err != nil {
				t.Fatal(err)
			}
			outcomes = append(outcomes, n)
			n = 0
		})
		slices.Sort(outcomes)
		if got := slices.Compact(outcomes); !slices.Equal(got, want) {
			t.Errorf("%d preemptions: outcomes %d, want %d", bound, got, want)
		}
	}
}

// TestExhaustiveFindsTheToys: with two preemptions all that need no more, and with one none of these.
func TestExhaustiveFindsTheToys(t *testing.T) {
	for _, y := range []toy{toyA, toyC, toyD} {
		for bound, finds := range []bool{false, false, true} {
			found := false
			e := &sim.Exhaustive{Bound: bound}
			for e.Next() && !found {
				_, err := y.play(sim.Config{Strategy: e})
				found = errors.Is(err, errOverlap)
				if err != nil && !found {
					t.Fatal(err)
				}
			}
			if found != finds {
				t.Errorf("%s, %d preemptions: found %t in %d schedules", y.name, bound, found, e.Schedules())
			}
		}
	}
}

// TestPollersHaveAnEnd: who polls until another process has done something does not make the schedules endless.
func TestPollersHaveAnEnd(t *testing.T) {
	for bound := range 3 {
		done := false
		n := each(t, bound, 3, func(p *sim.Process, _ *sim.World) {
			if p.Name() == "a" {
				p.Now()
				p.Work(5 * time.Millisecond)
				done = true
				return
			}
			for !done {
				p.Sleep(context.Background(), time.Millisecond)
			}
		}, func(_ *sim.World, err error) {
			if err != nil {
				t.Fatal(err)
			}
			done = false
		})
		t.Logf("%d preemptions: %d schedules", bound, n)
	}
}

// TestExhaustiveSeesAProgramThatDependsOnMore than on its schedule.
func TestExhaustiveSeesAProgramThatDependsOnMore(t *testing.T) {
	e := &sim.Exhaustive{Bound: 1}
	for e.Next() && e.Schedules() < 100 {
		w := sim.New(sim.Config{Strategy: e, Slack: -1})
		m := w.NewMachine("m", sim.Clock{}, disk.New(disk.Options{}))
		for range 2 + e.Schedules() {
			m.Start("a", func(p *sim.Process) { p.Now() })
		}
		if err := w.Run(); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Err(); err == nil || !strings.Contains(err.Error(), "schedule 2: decision 0") {
		t.Errorf("every run has one more process, and the error is %v", err)
	}
}

func TestExhaustiveRefusesMoreTasksThanItCanTell(t *testing.T) {
	for processes, refused := range map[int]bool{64: false, 65: true} {
		e := new(sim.Exhaustive)
		e.Next()
		w := sim.New(sim.Config{Strategy: e, Slack: -1})
		m := w.NewMachine("m", sim.Clock{}, disk.New(disk.Options{}))
		for range processes {
			m.Start("a", func(p *sim.Process) { p.Now() })
		}
		if err := w.Run(); err != nil || (e.Err() != nil) != refused {
			t.Errorf("%d processes: %v, %v", processes, err, e.Err())
		}
	}
}
