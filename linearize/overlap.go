package linearize

import (
	"cmp"
	"container/heap"
	"fmt"
	"slices"
	"time"
)

// Interval is a time during which a client was certain to hold the lock: from the return of its acquisition (included) to the call of
// its release (not included), or [Never].
type Interval struct {
	Client   Client
	From, To time.Duration
}

// Overlap is a time during which two clients held an exclusive lock.
type Overlap struct {
	A, B     Interval // A began first
	From, To time.Duration
}

// String names the two holds and the time they share, in one line.
func (o Overlap) String() string {
	return fmt.Sprintf("%v held from %v to %v, and %v from %v to %v: both for %v from %v",
		o.A.Client, o.A.From, when(o.A.To), o.B.Client, o.B.From, when(o.B.To), duration(o.To, o.From), o.From)
}

// when says a time that may be Never.
func when(t time.Duration) string {
	if t == Never {
		return "the end"
	}
	return t.String()
}

func duration(to, from time.Duration) string {
	if to == Never {
		return "all time"
	}
	return (to - from).String()
}

// Overlaps looks for pairs of intervals that share any time, two of one client included. It returns the first pairs in the order in which they begin, at
// most limit, and how many there are in total. Empty intervals overlap nothing.
func Overlaps(intervals []Interval, limit int) (pairs []Overlap, total int) {
	byFrom := slices.DeleteFunc(slices.Clone(intervals), func(i Interval) bool { return i.From >= i.To })
	slices.SortFunc(byFrom, func(a, b Interval) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
	var open openIntervals
	for _, next := range byFrom {
		for len(open) > 0 && open[0].To <= next.From {
			heap.Pop(&open)
		}
		total += len(open)
		if room := limit - len(pairs); room > 0 && len(open) > 0 {
			before := slices.Clone(open)
			slices.SortFunc(before, func(a, b Interval) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
			for _, o := range before[:min(room, len(before))] {
				pairs = append(pairs, Overlap{A: o, B: next, From: next.From, To: min(o.To, next.To)})
			}
		}
		heap.Push(&open, next)
	}
	return pairs, total
}

// openIntervals is a heap of the intervals that have not ended yet; the one that ends first is on top.
type openIntervals []Interval

func (o openIntervals) Len() int           { return len(o) }
func (o openIntervals) Less(i, j int) bool { return o[i].To < o[j].To }
func (o openIntervals) Swap(i, j int)      { o[i], o[j] = o[j], o[i] }
func (o *openIntervals) Push(x any)        { *o = append(*o, x.(Interval)) }
func (o *openIntervals) Pop() any {
	last := len(*o) - 1
	x := (*o)[last]
	*o = (*o)[:last]
	return x
}
