package campaign

import (
	"slices"

	"github.com/holdfast-lock/holdfast/sim"
	"github.com/holdfast-lock/holdfast/sim/scenario"
)

// ofWaiting are the properties that a scenario can break with any engine: whoever is made to keep a lock for ever lets others wait with reason.
var ofWaiting = []string{"P6", "P7", "P11", "limit"}

// slot is where a hold is kept: by its name in the process, or else by its lock with the client.
type slot struct{ owner, hold string }

func slotOf(client, lock, hold string) slot {
	if hold != "" {
		return slot{process(client), hold}
	}
	return slot{client, " " + lock} // which is no name of a hold
}

// kept is a hold that was acquired and not released yet, as far as the text of a scenario tells.
type kept struct {
	client, path string
	lock         string
	in           slot // it was acquired from inside
	releases     int
}

// sensible reports whether a scenario lets everybody go on who does what it says: every hold is released, as often as that can be refused, before another one takes over its name, and nobody waits for
// itself. Acquisitions from inside a hold may: they are to be refused.
func sensible(s *scenario.Scenario) bool {
	refusals := refusals(s)
	locks := make(map[string]scenario.Lock)
	for _, l := range s.Locks {
		locks[l.Name] = l
	}
	open := make(map[slot]*kept)
	fine := true
	each(s, func(step *scenario.Step) {
		switch step.Verb {
		case scenario.VerbLock:
			l := locks[step.Lock]
			own := slotOf(step.Client, step.Lock, step.Hold)
			h := &kept{client: step.Client, path: l.Path, lock: l.Name}
			if step.In != "" {
				h.in = inSlot(step, locks)
			}
			waits := !step.Try && !l.NoWait && step.For == 0 && l.Timeout == 0
			fine = fine && open[own] == nil && !(waits && forItself(open, h, l.Shared))
			open[own] = h
		case scenario.VerbUnlock, scenario.VerbUnlockAll:
			own := slotOf(step.Client, step.Lock, step.Hold)
			if h := open[own]; h != nil {
				if h.releases++; h.releases > refusals {
					delete(open, own)
				}
			}
		}
	})
	return fine && len(open) == 0
}

// inSlot returns the hold that an acquisition is made inside of: it is named by its own name, or by that of its lock.
func inSlot(s *scenario.Step, locks map[string]scenario.Lock) slot {
	if _, isLock := locks[s.In]; isLock {
		return slotOf(s.Client, s.In, "")
	}
	return slotOf(s.Client, s.Lock, s.In)
}

// forItself reports whether a client that acquires h has the lock already, and does not say so.
func forItself(open map[slot]*kept, h *kept, shared bool) bool {
	said := make(map[slot]bool)
	for in := h.in; !said[in]; {
		said[in] = true
		if outer := open[in]; outer != nil {
			in = outer.in
		}
	}
	for at, o := range open {
		if o.client == h.client && o.path == h.path && !said[at] && !(shared && o.lock == h.lock) {
			return true
		}
	}
	return false
}

// refusals returns how many releases can be refused at most.
func refusals(s *scenario.Scenario) int {
	n := 0
	for _, f := range s.Faults {
		if f.Kind != sim.Error || f.Op != sim.OpAny && !slices.ContainsFunc(s.Locks, func(l scenario.Lock) bool { return releasing(l.Kind, f.Op) }) {
			continue
		}
		if f.Nth == 0 {
			return 1 << 30
		}
		n++
	}
	return n
}

// mustBeSensible reports whether only sensible scenarios that break a property say something of the lock. Those made of one that is not sensible itself cannot be held to that.
func mustBeSensible(s *scenario.Scenario, property string) bool {
	return slices.Contains(ofWaiting, property) && sensible(s)
}
