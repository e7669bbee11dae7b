package linearize

import (
	"math"
	"time"

	"github.com/holdfast-lock/holdfast/model"
)

// settled is a history of one lock in which everything has returned: calls that did not are closed by what is known, and what proves nothing is set aside.
type settled struct {
	calls   []call
	order   []*call // by time, once they have been cut into pieces
	holds   []hold
	idle    []Operation // that prove nothing
	clients []Client    // model.Client n is clients[n-1]
	defect  string      // why what never returned cannot be settled, or ""
}

// call is an operation that must be given its moment.
type call struct {
	Operation
	op       model.Op
	from, to time.Duration // the moment lies between these, both included

	// A client makes its calls one after the other also where the times of two of them touch, and what it did without being told is over before it
	// acquires again.
	id    int   // of the call, unique, from 1
	after []int // ids of the calls of this client that come before and that the times do not tell apart
	leads bool  // there is a call that comes after this one
}

// hold is an acquisition and what ended it, as indices of calls. Which end belongs to which acquisition is certain, and so is that the lock was held in between.
type hold struct {
	acquire, end int // end is -1 if there is none
	shared       bool
}

// begin and end return the time between which the hold lasted whatever the moments of its operations were.
func (s *settled) begin(h hold) time.Duration { return s.calls[h.acquire].Return }
func (s *settled) end(h hold) time.Duration {
	if h.end < 0 {
		return Never
	}
	return s.calls[h.end].Call
}

// intervals returns the certain times of the holds that are not shared.
func (s *settled) intervals() []Interval {
	intervals := make([]Interval, 0, len(s.holds))
	for _, h := range s.holds {
		if !h.shared {
			intervals = append(intervals, Interval{Client: s.calls[h.acquire].Client, From: s.begin(h), To: s.end(h)})
		}
	}
	return intervals
}

// settle closes the calls that never returned, ends what killed processes had, and finds which end belongs to which acquisition. order is inClientOrder.
//
// What proves nothing is left out, and this changes no verdict. An acquisition or an announcement that failed is legal at every moment. One that never
// returned and of which nothing was seen afterwards may be taken to have had no effect: it kept others out at most, and no lock has to let anybody in. A
// beat that never returned may be taken so too, because a hold that has expired allows everything that one allows that has not.
func (h *History) settle(kind nature, order []int, deaths map[int]time.Duration) settled {
	s := settled{calls: make([]call, 0, len(h.Operations))}
	for len(order) > 0 {
		who := h.Operations[order[0]].Client
		n := 1
		for n < len(order) && h.Operations[order[n]].Client == who {
			n++
		}
		s.clients = append(s.clients, who)
		l := lane{settled: &s, kind: kind, certain: true, expired: math.MinInt64}
		l.run(h, order[:n])
		if death, dead := deaths[who.Process]; dead {
			l.kill(Operation{Client: who, Kind: model.End, Call: death, Return: Never}, len(h.Operations)+len(s.clients))
		}
		l.close()
		order = order[n:]
	}
	return s
}

// deaths returns the earliest moment at which each process that was killed can have died. It may have lived on for a moment after the kill, as signals do
// not arrive at once, and it did if it recorded anything later.
func (h *History) deaths() map[int]time.Duration {
	deaths := make(map[int]time.Duration)
	for _, f := range h.faults {
		if at, again := deaths[f.process]; f.killed && (!again || f.from < at) {
			deaths[f.process] = f.from
		}
	}
	if len(deaths) == 0 {
		return deaths
	}
	for _, o := range h.Operations {
		if at, killed := deaths[o.Client.Process]; killed && !o.Kind.Happens() {
			at = max(at, o.Call)
			if o.Return != Never {
				at = max(at, o.Return)
			}
			deaths[o.Client.Process] = at
		}
	}
	return deaths
}
