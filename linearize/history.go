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

// Operation is one call on the lock and what came of it.
type Operation struct {
	Client       Client
	Kind         model.Kind
	Call, Return time.Duration // Never if it did not return; an End has happened at some time between the two
	OK           bool          // acquired; released; without meaning for an End and for what did not return
	Token        uint64        // fencing number of a successful Acquire, 0 if there is none
}

// String returns what happened in words, without when.
func (o Operation) String() string {
	text := o.Client.String() + " " + o.Kind.String()
	switch {
	case o.Kind == model.End:
	case o.Return == Never:
		text += ", never returned"
	case !o.OK:
		text += ", refused"
	case o.Token != 0:
		text += fmt.Sprintf(", token %d", o.Token)
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

// History is what the clients of one lock did. Recording is appending, in any order; a history is not safe for concurrent use, so each
// recorder keeps its own and they are put together.
type History struct {
	Operations []Operation
	faults     []fault
}

// fault is something that was done to a process.
type fault struct {
	process  int
	killed   bool // else stopped
	from, to time.Duration
}

// Killed says that a process was killed. at is read before the signal is sent: every hold of the process that was not released by then
// ends at some time after at, and after everything that the process recorded.
func (h *History) Killed(process int, at time.Duration) {
	h.faults = append(h.faults, fault{process: process, killed: true, from: at, to: at})
}

// Stopped says that a process was stopped for a time. It is shown in pictures and changes no verdict: a stopped holder still holds.
func (h *History) Stopped(process int, from, to time.Duration) {
	h.faults = append(h.faults, fault{process: process, from: from, to: to})
}

// Holds returns the time that each hold lasted at least, for [Overlaps], ordered by client and time. A hold that nothing ended lasts until [Never]. Holds of a
// client whose ends cannot be told apart are left out: those that ended by themselves before their acquisition returned, or twice.
func (h *History) Holds() []Interval {
	s := h.settle()
	intervals := make([]Interval, len(s.holds))
	for i, hold := range s.holds {
		intervals[i] = Interval{Client: s.calls[hold.acquire].Client, From: s.begin(hold), To: s.end(hold)}
	}
	return intervals
}

// defect says why h is no history of a lock, or "".
func (h *History) defect() string {
	for i, o := range h.Operations {
		switch {
		case !o.Kind.Valid():
			return fmt.Sprintf("operation %d of %v is %v", i, o.Client, o.Kind)
		case o.Return < o.Call:
			return fmt.Sprintf("%v returned before it was called", o.span())
		}
	}
	var previous *Operation
	for _, i := range h.inClientOrder() {
		o := &h.Operations[i]
		if o.Kind == model.End {
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

// inClientOrder returns the indices of the operations, client by client in the order of their calls.
func (h *History) inClientOrder() []int {
	order := make([]int, len(h.Operations))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		a, b := &h.Operations[i], &h.Operations[j]
		return cmp.Or(a.Client.compare(b.Client), cmp.Compare(a.Call, b.Call), cmp.Compare(a.Return, b.Return))
	})
	return order
}
