package campaign

import (
	"cmp"
	"context"
	"strings"
	"testing"

	"github.com/holdfast-lock/holdfast/sim"
	"github.com/holdfast-lock/holdfast/sim/scenario"
)

func TestEverySmallScheduleIsClean(t *testing.T) {
	for _, row := range []struct {
		profile Profile
		bound   int
		atLeast uint64
	}{
		{Profile{Processes: 2, Cycles: 2}, 3, 5000},
		{Profile{Processes: 3}, 3, 5000},
		{Profile{Processes: 2, Needs: Strangers}, 2, 100},
		{Profile{Processes: 1, Needs: Tasks}, 2, 50},
		{Profile{Processes: 2, Needs: Fencing}, 1, 20},
		{Profile{Processes: 2, Needs: Lifetime}, 1, 20},
	} {
		if testing.Short() {
			row.bound, row.atLeast = 1, 1
		}
		r, complete, err := Exhaust(t.Context(), Small(row.profile), row.bound, Options{})
		switch {
		case err != nil:
			t.Fatal(err)
		case len(r.Findings) > 0:
			t.Errorf("%v: %v\n%s", row.profile.String(), r.Findings[0], r.Findings[0].Scenario)
		case !complete || r.Schedules < row.atLeast:
			t.Errorf("%v: complete is %t after %d schedules", row.profile.String(), complete, r.Schedules)
		}
	}
}

// TestEveryScheduleFindsWhatOneHas: a program that locks nothing is found out, and the finding replays.
func TestEveryScheduleFindsWhatOneHas(t *testing.T) {
	s, err := scenario.Parse("flock", []byte(`lock k /data/k.lock
lock forever /data/k.lock

concurrently
	a lock k
	a unlock k
	b lock k
	b lock forever in k try
	b lock k in k -> deadlock
	b unlock k
end
`))
	if err != nil {
		t.Fatal(err)
	}
	r, complete, err := Exhaust(t.Context(), s, 1, Options{})
	if err != nil || complete || len(r.Findings) != 1 {
		t.Fatalf("%v, complete is %t, findings: %v", err, complete, r.Findings)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, complete, err := Exhaust(ctx, Small(Profile{Processes: 3, Cycles: 3}), 5, Options{}); err != nil || complete {
		t.Errorf("complete is %t although it was ended: %v", complete, err)
	}
}

// TestSchedulesThatCannotAllBeMade are an error, and no clean report.
func TestSchedulesThatCannotAllBeMade(t *testing.T) {
	s := Small(Profile{Processes: 65})
	if _, complete, err := Exhaust(t.Context(), s, 0, Options{}); err == nil || complete || !strings.Contains(err.Error(), "65 tasks can run at once") {
		t.Errorf("complete is %t, error is %v", complete, err)
	}
}

// TestSmaller: a search of every schedule says what it was about, and refuses what it leaves out.
func TestSmaller(t *testing.T) {
	p, err := Profile{Needs: Fencing | Tasks}.Smaller()
	if text := p.String(); err != nil || text != "--kind native --fs posix --processes 2 --cycles 1 --needs fencing,tasks" {
		t.Errorf("%s, %v", text, err)
	}
	for _, p := range []Profile{{Needs: Kills}, {Needs: Fencing | Delays}, {Only: true}, {Slack: "1ms"}, {Strategy: "pos"}, {Processes: 9}} {
		if _, err := p.Smaller(); err == nil {
			t.Errorf("%v can be served", p.String())
		}
	}
	one, _, err1 := Exhaust(t.Context(), Small(p), 1, Options{Profile: p})
	other, _, err2 := Exhaust(t.Context(), Small(p), 1, Options{Profile: p, Engine: sim.Channels})
	if err := cmp.Or(err1, err2); err != nil || one.Hash != other.Hash || one.Bound == nil || *one.Bound != 1 {
		t.Errorf("%v: %v on the one engine, %v on the other", err, one, other)
	}
}
