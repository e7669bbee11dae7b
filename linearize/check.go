package linearize

import (
	"cmp"
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

// Result is the outcome of [Check].
type Result struct {
	Verdict Verdict
	Took    time.Duration
	Calls   int // that had to be given a moment; acquisitions that failed or never returned are not among them
	Decided int // of these, before the check stopped
	// Evidence is one line on why the history is not linearizable or not decided, or "".
	Evidence string

	scene scene
}

// pieceCalls is the number of calls that porcupine is given at once, or more where a history cannot be cut. Its memory grows with the square, and what it
// costs to start shows below some dozens.
const pieceCalls = 128

// Check decides whether history can have come from an exclusive lock. It gives up after timeout, with [Undecided], unless two holds overlap ([Overlaps]):
// that proves enough. A timeout of 0 or less is no time at all. A history that contradicts itself (a call that returned before it was made, two calls of
// one client at once) is Undecided at once.
//
// The time grows linearly with the history as long as holds tell their order: one hold's certain time (between the return of its acquisition and the call of
// its release) is over when the next one's begins. It is exponential in the number of calls at one moment of which that is not so.
func Check(history History, timeout time.Duration) Result {
	return check(history, timeout, pieceCalls)
}

func check(history History, timeout time.Duration, atLeast int) (result Result) {
	start := time.Now()
	defer func() { result.Took = time.Since(start) }()
	s := history.settle()
	if defect := cmp.Or(history.defect(), s.defect); defect != "" {
		return Result{Verdict: Undecided, Evidence: "this is no history: " + defect}
	}
	result.Calls = len(s.calls)
	s.narrow()
	pieces := s.pieces(atLeast)
	states := make([]model.Mutex, 1, len(pieces)+1) // before each piece, as far as known
	result.Verdict = Linearizable
	for i, piece := range pieces {
		left := timeout - time.Since(start)
		outcome, order := porcupine.Unknown, []*call(nil)
		if left > 0 {
			outcome, order = linearize(states[i], piece, left)
		}
		state := replay(states[i], order)
		if outcome == porcupine.Ok {
			states = append(states, state)
			result.Decided += len(piece)
			continue
		}
		found := finding{}
		switch pairs, _ := Overlaps(history.Holds(), 1); {
		case outcome == porcupine.Illegal:
			result.Verdict = NotLinearizable
			found = s.unplaced(piece, state, order)
			if len(pairs) > 0 && pairs[0].A.From <= found.to { // says more, if it is not another matter
				found = shared(pairs[0])
			}
		case len(pairs) > 0:
			result.Verdict = NotLinearizable
			found = shared(pairs[0])
		default:
			result.Verdict = Undecided
			found.text = fmt.Sprintf("not decided within %v: %d of %d calls are, and not those from %v on", timeout, result.Decided, result.Calls, piece[0].from)
		}
		result.Evidence = found.text
		result.scene = s.scene(history.faults, pieces, states, i, found)
		return result
	}
	result.scene = s.scene(history.faults, pieces, states, 0, finding{})
	return result
}

// linearize looks for a legal order of calls, and returns it, or the longest beginning of one.
func linearize(state model.Mutex, calls []call, timeout time.Duration) (porcupine.CheckResult, []*call) {
	operations := make([]porcupine.Operation, len(calls))
	for i := range calls {
		c := &calls[i]
		operations[i] = porcupine.Operation{Input: c, Call: int64(c.from), Return: int64(c.to)}
	}
	outcome, info := porcupine.CheckOperationsVerbose(specification(state), operations, timeout)
	var longest []int
	for _, partial := range info.PartialLinearizations()[0] {
		// They come in no particular order.
		if len(partial) > len(longest) || len(partial) == len(longest) && slices.Compare(partial, longest) < 0 {
			longest = partial
		}
	}
	order := make([]*call, len(longest))
	for i, id := range longest {
		order[i] = &calls[id]
	}
	return outcome, order
}

// progress is the state of the lock, and which of the calls that others come after have been.
type progress struct {
	model.Mutex
	led *led
}

type led struct {
	id     int
	before *led
}

func (l *led) includes(id int) bool {
	for ; l != nil; l = l.before {
		if l.id == id {
			return true
		}
	}
	return false
}

// specification gives porcupine the model, in a state to start from. An operation is its input, a *call. It compares states only among those that the same
// calls led to; what has been is equal then, and Model.Hash would tell nothing apart.
func specification(state model.Mutex) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return progress{Mutex: state} },
		Step: func(state, input, _ any) (bool, any) {
			p, c := state.(progress), input.(*call)
			if c.after != 0 && !p.led.includes(c.after) {
				return false, state
			}
			next, legal, _ := p.Step(c.op)
			if !legal {
				return false, state
			}
			if c.leads {
				p.led = &led{c.id, p.led}
			}
			return true, progress{next, p.led}
		},
		Equal: func(a, b any) bool { return a.(progress).Mutex == b.(progress).Mutex },
	}
}

// replay returns the state after calls that are legal one after the other.
func replay(state model.Mutex, calls []*call) model.Mutex {
	for _, c := range calls {
		state, _, _ = state.Step(c.op)
	}
	return state
}
