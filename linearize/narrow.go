package linearize

import (
	"cmp"
	"slices"
	"time"

	"github.com/holdfast-lock/holdfast/model"
)

// narrow takes away moments at which calls of a contended lock cannot have happened, so that little is left to search.
//
// A waiter calls long before it gets the lock, so that in the recording nearly everything is concurrent with everything. But a hold lasts from the return
// of its acquisition to the call of its release at least. If hold a was certain to last before hold b can have ended, and they exclude each other, then a
// was before b as a whole in every legal order: a ended at b's acquisition at the latest, and b was acquired when a's release was called at the earliest.
// Only moments that no legal order uses are taken, so the verdict stays. Holds that contradict each other are left as they are, for the checker to find.
func (s *settled) narrow() {
	order := slices.Clone(s.holds)
	slices.SortFunc(order, func(a, b hold) int {
		return cmp.Or(cmp.Compare(s.begin(a), s.begin(b)), cmp.Compare(s.end(a), s.end(b)))
	})
	alone := -1 // the last hold that was not shared
	for i, h := range order {
		first := max(alone, 0)
		if h.shared {
			first = i
		}
		if h.shared && alone >= 0 {
			s.separate(order[alone], h)
		}
		for _, before := range order[first:i] {
			s.separate(before, h)
		}
		if !h.shared {
			alone = i
		}
	}
	s.hurry()
	s.untouch()
}

// separate narrows the calls of two holds that exclude each other.
func (s *settled) separate(a, b hold) {
	first := s.begin(a) < s.end(b)
	last := s.begin(b) < s.end(a)
	if !first || last {
		return
	}
	end, acquire := &s.calls[a.end], &s.calls[b.acquire]
	acquire.from = max(acquire.from, end.Call)
	end.to = min(end.to, acquire.Return)
}

// hurry bounds what ends holds without anybody being told when: a release that never returned, and the death of a process. If somebody who called later acquired
// the lock for himself, the client held nothing then that it could lose afterwards, so that its end can as well have been before. (Not where an acquisition
// may have come late, nor where an end was recorded: that one may need what a waiting writer has beside the holder.)
func (s *settled) hurry() {
	open := func(c *call) bool {
		return c.op.Unknown && c.to == Never && (c.Kind == model.Release || c.Kind == model.ReleaseAll || c.Kind == model.End)
	}
	if !slices.ContainsFunc(s.calls, func(c call) bool { return open(&c) }) {
		return
	}
	leave := make([]bool, len(s.clients)+1)
	type acquisition struct{ from, to time.Duration }
	var acquisitions []acquisition
	for i := range s.calls {
		if c := &s.calls[i]; c.op.Kind == model.Acquire && c.op.OK {
			acquisitions = append(acquisitions, acquisition{c.from, c.to})
		} else if c.op.Unknown && c.op.Kind.Acquires() || c.Kind == model.End && !c.op.Unknown {
			leave[c.op.Client] = true
		}
	}
	slices.SortFunc(acquisitions, func(a, b acquisition) int { return cmp.Compare(a.from, b.from) })
	for i := len(acquisitions) - 2; i >= 0; i-- {
		acquisitions[i].to = min(acquisitions[i].to, acquisitions[i+1].to) // of this or any later one
	}
	for i := range s.calls {
		if c := &s.calls[i]; open(c) && !leave[c.op.Client] {
			at, _ := slices.BinarySearchFunc(acquisitions, c.from+1, func(a acquisition, t time.Duration) int { return cmp.Compare(a.from, t) })
			if at < len(acquisitions) {
				c.to = acquisitions[at].to
			}
		}
	}
}

// untouch forgets which call comes after which where the times tell by now.
func (s *settled) untouch() {
	last := make(map[int]time.Duration)
	for i := range s.calls {
		if c := &s.calls[i]; c.leads {
			last[c.id] = c.to
		}
	}
	for i := range s.calls {
		if c := &s.calls[i]; c.after != nil {
			c.after = slices.DeleteFunc(c.after, func(id int) bool { return last[id] < c.from })
		}
	}
}

// cut orders the calls by time, and returns where pieces of atLeast calls begin: where nothing is in progress. All calls of a piece are before all of the
// next in every legal order.
func (s *settled) cut(atLeast int) (cuts []int) {
	s.order = make([]*call, len(s.calls))
	for i := range s.calls {
		s.order[i] = &s.calls[i]
	}
	slices.SortFunc(s.order, func(a, b *call) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to), cmp.Compare(a.id, b.id))
	})
	begin, busy := 0, time.Duration(0) // busy is the latest moment of the calls so far
	for i, c := range s.order {
		if i == 0 || i-begin >= atLeast && c.from > busy {
			cuts = append(cuts, i)
			begin = i
		}
		busy = max(busy, c.to)
	}
	return cuts
}

// piece returns the calls of a piece.
func (s *settled) piece(cuts []int, i int) []*call {
	if i+1 < len(cuts) {
		return s.order[cuts[i]:cuts[i+1]]
	}
	return s.order[cuts[i]:]
}
