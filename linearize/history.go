package linearize

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/holdfast-lock/holdfast/model"
)

// Never is the return time of a call that did not return while the history was recorded.
const Never = time.Duration(math.MaxInt64)

// Client is whoever calls: a task (a goroutine, a thread) of a process. The numbers are the recorder's, and must not be used again for a successor, as
// process ids can be.
type Client struct{ Process, Task int }

// String returns "p3", or "p3.2" for a task other than 0.
func (c Client) String() string {
	if c.Task == 0 {
		return fmt.Sprintf("p%d", c.Process)
	}
	return fmt.Sprintf("p%d.%d", c.Process, c.Task)
}

func (c Client) compare(other Client) int {
	return cmp.Or(cmp.Compare(c.Process, other.Process), cmp.Compare(c.Task, other.Task))
}

// Operation is one call on the lock and what came of it, or something that happened to a hold.
type Operation struct {
	Client       Client
	Kind         model.Kind
	Call, Return time.Duration // Never if it did not return; an End or Expire has happened at some time between the two
	OK           bool          // as in [model.Op]; without meaning for an End, an Expire, and for what did not return
	Token        uint64        // as in [model.Op], 0 if there is none
	Depth        int           // how deep the client held afterwards, as it was told; 0 if it was told nothing
	Lock         string        // which lock it was, where a history is of several
}

// apart reports whether the operation is none of those that its client does one after the other: it happens to the client, or is done beside, as beats are.
func (o *Operation) apart() bool { return o.Kind.Happens() || o.Kind == model.Beat }

// String returns what happened in words, without when.
func (o Operation) String() string {
	text := o.Client.String() + " " + o.Kind.String()
	if o.Token != 0 {
		text += fmt.Sprintf(", token %d", o.Token)
	}
	if o.Depth != 0 {
		text += fmt.Sprintf(", depth %d", o.Depth)
	}
	switch {
	case o.Kind.Happens():
	case o.Return == Never:
		text += ", never returned"
	case !o.OK:
		text += ", refused"
	}
	return text
}

// span is String with the times of call and return.
func (o Operation) span() string {
	if o.Return == Never {
		return fmt.Sprintf("%v (from %v)", o, o.Call)
	}
	return fmt.Sprintf("%v (%v to %v)", o, o.Call, o.Return)
}

// History is what the clients of a lock did, or of several. Recording is appending, in any order; a history is not safe for concurrent use, so each
// recorder keeps its own and they are put together.
type History struct {
	Operations []Operation
	faults     []fault
	marks      []mark
}

// Holds returns the time that each hold lasted at least, for [Overlaps], ordered by client and time. A hold that nothing ended lasts until [Never]. Holds of a
// client whose ends cannot be told apart are left out: those that ended by themselves before their acquisition returned, or twice. The history is that of one
// exclusive lock ([History.Of]).
func (h *History) Holds() []Interval {
	s := h.settle(natureOf[model.Mutex](), h.inClientOrder(), h.deaths())
	return s.intervals()
}

// Locks returns the names of the locks, in ascending order.
func (h *History) Locks() (names []string) {
	for i := range h.Operations {
		name := h.Operations[i].Lock
		if at, known := slices.BinarySearch(names, name); !known {
			names = slices.Insert(names, at, name)
		}
	}
	return names
}

// Of returns the history of one of the locks, with everything that was done to the processes.
func (h *History) Of(lock string) History {
	of := *h
	of.Operations = nil
	for _, o := range h.Operations {
		if o.Lock == lock {
			of.Operations = append(of.Operations, o)
		}
	}
	return of
}

// defect says why h is no history of a lock, or "". order is inClientOrder.
func (h *History) defect(order []int) string {
	for i, o := range h.Operations {
		switch {
		case !o.Kind.Valid():
			return fmt.Sprintf("operation %d of %v is %v", i, o.Client, o.Kind)
		case o.Return < o.Call:
			return fmt.Sprintf("%v returned before it was called", o.span())
		}
	}
	var previous *Operation
	for _, i := range order {
		o := &h.Operations[i]
		if o.apart() {
			continue
		}
		if previous != nil && previous.Client == o.Client && o.Call < previous.Return {
			return fmt.Sprintf("%v was called inside %v by the same client", o.span(), previous.span())
		}
		if o.Return != Never { // a client may have given up on it
			previous = o
		}
	}
	return ""
}

// inClientOrder returns the indices of the operations, client by client in the order of their calls. A beat stands where it returned, because it may be
// about a hold that was acquired while it was on its way.
func (h *History) inClientOrder() []int {
	order := make([]int, len(h.Operations))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		a, b := &h.Operations[i], &h.Operations[j]
		if c := a.Client.compare(b.Client); c != 0 {
			return c
		}
		return cmp.Or(a.compareTurn(b), cmp.Compare(i, j))
	})
	return order
}

func (o *Operation) compareTurn(other *Operation) int {
	turn := func(o *Operation) (at time.Duration, beats int) {
		if o.Kind == model.Beat {
			return o.Return, 1
		}
		return o.Call, 0
	}
	a, aBeats := turn(o)
	b, bBeats := turn(other)
	return cmp.Or(cmp.Compare(a, b), cmp.Compare(aBeats, bBeats), cmp.Compare(o.Return, other.Return))
}
