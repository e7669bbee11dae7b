package linearize

import (
	"fmt"
	"time"

	"github.com/holdfast-lock/holdfast/model"
)

// settled is a history in which everything has returned: calls that did not are closed by what is known, and what proves nothing is set aside.
type settled struct {
	calls   []call
	holds   []hold
	idle    []Operation // acquisitions that failed or never returned
	clients []Client    // model.Client n is clients[n-1]
	defect  string      // why what never returned cannot be settled, or ""
}

// call is an operation that must be given its moment.
type call struct {
	Operation
	op       model.Op
	from, to time.Duration // the moment lies between these, both included

	// A client makes its calls one after the other also where the times of two of them touch.
	id    int  // of the call, unique, from 1
	after int  // id of the call of this client whose return touches this one, or 0
	leads bool // there is a call that comes after this one
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
// be taken to have had no effect, since nobody can have released or ended its hold by name.
func (h *History) settle() settled {
	killed := h.deaths()
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

// deaths returns the earliest moment at which each process that was killed can have died. It may have lived on for a moment after the kill, as signals do
// not arrive at once, and it did if it recorded anything later.
func (h *History) deaths() map[int]time.Duration {
	deaths := make(map[int]time.Duration)
	for _, f := range h.faults {
		if at, again := deaths[f.process]; f.killed && (!again || f.from < at) {
			deaths[f.process] = f.from
		}
	}
	for _, o := range h.Operations {
		if at, killed := deaths[o.Client.Process]; killed && o.Kind != model.End {
			at = max(at, o.Call)
			if o.Return != Never {
				at = max(at, o.Return)
			}
			deaths[o.Client.Process] = at
		}
	}
	return deaths
}

// client settles the operations of one client, which are given in the order of their calls.
func (s *settled) client(h *History, order []int, killed map[int]time.Duration) {
	who := h.Operations[order[0]].Client
	s.clients = append(s.clients, who)
	var holds []hold
	open := false // the last of holds has no end yet
	closed, ends, certain := 0, 0, true
	var unreturned *Operation // a release
	for _, i := range order {
		o := h.Operations[i]
		if o.Return == Never && o.Kind == model.Release {
			unreturned = &o
		}
		switch {
		case o.Kind == model.Acquire && (!o.OK || o.Return == Never):
			s.idle = append(s.idle, o)
		case o.Kind == model.Acquire:
			certain = certain && !open
			holds = append(holds, hold{s.add(o, i+1), -1})
			open = true
		case o.Kind == model.Release && o.Return == Never:
			if open { // otherwise nothing shows that it had an effect
				o.OK = true
				holds[len(holds)-1].end = s.add(o, i+1)
				open = false
				closed++
			} else if ends > 0 {
				certain = false
			}
		case o.Kind == model.Release && !o.OK:
			s.add(o, i+1)
		default:
			if o.Kind == model.End {
				ends++
			}
			at := s.add(o, i+1)
			closed++
			if len(holds) == 0 {
				certain = false
				continue
			}
			last := &holds[len(holds)-1]
			switch {
			case open:
				last.end = at
				open = false
			case o.Kind == model.Release && s.hanging(last.end): // it was tried again, with success, so the first had no effect
				s.calls[last.end] = s.calls[at]
				s.calls = s.calls[:at]
				closed--
			default:
				certain = false
			}
			certain = certain && o.Call >= s.begin(*last)
		}
	}
	if unreturned != nil && !certain {
		s.defect = fmt.Sprintf("%v released or ended something, and it depends on %v what that was", who, unreturned.span())
	}
	if at, dead := killed[who.Process]; dead && closed < len(holds) {
		ends++
		last := &holds[len(holds)-1]
		last.end = s.add(Operation{Client: who, Kind: model.End, Call: at, Return: Never}, len(h.Operations)+len(s.clients))
		s.follow(last.end)
	}
	// A release ends the hold before it, for better or worse. What ends by itself does so at any time, and if that could be
	// the end of more than one hold then nothing is known about any.
	if ends == 0 || certain {
		s.holds = append(s.holds, holds...)
	}
}

// add puts a call into the settled history, for the client that is settled now.
func (s *settled) add(o Operation, id int) int {
	op := model.Op{Kind: o.Kind, Client: model.Client(len(s.clients)), OK: o.OK, Token: o.Token}
	s.calls = append(s.calls, call{Operation: o, op: op, from: o.Call, to: o.Return, id: id})
	at := len(s.calls) - 1
	if o.Kind != model.End {
		s.follow(at)
	}
	return at
}

// follow notes that a call comes after the one that its client made before, if their times touch.
func (s *settled) follow(at int) {
	c := &s.calls[at]
	for i := at - 1; i >= 0 && s.calls[i].op.Client == c.op.Client; i-- {
		if before := &s.calls[i]; before.Kind != model.End {
			if before.Return == c.Call {
				before.leads = true
				c.after = before.id
			}
			return
		}
	}
}

// hanging reports whether a call is a release that never returned.
func (s *settled) hanging(i int) bool {
	return i >= 0 && s.calls[i].Kind == model.Release && s.calls[i].Return == Never
}
