package linearize

import (
	"slices"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/holdfast-lock/holdfast/model"
)

// Spec is a kind of lock, by the type of its state in package model. The set is closed, because what a call that never returned can have done, and what can be
// left out, is known of each.
type Spec[S any] interface {
	model.Mutex | model.Reentrant | model.RW | model.Lease
	comparable
	Step(model.Op) (next S, legal bool, why string)
	Text(name func(model.Client) string) string
}

// nature is what settling and cutting have to know about a kind of lock.
type nature struct {
	nests  bool // acquiring while holding is a deeper level of the same hold
	doubts bool // the model takes an acquisition of which nobody was told the result
	shares bool // others may hold at the same time
	sure   bool // which calls have been decides the state, whatever their order was
}

func natureOf[S Spec[S]]() nature {
	var state S
	switch any(state).(type) {
	case model.Reentrant:
		return nature{nests: true} // the end of a hold takes off the levels before it, and not those after it
	case model.Lease:
		return nature{doubts: true} // an expiry and a beat lead to one state in one order and to another in the other
	case model.RW:
		return nature{shares: true, sure: true}
	}
	return nature{sure: true}
}

// progress is the state of the lock, and which of the calls that others come after have been.
type progress[S Spec[S]] struct {
	state S
	led   *led
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
// calls led to; what has been is equal then, and Model.Hash would seldom tell anything apart.
func specification[S Spec[S]](start S) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return progress[S]{state: start} },
		Step: func(state, input, _ any) (bool, any) {
			p, c := state.(progress[S]), input.(*call)
			for _, id := range c.after {
				if !p.led.includes(id) {
					return false, state
				}
			}
			next, legal, _ := p.state.Step(c.op)
			if !legal {
				return false, state
			}
			p.state = next
			if c.leads {
				p.led = &led{c.id, p.led}
			}
			return true, p
		},
		Equal: func(a, b any) bool { return a.(progress[S]).state == b.(progress[S]).state },
	}
}

// linearize looks for a legal order of calls, and returns it, or the longest beginning of one.
func linearize[S Spec[S]](start S, calls []*call, timeout time.Duration) (porcupine.CheckResult, []*call) {
	operations := make([]porcupine.Operation, len(calls))
	for i, c := range calls {
		operations[i] = porcupine.Operation{Input: c, Call: int64(c.from), Return: int64(c.to)}
	}
	outcome, info := porcupine.CheckOperationsVerbose(specification(start), operations, timeout)
	var longest []int
	for _, partial := range info.PartialLinearizations()[0] {
		// They come in no particular order.
		if len(partial) > len(longest) || len(partial) == len(longest) && slices.Compare(partial, longest) < 0 {
			longest = partial
		}
	}
	order := make([]*call, len(longest))
	for i, id := range longest {
		order[i] = calls[id]
	}
	return outcome, order
}

// replay returns the state after calls that are legal one after the other.
func replay[S Spec[S]](state S, calls []*call) S {
	for _, c := range calls {
		state, _, _ = state.Step(c.op)
	}
	return state
}
