package sim

import (
	"path"
	"syscall"
	"time"
)

// Fault is something that goes wrong in a call.
type Fault struct {
	Process string // whose call; "" is anybody's
	Op      Op     // which call; OpAny is any
	Path    string // of a file whose last element, or whole path if the pattern has a slash, matches it, see [path.Match]; "" is any
	Nth     int    // of the calls that match, counted from 1; 0 is every one
	After   bool   // the call has had its effect, and the caller does not know yet; else it has none
	Kind    FaultKind
	Err     syscall.Errno // of an Error
	For     time.Duration // of a Delay or a Stop; a Stop for 0 lasts until somebody continues the process
	Bytes   int           // of a Short
}

// FaultKind says what goes wrong.
type FaultKind uint8

const (
	// Error fails the call with Err.
	Error FaultKind = iota + 1
	// Delay lets the call take so much longer.
	Delay
	// Stop stops the process, as SIGSTOP does.
	Stop
	// Kill kills the process, as SIGKILL does.
	Kill
	// Power takes the power from the machine, as [World.OnPowerLoss] says.
	Power
	// Short lets a read or write transfer no more than so many bytes. A write fails with ENOSPC then, as on a full disk; a read is short at the end of a file only, so it sees a shorter one.
	Short
	// Spurious lets a wait for a lock return without it.
	Spurious
)

var faultNames = [...]string{"", "error", "delay", "stop", "kill", "power", "short", "spurious"}

// String returns the name as it stands in scenarios.
func (k FaultKind) String() string { return faultNames[k] }

// ParseFaultKind returns the FaultKind with the given name.
func ParseFaultKind(name string) (FaultKind, bool) {
	for k, n := range faultNames {
		if n == name && n != "" {
			return FaultKind(k), true
		}
	}
	return 0, false
}

type faultState struct {
	Fault
	base bool // the pattern is for the last element
	seen int
	hits int
}

// AddFault adds a fault from now on. Calls that match are counted from now on.
func (w *World) AddFault(f Fault) {
	w.faults = append(w.faults, &faultState{Fault: f, base: !hasSlash(f.Path)})
	for o := range w.faulty {
		w.faulty[o] = w.faulty[o] || f.Op == OpAny || f.Op == Op(o)
	}
}

func hasSlash(pattern string) bool {
	for i := range len(pattern) {
		if pattern[i] == '/' {
			return true
		}
	}
	return false
}

// FaultHits returns how often each fault has happened, in the order in which they were added.
func (w *World) FaultHits() []int {
	hits := make([]int, len(w.faults))
	for i, f := range w.faults {
		hits[i] = f.hits
	}
	return hits
}

func (f *faultState) matches(t *Task, name string) bool {
	if f.Op != OpAny && f.Op != t.op || f.Process != "" && f.Process != t.proc.name {
		return false
	}
	if f.Path == "" {
		return true
	}
	if f.base {
		name = path.Base(name)
	}
	ok, _ := path.Match(f.Path, name)
	return ok
}

// strike lets the faults of a call happen that come before its effect, or after it. It returns the error that the call fails with, and how many bytes it may transfer.
func (w *World) strike(t *Task, name string, after bool) (err syscall.Errno, bytes int) {
	bytes = -1
	for _, f := range w.faults {
		if f.After != after || !f.matches(t, name) {
			continue
		}
		f.seen++
		if f.Nth != 0 && f.Nth != f.seen {
			continue
		}
		f.hits++
		t.proc.happened(Struck)
		if w.config.Trace != nil {
			w.config.Trace(Record{Step: w.steps, Time: w.now, Task: t, Op: t.op, Path: name, Fault: f.Kind, Note: "fault: " + f.Kind.String()})
		}
		w.hash = scramble(w.hash ^ uint64(f.Kind))
		switch f.Kind {
		case Error:
			err = f.Err
		case Delay:
			w.pause(t, f.For)
		case Stop:
			t.proc.Stop()
			if f.For > 0 {
				p := t.proc
				w.after(f.For, p.Continue)
			}
			w.pause(t, 0)
		case Kill:
			t.proc.Kill()
			panic(killed{})
		case Power:
			if w.onPower != nil {
				w.onPower(t.proc.machine)
			}
			w.check(t)
		case Short:
			bytes = f.Bytes
		case Spurious:
			err = syscall.EINTR
		}
	}
	return err, bytes
}

// OnPowerLoss says what a [Power] fault does to a machine: it calls [Machine.PowerLoss], and starts processes anew if need be.
func (w *World) OnPowerLoss(f func(*Machine)) { w.onPower = f }
