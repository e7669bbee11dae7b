package bench

import (
	"strings"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/bench/contend"
)

// good is a report in which every claim holds.
func good() *Report {
	figures := func(jain float64, starved int, wait, handOff, cpu time.Duration) contend.Figures {
		return contend.Figures{Processes: 8, Jain: jain, Starved: starved, CPU: cpu,
			Wait: contend.Quantiles{Max: wait}, HandOff: contend.Quantiles{Median: handOff}}
	}
	const ms, us = time.Millisecond, time.Microsecond
	return &Report{
		Hold:        ms,
		Uncontended: []Row[Solo]{{holdfastName, Solo{Each: 600, Allocs: 1}}, {gofrsName, Solo{Each: 1000}}, {rawSafeName, Solo{Each: 400}}},
		Reentrant:   []Row[Solo]{{holdfastName, Solo{Each: 90}}},
		HandOff: []Row[contend.Figures]{
			{holdfastName, figures(0.99, 0, 16*ms, 26*us, 100*us)},
			{rawName, figures(1, 0, ms, 20*us, 10*us)}, // the system calls are no peer
			{rawFairName, figures(1, 0, ms, 20*us, 100*us)},
			{gofrsName, figures(0.5, 1, 17*ms, 10*us, 100*us)},
		},
		Goroutines:   []Row[Crowd]{{holdfastName, Crowd{Goroutines: 1000, Threads: 4}}},
		Disturbance:  []Row[Disturbance]{{holdfastName, Disturbance{contend.Quantiles{Max: 10 * ms}, contend.Quantiles{Max: 10 * ms}}}},
		Cancellation: []Row[Cancellation]{{holdfastName, Cancellation{Waiters: 1000, Return: contend.Quantiles{Median: ms}, Threads: 4}}},
	}
}

func TestClaimsHoldUpToTheirLimits(t *testing.T) {
	all := claims(good())
	if len(all) != 16 {
		t.Errorf("%d claims: %v", len(all), all)
	}
	for _, c := range all {
		if !c.Holds() {
			t.Errorf("%+v does not hold", c)
		}
	}
}

func TestClaimThatIsNotMetDoesNotHold(t *testing.T) {
	for what, spoil := range map[string]func(*Report){
		"allocations":                    func(r *Report) { r.Uncontended[0].Result.Allocs = 1.1 },
		"of " + gofrsName:                func(r *Report) { r.Uncontended[1].Result.Each = 900 },
		"of " + rawSafeName:              func(r *Report) { r.Uncontended[2].Result.Each = 300 },
		"reentrant":                      func(r *Report) { r.Reentrant[0].Result.Each = 101 },
		"median hand-off":                func(r *Report) { r.HandOff[0].Result.HandOff.Median *= 2 },
		"fairness":                       func(r *Report) { r.HandOff[0].Result.Jain = 0.98 },
		"starved":                        func(r *Report) { r.HandOff[0].Result.Starved = 1 },
		"longest wait, of":               func(r *Report) { r.HandOff[0].Result.Wait.Max++ },
		"acquisition, of " + gofrsName:   func(r *Report) { r.HandOff[3].Result.CPU-- },
		"acquisition, of " + rawFairName: func(r *Report) { r.HandOff[2].Result.CPU-- },
		"peers that are fairer":          func(r *Report) { r.HandOff[3].Result.Jain = 1 },
		"starve fewer":                   func(r *Report) { r.HandOff[0].Result.Starved, r.HandOff[3].Result.Starved = 2, 1 },
		"shorter longest wait":           func(r *Report) { r.HandOff[3].Result.Wait.Max = 15 * time.Millisecond },
		"waiting goroutines":             func(r *Report) { r.Goroutines[0].Result.Threads = 5 },
		"stopped":                        func(r *Report) { r.Disturbance[0].Result.Stopped.Max++ },
		"killed":                         func(r *Report) { r.Disturbance[0].Result.Killed.Max++ },
		"return of 1000":                 func(r *Report) { r.Cancellation[0].Result.Return.Median++ },
		"1000 canceled waiters":          func(r *Report) { r.Cancellation[0].Result.Threads = 5 },
	} {
		r := good()
		spoil(r)
		failed := false
		for _, c := range claims(r) {
			failed = failed || strings.Contains(c.What, what) && !c.Holds()
		}
		if !failed {
			t.Errorf("%s: the claim holds although it is not met", what)
		}
	}
}

func TestWhatWasNotMeasuredIsNotClaimed(t *testing.T) {
	if all := claims(&Report{}); len(all) != 0 {
		t.Errorf("claims of an empty report: %v", all)
	}
}

func TestNothingIsComparedWithNothing(t *testing.T) {
	r := good()
	r.HandOff[1].Result.HandOff.Median = 0 // nobody handed it on in a short round
	if all := claims(r); len(all) != 15 {
		t.Errorf("%d claims, want all but one: %v", len(all), all)
	}
}

func TestOverlapsOfTheOwnLockCount(t *testing.T) {
	r := good()
	r.HandOff[3].Result.Overlaps = 5 // a peer's
	if n := r.Overlaps(); n != 0 {
		t.Errorf("%d overlaps, want 0", n)
	}
	r.HandOff[0].Result.Overlaps, r.Goroutines[0].Result.Overlaps = 1, 2
	if n := r.Overlaps(); n != 3 {
		t.Errorf("%d overlaps, want 3", n)
	}
}
