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
func (s *settled) narrow(kind nature) {
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
	s.hurry(kind)
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

// hurry bounds what takes a hold or a wish away without anybody being told when: a call that never returned, and the death of a process. Of a client that
// makes no other call any more, it can as well have been before anybody acquires who called later: that leaves more to others, and takes nothing from the
// client. Of one that goes on, a release was before anybody who called later acquires for himself, or else there was nothing to release; unless it may have
// acquired late. Where an end was recorded, that may need what a waiting writer has beside the holder, and nothing is said.
func (s *settled) hurry(kind nature) {
	open := func(c *call) bool { return c.op.Unknown && c.to == Never && takesAway(c.Kind) }
	if !slices.ContainsFunc(s.calls, func(c call) bool { return open(&c) }) {
		return
	}
	leave, late := make([]bool, len(s.clients)+1), make([]bool, len(s.clients)+1)
	last := make([]time.Duration, len(s.clients)+1) // moment at which each client may have called
	var all, alone acquisitions
	for i := range s.calls {
		c := &s.calls[i]
		if c.op.OK && c.op.Kind.Acquires() {
			all = append(all, acquisition{c.from, c.to})
			if c.op.Kind == model.Acquire {
				alone = append(alone, acquisition{c.from, c.to})
			}
		}
		if who := c.op.Client; !c.op.Unknown {
			leave[who] = leave[who] || kind.shares && c.Kind == model.End
			last[who] = max(last[who], c.Call)
		} else if c.op.Kind.Acquires() {
			late[who] = true
			last[who] = max(last[who], c.to)
		}
	}
	all.sort()
	alone.sort()
	for i := range s.calls {
		c := &s.calls[i]
		switch {
		case !open(c) || leave[c.op.Client]:
		case last[c.op.Client] <= c.Call:
			c.to = all.after(c.from)
		case c.Kind != model.GiveUp && !late[c.op.Client]:
			c.to = alone.after(c.from)
		}
	}
}

func takesAway(k model.Kind) bool {
	return k == model.Release || k == model.ReleaseAll || k == model.GiveUp || k == model.End
}

// acquisitions are the times between which somebody acquired.
type acquisitions []acquisition

type acquisition struct{ from, to time.Duration }

func (a acquisitions) sort() {
	slices.SortFunc(a, func(x, y acquisition) int { return cmp.Compare(x.from, y.from) })
	for i := len(a) - 2; i >= 0; i-- {
		a[i].to = min(a[i].to, a[i+1].to) // of this or any later one
	}
}

// after returns the earliest end of those that begin after a moment.
func (a acquisitions) after(at time.Duration) time.Duration {
	i, _ := slices.BinarySearchFunc(a, at+1, func(x acquisition, t time.Duration) int { return cmp.Compare(x.from, t) })
	if i == len(a) {
		return Never
	}
	return a[i].to
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
