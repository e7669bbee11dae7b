package scenario

import (
	"time"

	"github.com/holdfast-lock/holdfast/linearize"
	"github.com/holdfast-lock/holdfast/model"
	"github.com/holdfast-lock/holdfast/sim/scenario/property"
)

// The calls of the clients, as package linearize judges them: the outermost level of each hold.

func (r *Runner) historyClient(c *client) linearize.Client {
	return linearize.Client{Process: r.processes[c.process].number, Task: taskOf(r.program.clients[c.index].name)}
}

// recorded reports whether the calls of a lock are kept. Of one that is shared, it is not known which levels are one hold.
func (r *Runner) recorded(lock int) bool {
	return r.histories != nil && !r.program.setup.Locks[lock].Shared
}

func (r *Runner) record(lock int, o linearize.Operation) {
	h := &r.histories[r.program.setup.Locks[lock].Path-1]
	h.Operations = append(h.Operations, o)
}

// acquireEnded records an acquisition that has returned. The hold that it got, if it got one of its own, is owed an end from now on.
func (r *Runner) acquireEnded(c *client, o *op, called time.Duration, number int32) {
	if !r.recorded(o.lock) {
		return
	}
	h := &r.holds[number] // that with the number 0 is none
	r.record(o.lock, linearize.Operation{Client: r.historyClient(c), Kind: model.Acquire, Call: called, Return: r.world.Now(), OK: number > 0, Token: h.token})
	h.owed = number > 0
}

// releaseEnded records the first release of a level that has given up the last one, or was refused because there is none: of a hold that has ended, that says nothing. One that failed has changed nothing.
func (r *Runner) releaseEnded(c *client, number int32, called time.Duration, o Outcome) {
	h := &r.holds[r.holds[number].root]
	if !h.owed || o != NotHeld && (o != OK || r.holds[number].levels() > 0) {
		return
	}
	end := linearize.Operation{Client: r.historyClient(c), Kind: model.Release, Call: called, Return: r.world.Now(), OK: o == OK}
	if end.OK {
		h.owed = false
		end.Client, end.Kind = r.historyClient(&r.clients[h.client]), h.endBy(c)
	}
	r.record(h.lock, end)
}

// endBy is what the release by a client is to whoever has the hold: it can be another one.
func (h *hold) endBy(c *client) model.Kind {
	if c.index == h.client {
		return model.Release
	}
	return model.End
}

// levels returns how many levels of the hold are not released.
func (h *hold) levels() int {
	if h.Hold == nil { // one of filelock, or on the file alone
		return 0
	}
	return h.Depth()
}

// releases returns the number of the hold that the client is releasing, 0 if it is not.
func (c *client) releases() int32 {
	if c.current == nil || c.current.Verb != VerbUnlock && c.current.Verb != VerbUnlockAll {
		return 0
	}
	return c.r.slots[c.current.slot]
}

// holdExpired records that a hold has ended by itself, at some time since its lifetime can have passed.
func (r *Runner) holdExpired(number int32) {
	r.recordExpiry(&r.holds[r.holds[number].root], property.Never)
}

// recordExpiry is holdExpired of a hold that may have been released at a time, or later.
func (r *Runner) recordExpiry(h *hold, released time.Duration) {
	if !h.owed {
		return
	}
	h.owed = false
	earliest := h.called + r.program.setup.Locks[h.lock].Lasts()
	r.record(h.lock, linearize.Operation{Client: r.historyClient(&r.clients[h.client]), Kind: model.End, Call: min(released, earliest), Return: max(earliest, r.world.Now())})
}

// expireHolds records the holds of a process, or of all if it is negative, that have ended by now without anybody asking.
func (r *Runner) expireHolds(process int) {
	for i := range r.holds {
		if h := &r.holds[i]; h.owed && (process < 0 || h.process == process) && r.canHaveExpired(h) {
			r.recordExpiry(h, property.Never)
		}
	}
}

func (r *Runner) canHaveExpired(h *hold) bool {
	life := r.program.setup.Locks[h.lock].Lasts()
	return life > 0 && r.world.Now() >= h.called+life
}

// recordUnreturned records the release of a last level that a client was making when it died, or when the run ended: it may have had its effect, unless the hold has expired before.
func (r *Runner) recordUnreturned(c *client) {
	number := c.releases()
	if number == 0 {
		return
	}
	h := &r.holds[r.holds[number].root]
	switch {
	case !h.owed || r.holds[number].levels() > 1 && c.current.Verb != VerbUnlockAll:
	case r.canHaveExpired(h):
		r.recordExpiry(h, c.started)
	default:
		h.owed = false
		r.record(h.lock, linearize.Operation{Client: r.historyClient(&r.clients[h.client]), Kind: h.endBy(c), Call: c.started, Return: linearize.Never})
	}
}

// recordDeath records that a process is gone.
func (r *Runner) recordDeath(p *process) {
	if r.histories == nil {
		return
	}
	for _, k := range r.program.processes[p.index].clients {
		r.recordUnreturned(&r.clients[k])
	}
	r.expireHolds(p.index)
	for i := range r.holds {
		if h := &r.holds[i]; h.process == p.index {
			h.owed = false // it has ended with the process
		}
	}
	for i := range r.histories {
		if !r.set.Outlives(int32(i + 1)) {
			r.histories[i].Killed(p.number, r.world.Now())
		}
	}
}

// recordStop records that a process has been stopped until now.
func (r *Runner) recordStop(p *process) {
	for i := range r.histories {
		r.histories[i].Stopped(p.number, p.frozenAt, r.world.Now())
	}
}

// spoilHistory takes note that somebody has taken the file of a lock away while it was held: nothing can keep the next one from being inside as well.
func (r *Runner) spoilHistory(path int32) {
	for i := 1; i < len(r.holds); i++ {
		if h := &r.holds[i]; h.live && r.program.setup.Locks[h.lock].Path == path {
			r.spoiled |= 1 << path
		}
	}
	for i := range r.clients { // it may hold it already, and not know it yet
		if o := r.clients[i].current; o != nil && o.lock >= 0 && r.program.setup.Locks[o.lock].Path == path {
			r.spoiled |= 1 << path
		}
	}
}

// closeHistories leaves out those that say nothing, and records what is under way and the holds that have ended without anybody asking.
func (r *Runner) closeHistories() {
	for i := range r.clients {
		r.recordUnreturned(&r.clients[i])
	}
	r.expireHolds(-1)
	for i := range r.histories {
		if r.spoiled&(2<<i) != 0 || r.set.Excused(int32(i+1)) {
			r.histories[i] = linearize.History{}
		}
	}
}
