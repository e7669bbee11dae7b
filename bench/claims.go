package bench

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/holdfast-lock/holdfast/bench/contend"
)

// Claim is something that Holdfast says of itself, beside what was measured in this run.
type Claim struct {
	What     string  `json:"what"`
	Unit     string  `json:"unit"` // "×" is a ratio
	Limit    float64 `json:"limit"`
	AtLeast  bool    `json:"at_least"` // the limit is the least that is claimed, and else the most
	Measured float64 `json:"measured"`
}

// Holds reports whether the run bears the claim out.
func (c Claim) Holds() bool {
	if c.AtLeast {
		return c.Measured >= c.Limit
	}
	return c.Measured <= c.Limit
}

// gofrsName is the peer that most Go programs use.
const gofrsName = "gofrs/flock"

// claims compares. What was not measured is left out, and so is what was measured as nothing and cannot be compared with: in a short round nobody may have handed a lock on.
func claims(r *Report) []Claim {
	list := slices.Concat(soloClaims(r), handOffClaims(r), crowdClaims(r), disturbanceClaims(r), cancellationClaims(r), kindClaims(r))
	return slices.DeleteFunc(list, func(c Claim) bool { return math.IsInf(c.Measured, 0) || math.IsNaN(c.Measured) })
}

func ratio[N time.Duration | int64](a, b N) float64 { return float64(a) / float64(b) }

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func soloClaims(r *Report) []Claim {
	ours, ok := find(r.Uncontended, holdfastName, whatever)
	if !ok {
		return nil
	}
	list := []Claim{{What: "allocations per free acquire and release", Limit: 1, Measured: math.Round(100*ours.Allocs) / 100}} // the runtime makes one now and then
	if gofrs, ok := find(r.Uncontended, gofrsName, whatever); ok {
		list = append(list, Claim{What: "free acquire and release, of " + gofrsName, Unit: "×", Limit: 0.6, Measured: ratio(ours.Each, gofrs.Each)})
	}
	if safe, ok := find(r.Uncontended, rawSafeName, whatever); ok {
		list = append(list, Claim{What: "free acquire and release, of " + rawSafeName, Unit: "×", Limit: 1.6, Measured: ratio(ours.Each, safe.Each)})
	}
	if again, ok := find(r.Reentrant, holdfastName, whatever); ok {
		list = append(list, Claim{What: "reentrant acquire and release", Unit: "ns", Limit: 100, Measured: float64(again.Each)})
	}
	return list
}

func handOffClaims(r *Report) []Claim {
	var list []Claim
	for _, row := range r.HandOff {
		ours := row.Result
		if row.Lock != holdfastName || ours.Processes < 8 {
			continue
		}
		among := func(f contend.Figures) bool { return f.Processes == ours.Processes }
		at := func(what string) string { return fmt.Sprintf("%d processes: %s", ours.Processes, what) }
		if plain, ok := find(r.HandOff, rawName, among); ok {
			list = append(list, Claim{What: at("median hand-off, of " + rawName), Unit: "×", Limit: 1.3, Measured: ratio(ours.HandOff.Median, plain.HandOff.Median)})
		}
		list = append(list,
			Claim{What: at("fairness (Jain)"), Limit: 0.99, AtLeast: true, Measured: ours.Jain},
			Claim{What: at("starved"), Limit: 0, Measured: float64(ours.Starved)},
			Claim{What: at("longest wait, of processes × hold"), Unit: "×", Limit: 2, Measured: ratio(ours.Wait.Max, time.Duration(ours.Processes)*r.Hold)})
		if gofrs, ok := find(r.HandOff, gofrsName, among); ok {
			list = append(list, Claim{What: at("CPU time per acquisition, of " + gofrsName), Unit: "×", Limit: 1, Measured: ratio(ours.CPU, gofrs.CPU)})
		}
		if fair, ok := find(r.HandOff, rawFairName, among); ok {
			list = append(list, Claim{What: at("CPU time per acquisition, of " + rawFairName), Unit: "×", Limit: 1, Measured: ratio(ours.CPU, fair.CPU)})
		}
		list = append(list, Claim{What: at("peers that are fairer, starve fewer, or have a shorter longest wait"), Limit: 0, Measured: float64(betterPeers(r, ours))})
	}
	return list
}

// isPeer reports whether the subject of that name is the lock of another library.
func isPeer(name string) bool {
	return !isOurs(name) && !slices.ContainsFunc(slices.Concat(raw, markers), func(s contend.Subject) bool { return s.Name == name })
}

// betterPeers counts the other libraries that were better in one of three respects.
func betterPeers(r *Report, ours contend.Figures) int {
	n := 0
	for _, row := range r.HandOff {
		theirs := row.Result
		if !isPeer(row.Lock) || theirs.Processes != ours.Processes {
			continue
		}
		if theirs.Jain > ours.Jain || theirs.Starved < ours.Starved || theirs.Wait.Max < ours.Wait.Max {
			n++
		}
	}
	return n
}

func crowdClaims(r *Report) []Claim {
	var list []Claim
	for _, row := range r.Goroutines {
		if row.Lock == holdfastName && row.Result.Goroutines >= 1000 {
			list = append(list, Claim{What: fmt.Sprintf("threads started for %d waiting goroutines", row.Result.Goroutines), Limit: 4, Measured: float64(row.Result.Threads)})
		}
	}
	return list
}

func disturbanceClaims(r *Report) []Claim {
	ours, ok := find(r.Disturbance, holdfastName, whatever)
	if !ok {
		return nil
	}
	return []Claim{
		{What: "lock free beside waiters after one was stopped", Unit: "ms", Limit: 10, Measured: ms(ours.Stopped.Max)},
		{What: "lock free beside waiters after one was killed", Unit: "ms", Limit: 10, Measured: ms(ours.Killed.Max)},
	}
}

func cancellationClaims(r *Report) []Claim {
	var list []Claim
	for _, row := range r.Cancellation {
		if row.Lock != holdfastName {
			continue
		}
		c := row.Result
		list = append(list, Claim{What: fmt.Sprintf("return of %d canceled waiters, median", c.Waiters), Unit: "ms", Limit: 1, Measured: ms(c.Return.Median)})
		if c.Waiters > 1 {
			list = append(list, Claim{What: fmt.Sprintf("threads started for %d canceled waiters", c.Waiters), Limit: 4, Measured: float64(c.Threads)})
		}
	}
	return list
}
