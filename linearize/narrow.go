package linearize

import (
	"cmp"
	"slices"
	"time"
)

// narrow takes away moments at which calls of a contended lock cannot have happened, so that little is left to search.
//
// A waiter calls long before it gets the lock, so that in the recording nearly everything is concurrent with everything. But a hold lasts from the return
// of its acquisition to the call of its release at least. If hold a was certain to last before hold b can have ended, then a was before b as a whole in
// every legal order: a ended at b's acquisition at the latest, and b was acquired when a's release was called at the earliest. Only moments that no legal
// order uses are taken, so the verdict stays. Holds that contradict each other are left as they are, for the checker to find.
func (s *settled) narrow() {
	order := slices.Clone(s.holds)
	slices.SortFunc(order, func(a, b hold) int {
		return cmp.Or(cmp.Compare(s.begin(a), s.begin(b)), cmp.Compare(s.end(a), s.end(b)))
	})
	for i := 1; i < len(order); i++ {
		a, b := order[i-1], order[i]
		first := s.begin(a) < s.end(b)
		last := s.begin(b) < s.end(a)
		if !first || last {
			continue
		}
		end, acquire := &s.calls[a.end], &s.calls[b.acquire]
		acquire.from = max(acquire.from, end.Call)
		end.to = min(end.to, acquire.Return)
	}
	last := make(map[int]time.Duration)
	for i := range s.calls {
		if c := &s.calls[i]; c.leads {
			last[c.id] = c.to
		}
	}
	for i := range s.calls {
		if c := &s.calls[i]; c.after != 0 && last[c.after] < c.from {
			c.after = 0 // they do not touch any more
		}
	}
}

// pieces cuts the calls, ordered by time, where nothing is in progress, into pieces of atLeast calls. All calls of a piece are before all of the next in
// every legal order. The state in between is certain: which calls have been decides who holds the lock and which token was highest.
func (s *settled) pieces(atLeast int) [][]call {
	slices.SortFunc(s.calls, func(a, b call) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	s.holds = nil // they are indices of the former order
	var pieces [][]call
	begin, busy := 0, time.Duration(0) // busy is the latest moment of the calls since begin
	for i, c := range s.calls {
		if i-begin >= atLeast && c.from > busy {
			pieces = append(pieces, s.calls[begin:i])
			begin = i
		}
		busy = max(busy, c.to)
	}
	if begin < len(s.calls) {
		pieces = append(pieces, s.calls[begin:])
	}
	return pieces
}
