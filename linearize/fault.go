package linearize

import "time"

// fault is something that was done to a process.
type fault struct {
	process  int
	killed   bool // else stopped
	from, to time.Duration
}

// Killed says that a process was killed. at is read before the signal is sent: whatever the process held or had announced and had not given back by then
// ends at some time after at, and after everything that the process recorded.
func (h *History) Killed(process int, at time.Duration) {
	h.faults = append(h.faults, fault{process: process, killed: true, from: at, to: at})
}

// Stopped says that a process was stopped for a time. It is shown in pictures and changes no verdict: a stopped holder still holds.
func (h *History) Stopped(process int, from, to time.Duration) {
	h.faults = append(h.faults, fault{process: process, from: from, to: to})
}

// mark is a remark on a moment or a span.
type mark struct {
	whom, text string
	from, to   time.Duration
}

// Mark puts a remark into pictures, in the row of whom: a fault that is none of a process, such as "disk" with "no space left", or "p3" with what was done to its
// clock. It is about the moment from if to is the same, and lasts to the end if to is [Never]. It changes no verdict.
func (h *History) Mark(whom string, from, to time.Duration, text string) {
	h.marks = append(h.marks, mark{whom, text, from, to})
}
