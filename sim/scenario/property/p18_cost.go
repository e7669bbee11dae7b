package property

import (
	"slices"
	"time"
)

// P18: a lock that nobody else wants costs a fixed number of calls, and waiting a bounded number in a second.
const costSentence = "A lock that nobody else wants costs a fixed number of calls, and waiting a bounded number in a second."

// The calls of an acquisition that finds the lock free, opening the file and making its directory included, and what options add. They are upper bounds: of a second acquisition
// without options the engine makes three calls.
const (
	callsToAcquire  = 60
	callsOfLifetime = 40
	callsOfFencing  = 40
	// callsPerMoment is for a waiter that looks at the lock every millisecond, as one does at first that polls, with a look at who waits and, with a lifetime, at the record; and callsPerSecond for
	// one that waits in the kernel.
	callsPerMoment = 30
	callsPerSecond = 4000
	// guardedCalls are those that somebody makes who gives up what is over by the clock, in which the lock or its record is locked still: others look again and again for a lock that nobody has.
	guardedCalls = 20
)

type cost struct{}

func (cost) begin(*facts) {}

func (cost) event(f *facts, e *Event) {
	if e.Kind != Acquired && e.Kind != AcquireFailed {
		return
	}
	c, l := f.client(e.Client), f.lock(e)
	if f.peer(e.Process) || c.disturbed || c.struck < f.process(e.Process).struck {
		return
	}
	most := int32(callsToAcquire)
	moments := func(d time.Duration) int32 { return f.callsPerMoment() * int32(min(d/time.Millisecond, 1<<24)) }
	waited := f.now - c.at
	if l.Lifetime > 0 {
		most += callsOfLifetime
	}
	if f.paths[l.Path-1].lived {
		most += moments(min(waited, f.in(0, guardedCalls)))
	}
	if l.Fencing {
		most += callsOfFencing
	}
	// A look at the context of a hold that is over by the clock gives up that lock first, and waits for whoever reads its record.
	within := c.outer != 0 && f.grantOf(c.outer).latest != Never
	if !c.alone || f.paths[c.path-1].wedged || within || f.trouble >= c.at || f.someFrozen() || f.robbed(c.path) || f.Peers != nil || !f.bounded() {
		most = 10*most + moments(waited)
	}
	if calls := e.Calls - c.calls; calls > most {
		f.violate("P18", "an acquisition of %s by %s made %d calls in %v, of at most %d", f.PathName(c.path), f.ClientName(e.Client), calls, waited, most)
	}
}

func (cost) end(*facts, *Tables) {}

// callsPerMoment returns how many calls a waiter may make in a millisecond.
func (f *facts) callsPerMoment() int32 {
	if f.Polls {
		return callsPerMoment
	}
	return callsPerSecond / 1000
}

// someFrozen reports whether a process is frozen: it may keep what others need beside the lock.
func (f *facts) someFrozen() bool {
	return slices.ContainsFunc(f.processes, func(p process) bool { return p.frozen })
}
