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
			{"holdfast soft", figures(0.995, 0, ms, 78*us, 10*us)}, // another kind is no peer
		},
		Goroutines:  []Row[Crowd]{{holdfastName, Crowd{Goroutines: 1000, Threads: 4}}},
		Disturbance: []Row[Disturbance]{{holdfastName, Disturbance{contend.Quantiles{Max: 10 * ms}, contend.Quantiles{Max: 10 * ms}}}},
		Calls:       []Row[Calls]{{"holdfast soft", Calls{Each: 16, Least: 8}}, {"holdfast strict", Calls{Each: 24, Least: 8}}},
		Turns:       []Row[contend.Quantiles]{{holdfastName, contend.Quantiles{Median: us}}, {"holdfast soft", contend.Quantiles{Median: 3 * us}}, {markerPollName, contend.Quantiles{Median: 60 * us}}},
		Takeover: []Row[Takeover]{{holdfastName, Takeover{}}, {"holdfast soft", Takeover{Time: contend.Quantiles{Count: 1, Median: 50 * ms}}},
			{"holdfast strict", Takeover{Endures: true}}},
		Idle:         []Row[Idle]{{holdfastName, Idle{8, 0.1}}, {"holdfast soft", Idle{8, 0.1}}, {markerPollName, Idle{8, 1}}},
		Cancellation: []Row[Cancellation]{{holdfastName, Cancellation{Waiters: 1000, Return: contend.Quantiles{Median: ms}, Threads: 4}}},
	}
}

func TestClaimsHoldUpToTheirLimits(t *testing.T) {
	all := claims(good())
	if len(all) != 26 {
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
		"soft: calls":                    func(r *Report) { r.Calls[0].Result.Each = 16.1 },
		"strict: calls":                  func(r *Report) { r.Calls[1].Result.Each = 24.1 },
		"soft: median hand-off in turns": func(r *Report) { r.Turns[1].Result.Median++ },
		"soft: quicker in turns":         func(r *Report) { r.Turns[2].Result.Median -= time.Microsecond },
		"soft: 8 processes: median":      func(r *Report) { r.HandOff[4].Result.HandOff.Median++ },
		"soft: 8 processes: fairness":    func(r *Report) { r.HandOff[4].Result.Jain = 0.94 },
		"soft: 8 processes: starved":     func(r *Report) { r.HandOff[4].Result.Starved = 1 },
		"soft: takeover":                 func(r *Report) { r.Takeover[1].Result.Time.Median++ },
		"soft: CPU":                      func(r *Report) { r.Idle[1].Result.CPU = 0.11 },
		"native: CPU":                    func(r *Report) { r.Idle[0].Result.CPU = 0.11 },
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

func TestHolderThatNobodyRelievesIsNoQuickTakeover(t *testing.T) {
	r := good()
	r.Takeover[1].Result.Time = contend.Quantiles{}
	for _, c := range claims(r) {
		if strings.HasPrefix(c.What, "soft: takeover") && !c.Holds() {
			return
		}
	}
	t.Error("the claim holds although nobody took over")
}

func TestNothingIsComparedWithNothing(t *testing.T) {
	r := good()
	r.HandOff[1].Result.HandOff.Median = 0 // nobody handed it on in a short round
	if all := claims(r); len(all) != 25 {
		t.Errorf("%d claims, want all but one: %v", len(all), all)
	}
}

func TestOverlapsOfTheOwnLocksCount(t *testing.T) {
	r := good()
	r.HandOff[3].Result.Overlaps = 5 // a peer's
	if n := r.Overlaps(); n != 0 {
		t.Errorf("%d overlaps, want 0", n)
	}
	r.HandOff[0].Result.Overlaps, r.HandOff[4].Result.Overlaps, r.Goroutines[0].Result.Overlaps = 1, 3, 2
	if n := r.Overlaps(); n != 6 {
		t.Errorf("%d overlaps, want 6", n)
	}
}
