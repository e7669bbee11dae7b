package linearize

import (
	"time"

	"github.com/holdfast-lock/holdfast/model"
)

// settled is a history in which everything has returned: calls that did not are closed by what is known, and what proves nothing is set aside.
type settled struct {
	calls   []call
	holds   []hold
	idle    []Operation // acquisitions that failed or never returned
	clients []Client    // model.Client n is clients[n-1]
}

// call is an operation that must be given its moment.
type call struct {
	Operation
	op       model.Op
	from, to time.Duration // the moment lies between these, both included
}

// hold is an acquisition and what ended it, as indices of calls. Which end belongs to which acquisition is certain.
type hold struct {
	acquire, end int // end is -1 if there is none
}

// begin and end return the time between which the hold lasted whatever the moments of its operations were.
func (s *settled) begin(h hold) time.Duration { return s.calls[h.acquire].Return }
func (s *settled) end(h hold) time.Duration {
	if h.end < 0 {
		return Never
	}
	return s.calls[h.end].Call
}

// settle closes the calls that never returned, ends the holds of killed processes, and finds which end belongs to which acquisition.
//
// Every acquisition that proves nothing is left out, and this changes no verdict: one that failed is legal at every moment, and one that never returned may
// always be taken to have had no effect.
func (h *History) settle() settled {
	killed := make(map[int]time.Duration)
	for _, f := range h.faults {
		if at, again := killed[f.process]; f.killed && (!again || f.from < at) {
			killed[f.process] = f.from
		}
	}
	s := settled{calls: make([]call, 0, len(h.Operations))}
	order := h.inClientOrder()
	for len(order) > 0 {
		n := 1
		for n < len(order) && h.Operations[order[n]].Client == h.Operations[order[0]].Client {
			n++
		}
		s.client(h, order[:n], killed)
		order = order[n:]
	}
	return s
}

// client settles the operations of one client, which are given in the order of their calls.
func (s *settled) client(h *History, order []int, killed map[int]time.Duration) {
	who := h.Operations[order[0]].Client
	s.clients = append(s.clients, who)
	var holds []hold
	open := false // the last of holds has no end yet
	ends, certain := 0, true
	for _, i := range order {
		o := h.Operations[i]
		switch {
		case o.Kind == model.Acquire && (!o.OK || o.Return == Never):
			s.idle = append(s.idle, o)
		case o.Kind == model.Acquire:
			certain = certain && !open
			holds = append(holds, hold{s.add(o), -1})
			open = true
		case o.Kind == model.Release && o.Return == Never:
			if open { // otherwise nothing shows that it had an effect
				o.OK = true
				holds[len(holds)-1].end = s.add(o)
				open = false
			}
		case o.Kind == model.Release && !o.OK:
			s.add(o)
		default:
			if o.Kind == model.End {
				ends++
			}
			at := s.add(o)
			if len(holds) == 0 {
				certain = false
				continue
			}
			last := &holds[len(holds)-1]
			switch {
			case open:
				last.end = at
				open = false
			case s.unreturned(last.end): // what ended the hold is known after all, so the release before had no effect
				s.calls[last.end] = s.calls[at]
				s.calls = s.calls[:at]
			default:
				certain = false
			}
			certain = certain && o.Call >= s.begin(*last)
		}
	}
	if at, dead := killed[who.Process]; dead && open {
		ends++
		last := &holds[len(holds)-1]
		// The recording of the acquisition may be later than that of the kill: signals take a moment.
		last.end = s.add(Operation{Client: who, Kind: model.End, Call: max(at, s.begin(*last)), Return: Never})
	}
	// A release ends the hold before it, for better or worse. What ends by itself does so at any time, and if that could be
	// the end of more than one hold then nothing is known about any.
	if ends == 0 || certain {
		s.holds = append(s.holds, holds...)
	}
}

// add puts a call into the settled history, for the client that is settled now.
func (s *settled) add(o Operation) int {
	op := model.Op{Kind: o.Kind, Client: model.Client(len(s.clients)), OK: o.OK, Token: o.Token}
	s.calls = append(s.calls, call{Operation: o, op: op, from: o.Call, to: o.Return})
	return len(s.calls) - 1
}

// unreturned reports whether a call is a release that never returned.
func (s *settled) unreturned(i int) bool {
	return i >= 0 && s.calls[i].Kind == model.Release && s.calls[i].Return == Never
}
