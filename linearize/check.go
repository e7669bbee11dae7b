package linearize

import (
	"fmt"
	"slices"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/holdfast-lock/holdfast/model"
)

// Verdict is what a check found out. The zero value is none.
type Verdict uint8

// The verdicts.
const (
	Linearizable    Verdict = iota + 1 // a lock can have done this
	NotLinearizable                    // no lock can have done this
	Undecided                          // the time was too short, or the history is none; this is not a pass
)

// String returns the verdict in words.
func (v Verdict) String() string {
	switch v {
	case Linearizable:
		return "linearizable"
	case NotLinearizable:
		return "not linearizable"
	case Undecided:
		return "undecided"
	}
	return "unchecked"
}

// worse reports whether v says more against a lock than other.
func (v Verdict) worse(other Verdict) bool {
	return v != other && (v == NotLinearizable || v == Undecided && other != NotLinearizable)
}

// Result is the outcome of [Check].
type Result struct {
	Verdict Verdict
	Took    time.Duration
	Calls   int // that had to be given a moment; acquisitions that failed or never returned are not among them
	Decided int // of these, before the check stopped
	// Evidence is one line on why the history is not linearizable or not decided, or "".
	Evidence string
	// Lock is the name of the lock that Evidence and the picture are about, where the history is of several.
	Lock string

	scene scene
}

// pieceCalls is the number of calls that porcupine is given at once, or more where a history cannot be cut. Its memory grows with the square, and what it
// costs to start shows below some dozens.
const pieceCalls = 128

// Check decides whether history can have come from an exclusive lock, a [model.Mutex]. It gives up after timeout, with [Undecided], unless two holds overlap
// ([Overlaps]): that proves enough. A timeout of 0 or less is no time at all. A history that contradicts itself (a call that returned before it was made,
// two calls of one client at once) is Undecided at once.
//
// The time grows linearly with the history as long as holds tell their order: one hold's certain time (between the return of its acquisition and the call of
// its release) is over when the next one's begins. It is exponential in the number of calls at one moment of which that is not so.
func Check(history History, timeout time.Duration) Result {
	return CheckAs[model.Mutex](history, timeout)
}

// CheckAs is [Check] for any kind of lock: CheckAs[model.RW](history, timeout). Where the history is of several locks, all of them are of this kind, each
// is checked by itself, and the verdict is the worst.
func CheckAs[S Spec[S]](history History, timeout time.Duration) Result {
	return check[S](history, timeout, pieceCalls)
}

func check[S Spec[S]](history History, timeout time.Duration, atLeast int) (result Result) {
	start := time.Now()
	defer func() { result.Took = time.Since(start) }()
	order := history.inClientOrder()
	if defect := history.defect(order); defect != "" {
		return Result{Verdict: Undecided, Evidence: noHistory + defect}
	}
	c := checker[S]{start, timeout, atLeast, history.deaths()}
	locks := history.Locks()
	if len(locks) < 2 {
		return c.one(history, order)
	}
	for _, lock := range locks {
		part := history.Of(lock)
		of := c.one(part, part.inClientOrder())
		calls, decided := result.Calls+of.Calls, result.Decided+of.Decided
		if result.Verdict == 0 || of.Verdict.worse(result.Verdict) {
			result = of
			result.Lock = lock
			if of.Evidence != "" {
				result.Evidence = "lock " + lock + ": " + of.Evidence
			}
		}
		result.Calls, result.Decided = calls, decided
	}
	return result
}

const noHistory = "this is no history: "

// checker checks the locks of a history, one after the other.
type checker[S Spec[S]] struct {
	start   time.Time
	timeout time.Duration // since start
	atLeast int           // calls of a piece
	deaths  map[int]time.Duration
}

// one checks the history of one lock.
func (c checker[S]) one(history History, clientOrder []int) (result Result) {
	kind := natureOf[S]()
	s := history.settle(kind, clientOrder, c.deaths)
	if s.defect != "" {
		return Result{Verdict: Undecided, Evidence: noHistory + s.defect}
	}
	result.Calls = len(s.calls)
	s.narrow(kind)
	cuts := s.cut(c.atLeast)
	states := make([]S, 1, len(cuts)+1) // before each piece, as far as known
	result.Verdict = Linearizable
	for i := 0; i < len(cuts); i++ {
		outcome, order := c.linearize(states[i], s.piece(cuts, i))
		for outcome == porcupine.Illegal && !kind.sure && i > 0 {
			// The pieces before may have another legal order, which ends in another state.
			from := i / 2
			cuts = slices.Delete(cuts, from+1, i+1)
			states = states[:from+1]
			i = from
			result.Decided = cuts[from]
			outcome, order = c.linearize(states[i], s.piece(cuts, i))
		}
		piece := s.piece(cuts, i)
		state := replay(states[i], order)
		if outcome == porcupine.Ok {
			states = append(states, state)
			result.Decided += len(piece)
			continue
		}
		found := finding{}
		again := history.settle(kind, clientOrder, c.deaths)
		switch pairs, _ := Overlaps(again.intervals(), 1); {
		case outcome == porcupine.Illegal:
			result.Verdict = NotLinearizable
			found = unplaced(&s, piece, state, order)
			if len(pairs) > 0 && pairs[0].A.From <= found.to { // says more, if it is not another matter
				found = shared(pairs[0])
			}
		case len(pairs) > 0:
			result.Verdict = NotLinearizable
			found = shared(pairs[0])
		default:
			result.Verdict = Undecided
			found.text = fmt.Sprintf("not decided within %v: %d of %d calls are, and not those from %v on", c.timeout, result.Decided, result.Calls, piece[0].from)
		}
		result.Evidence = found.text
		result.scene = newScene(&s, history, cuts, states, i, found)
		return result
	}
	result.scene = newScene(&s, history, cuts, states, 0, finding{})
	return result
}

// linearize looks for a legal order of a piece in the time that is left.
func (c checker[S]) linearize(start S, piece []*call) (porcupine.CheckResult, []*call) {
	left := c.timeout - time.Since(c.start)
	if left <= 0 {
		return porcupine.Unknown, nil
	}
	return linearize(start, piece, left)
}
