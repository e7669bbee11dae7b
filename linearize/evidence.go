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
func (s *settled) unplaced(piece []call, state model.Mutex, order []*call) finding {
	var stuck *call
	for i := range piece {
		c := &piece[i]
		if !slices.Contains(order, c) && (stuck == nil || c.to < stuck.to) {
			stuck = c
		}
	}
	_, _, why := state.Step(stuck.op)
	return finding{fmt.Sprintf("%v has no place: %s (%s)", stuck.span(), why, describe(state, s.clients)), stuck.Call, stuck.Return}
}

// describe says who holds the lock in a state.
func describe(state model.Mutex, clients []Client) string {
	text := "free"
	if state.Holder != 0 {
		text = clients[state.Holder-1].String() + " holds it"
	}
	if state.Last != 0 {
		text += fmt.Sprintf(", last token %d", state.Last)
	}
	return text
}
