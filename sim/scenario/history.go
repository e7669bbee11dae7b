package scenario

import (
	"time"

	"github.com/holdfast-lock/holdfast/linearize"
	"github.com/holdfast-lock/holdfast/model"
)

// The calls of the clients, as package linearize judges them: the outermost level of each hold.

func (r *Runner) historyClient(c *client) linearize.Client {
	return linearize.Client{Process: r.processes[c.process].number, Task: taskOf(r.program.clients[c.index].name)}
}

func (r *Runner) record(lock int, o linearize.Operation) {
	h := &r.histories[r.program.setup.Locks[lock].Path-1]
	h.Operations = append(h.Operations, o)
}

// acquireEnded records an acquisition that has returned.
func (r *Runner) acquireEnded(c *client, o *op, called time.Duration, token uint64, ok bool) {
	if r.options.History && !r.program.setup.Locks[o.lock].Shared {
		r.record(o.lock, linearize.Operation{Client: r.historyClient(c), Kind: model.Acquire, Call: called, Return: r.world.Now(), OK: ok, Token: token})
	}
}

// releaseEnded records the release of the last level. One that failed has changed nothing.
func (r *Runner) releaseEnded(c *client, lock int, called time.Duration, o Outcome) {
	ok := o == OK
	if r.options.History && (ok || o == NotHeld) && !r.program.setup.Locks[lock].Shared {
		r.record(lock, linearize.Operation{Client: r.historyClient(c), Kind: model.Release, Call: called, Return: r.world.Now(), OK: ok})
	}
}

// holdExpired records that a hold has ended by itself, at some time since its lifetime can have passed.
func (r *Runner) holdExpired(number int32) {
	h := &r.holds[number]
	if h.expires && r.options.History && h.depth <= 1 && !r.program.setup.Locks[h.lock].Shared {
		earliest := h.called + r.program.setup.Locks[h.lock].Lifetime
		r.record(h.lock, linearize.Operation{Client: r.historyClient(&r.clients[h.client]), Kind: model.End, Call: earliest, Return: max(earliest, r.world.Now())})
	}
	h.expires = false
}

// expireHolds records the holds of a process, or of all if it is negative, that have ended by now without anybody asking.
func (r *Runner) expireHolds(process int) {
	for i := 1; i < len(r.holds); i++ {
		h := &r.holds[i]
		if h.live && h.expires && (process < 0 || h.process == process) && r.world.Now() >= h.called+r.program.setup.Locks[h.lock].Lifetime {
			r.holdExpired(int32(i))
		}
	}
}

// recordUnreturned records the release of a last level that a client was making when it died: it may have had its effect, unless the hold has expired before.
func (r *Runner) recordUnreturned(c *client) {
	if c.current == nil || c.current.Verb != VerbUnlock && c.current.Verb != VerbUnlockAll {
		return
	}
	h := &r.holds[r.slots[c.current.slot]]
	if h.peer != nil && h.open {
		r.record(h.lock, linearize.Operation{Client: r.historyClient(c), Kind: model.Release, Call: c.started, Return: linearize.Never})
	}
	if h.Hold == nil || !h.open || h.Hold.Depth() > 1 && c.current.Verb != VerbUnlockAll || r.program.setup.Locks[h.lock].Shared {
		return
	}
	end := linearize.Operation{Client: r.historyClient(c), Kind: model.Release, Call: c.started, Return: linearize.Never}
	if earliest := h.called + r.program.setup.Locks[h.lock].Lifetime; h.expires && r.world.Now() >= earliest {
		end.Kind, end.Call = model.End, min(c.started, earliest)
		h.expires = false
	}
	r.record(h.lock, end)
}

// recordDeath records that a process is gone.
func (r *Runner) recordDeath(p *process) {
	if !r.options.History {
		return
	}
	for _, k := range r.program.processes[p.index].clients {
		r.recordUnreturned(&r.clients[k])
	}
	r.expireHolds(p.index)
	for i := range r.histories {
		r.histories[i].Killed(p.number, r.world.Now())
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

// closeHistories leaves out those that say nothing, and records the holds that have ended without anybody asking.
func (r *Runner) closeHistories() {
	r.expireHolds(-1)
	for i := range r.histories {
		if r.spoiled&(2<<i) != 0 || r.set.Excused(int32(i+1)) {
			r.histories[i] = linearize.History{}
		}
	}
}
