package bench

import (
	"time"

	"github.com/holdfast-lock/holdfast/bench/contend"
	"github.com/holdfast-lock/holdfast/bench/journal"
)

// Takeover is how soon after the kill of a process that held the lock another one that waited has it.
type Takeover struct {
	Time contend.Quantiles `json:"time"`
	// Endures: never.
	Endures bool `json:"endures"`
}

const (
	takeovers    = 5
	takeoverHold = 20 * time.Millisecond // long enough to be killed in
)

func (r *runner) planTakeover() {
	inRounds(r, "killed holders", r.contestants, r.takeOver, func(rounds []Takeover) Takeover {
		return Takeover{mergeQuantiles(rounds, func(t Takeover) contend.Quantiles { return t.Time }), rounds[0].Endures}
	}, func(row Row[Takeover]) { r.report.Takeover = append(r.report.Takeover, row) })
}

func (r *runner) takeOver(c contestant) (Takeover, error) {
	if c.Endures {
		return Takeover{Endures: true}, nil
	}
	f, err := r.begin(c, contend.Options{Processes: disturbedProcesses, Spares: takeovers, Hold: takeoverHold})
	if err != nil {
		return Takeover{}, err
	}
	for range takeovers {
		r.pause(2 * takeoverHold) // in which those who were started wait
		place, ok := r.untilInside(f, 0)
		if !ok {
			break
		}
		killed := journal.Now()
		if err := f.Kill(place); err != nil {
			f.Abort()
			return Takeover{}, err
		}
		if _, ok := r.untilInside(f, killed); !ok {
			break
		}
		if err := f.Replace(place); err != nil {
			f.Abort()
			return Takeover{}, err
		}
	}
	o, err := f.Finish(patience)
	return Takeover{Time: contend.QuantilesOf(o.Takeovers())}, err
}

// untilInside returns the place of a process that is inside, and has been only since the given time, or false if it does not come to that.
func (r *runner) untilInside(f *contend.Fleet, since time.Duration) (place int, ok bool) {
	for end := time.Now().Add(patience); time.Now().Before(end) && r.ctx.Err() == nil; time.Sleep(50 * time.Microsecond) {
		for place := range disturbedProcesses {
			if i, ok := f.Last(place); ok && i.Acquired > since && i.Releasing == 0 {
				return place, true
			}
		}
	}
	return 0, false
}
