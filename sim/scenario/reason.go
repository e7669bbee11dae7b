package scenario

import (
	"fmt"
	"time"
)

// waitsWithReason reports whether a run that does not come to its end is none of the lock's doing: everybody who has been in a call of it for so long waits for somebody who holds it and does nothing, or
// waits as well. Those who hold one lock and wait for another's are the scenario's to keep apart, and so is who waits for itself without saying what it holds.
func (r *Runner) waitsWithReason(long time.Duration) bool {
	for i := range r.clients {
		c := &r.clients[i]
		if c.current == nil || c.idle() || r.world.Now()-c.started <= long && long > 0 {
			continue
		}
		switch c.current.Verb {
		case VerbLock:
			if h := r.inTheWayOf(c); c.current.in >= 0 || h == nil {
				return false
			}
		case VerbUnlock, VerbUnlockAll, VerbVouch, VerbStatus, VerbBreak, VerbClean, VerbOpen, VerbClose:
			return false
		}
	}
	return true
}

// inTheWayOf returns a hold for whose end a client waits with reason, nil if there is none. Its own comes first.
func (r *Runner) inTheWayOf(c *client) (found *hold) {
	path := r.program.setup.Locks[c.current.lock].Path
	for i := 1; i < len(r.holds); i++ {
		h := &r.holds[i]
		if !h.live || h.expires || r.program.setup.Locks[h.lock].Path != path {
			continue
		}
		holder := &r.clients[h.client]
		if holder == c {
			return h
		}
		if holder.current == nil || holder.current.Verb == VerbLock || holder.current.Verb == VerbSleep || holder.current.Verb == VerbWork {
			found = h
		}
	}
	return found
}

// selfish says who waits for itself.
func (r *Runner) selfish() string {
	text := ""
	for i := range r.clients {
		c := &r.clients[i]
		if c.current == nil || c.idle() || c.current.Verb != VerbLock {
			continue
		}
		if h := r.inTheWayOf(c); h != nil && h.client == i {
			text += fmt.Sprintf("; %s waits for itself: it holds %s since %v, and did not say so with in", r.program.clients[i].name, r.program.setup.Locks[h.lock].Name, h.since)
		}
	}
	return text
}
