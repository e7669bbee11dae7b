package verify

import (
	"fmt"
	"time"

	"github.com/holdfast-lock/holdfast/bench/contend"
	"github.com/holdfast-lock/holdfast/linearize"
)

// checkTime bounds the search for an order of the operations. It takes well under a second for the histories of a few seconds.
const checkTime = 20 * time.Second

// judge says what is wrong with what was recorded. Its error says nothing about the lock.
func (v *verifier) judge(o contend.Outcome, stops []stop) error {
	r := &v.result
	r.Figures = o.Figures(v.Processes, 0)
	r.Killed = killed(o)
	v.judgeStops(o, stops)

	history := historyOf(o)
	pairs, overlaps := linearize.Overlaps(history.Holds(), 1)
	if overlaps > 0 {
		v.found(Overlap, "two processes were inside at once, %d times; at first: %v", overlaps, pairs[0])
	}
	order := linearize.Check(history, checkTime)
	v.judgeOrder(order, overlaps)
	v.judgeTokens(o)
	v.judgeProgress(o)
	if v.Keep == "" && r.Passed() {
		return nil
	}
	return v.keep(o, order)
}

func (v *verifier) judgeOrder(order linearize.Result, overlaps int) {
	r := &v.result
	switch order.Verdict {
	case linearize.Linearizable:
		r.Excludes, r.Linearizable = Yes, Yes
	case linearize.NotLinearizable:
		r.Excludes, r.Linearizable = No, No
		v.found(NotLinearizable, "%s", order.Evidence)
	default:
		r.Excludes, r.Linearizable = Undecided, Undecided
		v.found(NotDecided, "%s: run it for a shorter time (--for)", order.Evidence)
	}
	if overlaps > 0 {
		r.Excludes = No
	}
}

func (v *verifier) judgeStops(o contend.Outcome, stops []stop) {
	r := &v.result
	for _, s := range stops {
		r.Stopped.count(s.whom)
		if s.takenOver {
			r.TakenOver++
		}
		if s.whom == inside {
			r.LongestStop = max(r.LongestStop, s.to-s.from)
		} else {
			r.FreeInStop = max(r.FreeInStop, o.FreeAfter(s.from, s.to))
		}
	}
}

// judgeTokens: a later hold has a larger number.
func (v *verifier) judgeTokens(o contend.Outcome) {
	if !v.Fencing {
		return
	}
	var last uint64
	wrong := 0
	var first string
	for _, i := range o.Held() {
		if i.Token <= last {
			if wrong++; wrong == 1 {
				first = fmt.Sprintf("process %d got %d at %v, after %d", i.Lane, i.Token, i.Acquired-o.Began, last)
			}
		}
		last = max(last, i.Token)
	}
	if wrong > 0 {
		v.found(Tokens, "the fencing number did not grow, %d times; at first: %s", wrong, first)
	}
}

// judgeProgress: everybody gets in, again and again.
func (v *verifier) judgeProgress(o contend.Outcome) {
	r := &v.result
	if n := len(o.Wedged); n > 0 {
		v.found(Wedged, "%s still hung %v after the end of the run", count(n, "process"), v.patience())
	}
	if n := r.Figures.Starved; n > 0 {
		v.found(Starved, "%s to which nothing was done never got the lock", count(n, "process"))
	}
	if !r.Passed() {
		return
	}
	idle := func(why string) {
		r.Excludes = Undecided
		v.found(Idle, "%s: run it for longer (--for), or when less else is going on", why)
	}
	switch {
	case r.Figures.Acquisitions < 2*v.Processes:
		idle(fmt.Sprintf("%d processes took the lock %d times only", v.Processes, r.Figures.Acquisitions))
	case v.Kills > 0 && r.Killed == Met{}:
		idle("no process was killed, as no moment for it was found")
	case v.Stops > 0 && r.Stopped == Met{} && !v.cannotStop:
		idle("no process was stopped, as no moment for it was found")
	}
}
