package bench

import (
	"fmt"
	"time"

	"github.com/holdfast-lock/holdfast/bench/contend"
)

// promise is what is claimed of a kind that has a marker. Of any kind it is that waiters take turns, and cost nothing while nothing happens.
type promise struct {
	kind    string
	handOff float64 // of the native lock's at most; 0 if nothing is claimed
	poll    float64 // times quicker than a poll at least; 0 if nothing is claimed
	calls   float64 // of those that cannot be avoided at most
}

var promises = []promise{
	{"soft", 3, 20, 2},
	{"lease", 3, 20, 2},
	{"strict", 0, 0, 3},
}

const (
	fairEnough    = 0.95
	soonTakenOver = 50 * time.Millisecond // median, from the kill on
	idleCPU       = 0.1                   // percent of a processor
)

func kindClaims(r *Report) []Claim {
	var list []Claim
	for _, p := range promises {
		for _, c := range p.claims(r) {
			c.What = p.kind + ": " + c.What
			list = append(list, c)
		}
	}
	if native, ok := find(r.Idle, holdfastName, whatever); ok {
		c := idleClaim(native)
		c.What = Native + ": " + c.What
		list = append(list, c)
	}
	return list
}

func (p promise) claims(r *Report) []Claim {
	name := nameOf(p.kind)
	var list []Claim
	if c, ok := find(r.Calls, name, whatever); ok {
		list = append(list, Claim{What: fmt.Sprintf("calls per free acquire and release, of the %d at least", c.Least), Unit: "×", Limit: p.calls, Measured: c.Each / float64(c.Least)})
	}
	ours, ok := find(r.Turns, name, whatever)
	if native, too := find(r.Turns, holdfastName, whatever); ok && too && p.handOff > 0 {
		list = append(list, Claim{What: "median hand-off in turns, of native", Unit: "×", Limit: p.handOff, Measured: ratio(ours.Median, native.Median)})
	}
	if polled, too := find(r.Turns, markerPollName, whatever); ok && too && p.poll > 0 {
		list = append(list, Claim{What: "quicker in turns than " + markerPollName, Unit: "×", Limit: p.poll, AtLeast: true, Measured: ratio(polled.Median, ours.Median)})
	}
	list = append(list, p.contended(r, name)...)
	if t, ok := find(r.Takeover, name, func(t Takeover) bool { return !t.Endures }); ok {
		list = append(list, Claim{What: "takeover from a killed holder, median", Unit: "ms", Limit: ms(soonTakenOver), Measured: ms(orNever(t.Time))})
	}
	if i, ok := find(r.Idle, name, whatever); ok {
		list = append(list, idleClaim(i))
	}
	return list
}

func (p promise) contended(r *Report, name string) []Claim {
	var list []Claim
	for _, row := range r.HandOff {
		ours := row.Result
		if row.Lock != name || ours.Processes < 8 {
			continue
		}
		at := func(what string) string { return fmt.Sprintf("%d processes: %s", ours.Processes, what) }
		native, ok := find(r.HandOff, holdfastName, func(f contend.Figures) bool { return f.Processes == ours.Processes })
		if ok && p.handOff > 0 {
			list = append(list, Claim{What: at("median hand-off, of native"), Unit: "×", Limit: p.handOff, Measured: ratio(ours.HandOff.Median, native.HandOff.Median)})
		}
		list = append(list,
			Claim{What: at("fairness (Jain)"), Limit: fairEnough, AtLeast: true, Measured: ours.Jain},
			Claim{What: at("starved"), Limit: 0, Measured: float64(ours.Starved)})
	}
	return list
}

func idleClaim(i Idle) Claim {
	return Claim{What: fmt.Sprintf("CPU of each of %d idle waiters", i.Waiters), Unit: "%", Limit: idleCPU, Measured: i.CPU}
}

// orNever is the median, and the longest time that could have been measured if nobody ever took over.
func orNever(q contend.Quantiles) time.Duration {
	if q.Count == 0 {
		return patience
	}
	return q.Median
}
