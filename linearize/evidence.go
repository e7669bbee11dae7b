package linearize

import (
	"fmt"
	"slices"
	"time"

	"github.com/holdfast-lock/holdfast/model"
)

// finding is what can be said in one line about a history that is not linearizable, and the time it is about.
type finding struct {
	text     string
	from, to time.Duration
}

// shared is the finding that two clients held the lock at once.
func shared(o Overlap) finding { return finding{o.String(), o.From, o.To} }

// unplaced finds the call for which there is no moment: after order, the longest legal beginning, which ends in state, none of the rest is
// legal, and this one has to come first because it returned first.
func unplaced[S Spec[S]](s *settled, piece []*call, state S, order []*call) finding {
	var stuck *call
	var why string
	for _, c := range piece {
		if slices.Contains(order, c) || stuck != nil && c.to > stuck.to {
			continue
		}
		_, _, broken := state.Step(c.op)
		// Of two that had to be at the same moment, one may wait for the other.
		if stuck == nil || c.to < stuck.to || why == "" {
			stuck, why = c, broken
		}
	}
	if why == "" {
		why = "what has to come before it has none"
	}
	return finding{fmt.Sprintf("%v has no place: %s (%s)", stuck.span(), why, state.Text(s.name)), stuck.Call, stuck.Return}
}

// name returns what a client of the model is called in the history.
func (s *settled) name(c model.Client) string { return s.clients[c-1].String() }
