package scenario

import (
	"context"
	"time"

	"github.com/holdfast-lock/holdfast/lock"
	"github.com/holdfast-lock/holdfast/sim/scenario/property"
)

// about begins an event that the client causes.
func (c *client) about(kind property.Kind, lock int) property.Event {
	return property.Event{Kind: kind, Process: int32(c.process + 1), Client: int32(c.index + 1), Lock: int32(lock + 1), Calls: int32(c.task.Calls())}
}

func (c *client) lock(p *process, o *op) result {
	r := c.r
	if r.program.processes[c.process].peer {
		return c.lockPeer(o)
	}
	l := p.locks[o.lock]
	if l == nil {
		return result{outcome: outcomeOf(p.errs[o.lock]), err: p.errs[o.lock]}
	}
	r.slots[o.slot] = 0
	ctx := context.Background()
	outer := int32(0)
	if o.in >= 0 {
		if outer = r.slots[o.in]; outer == 0 {
			return result{outcome: Nothing}
		}
		if r.holds[outer].ctx == nil {
			ctx := r.holds[outer].Context() // others run meanwhile if the hold is ending, and the slice may grow
			r.holds[outer].ctx = ctx
		}
		ctx = r.holds[outer].ctx
	}
	var stop func()
	if o.Deadline {
		limited, cancel := c.host().WithTimeout(ctx, o.For, nil)
		ctx, stop = limited, cancel
	}
	if r.program.clients[c.index].cancels {
		cancelable, cancel := c.host().WithCancel(ctx)
		before := stop
		ctx, c.cancel = cancelable, cancel
		stop = func() {
			cancel(nil)
			if before != nil {
				before()
			}
		}
	}
	called := r.world.Now()
	e := c.about(property.AcquireCalled, o.lock)
	e.Outer, e.Try, e.Until = outer, o.Try || r.program.scenario.Locks[o.lock].NoWait, r.until(o)
	r.told(e)
	h, err := l.Acquire(ctx, o.options...)
	c.cancel = nil
	if err != nil {
		res := result{outcome: outcomeOf(err), err: err}
		e := c.about(property.AcquireFailed, o.lock)
		e.Outer, e.Result = outer, propertyResult(res.outcome)
		r.told(e)
		r.acquireEnded(c, o, called, 0)
		if stop != nil {
			stop()
		}
		return res
	}
	number := int32(len(r.holds))
	r.holds = append(r.holds, hold{Hold: h, end: stop, client: c.index, process: c.process, lock: o.lock, token: h.Token(), since: r.world.Now(), called: called, depth: h.Depth(), live: true, open: true,
		expires: r.program.setup.Locks[o.lock].Lasts() > 0, outer: outer, root: number})
	r.slots[o.slot] = number
	if r.holds[number].depth > 1 {
		r.holds[number].root = r.rootOf(&r.holds[number])
	}
	if r.holds[number].expires {
		ctx := h.Context()
		r.holds[number].ctx = ctx
	}
	rec := &r.holds[number]
	e = c.about(property.Acquired, o.lock)
	e.Hold, e.Outer, e.Depth, e.Token = number, outer, int32(rec.depth), rec.token
	r.told(e)
	if rec.depth <= 1 {
		r.acquireEnded(c, o, called, number)
	}
	return result{outcome: OK, token: rec.token, depth: rec.depth}
}

// rootOf returns the outermost level of a hold that went deeper: that of the next one of the same Lock that it is inside of.
func (r *Runner) rootOf(h *hold) int32 {
	locks := r.processes[h.process].locks
	for n := h.outer; n > 0; n = r.holds[n].outer {
		if locks[r.holds[n].lock] == locks[h.lock] {
			return r.holds[n].root
		}
	}
	return h.root
}

// until returns when a wait that begins now ends by itself.
func (r *Runner) until(o *op) time.Duration {
	d := o.For
	if d == 0 || o.Deadline {
		if t := r.program.scenario.Locks[o.lock].Timeout; t > 0 && (d == 0 || t < d) {
			d = t
		}
	}
	if d == 0 {
		return property.Never
	}
	return r.world.Now() + d
}

func (c *client) unlock(o *op) result {
	r := c.r
	number := r.slots[o.slot]
	if number == 0 {
		return result{outcome: Nothing}
	}
	if r.holds[number].peer != nil {
		return c.unlockPeer(number)
	}
	all := o.Verb == VerbUnlockAll
	called := r.world.Now()
	e := c.about(property.ReleaseCalled, o.lock)
	e.Hold, e.All = number, all
	r.told(e)
	h := &r.holds[number]
	var err error
	if all {
		err = h.ReleaseAll()
	} else {
		err = h.Release()
	}
	h = &r.holds[number] // the slice may have grown
	res := result{outcome: outcomeOf(err), err: err}
	e = c.about(property.ReleaseReturned, o.lock)
	e.Hold, e.All, e.Result, e.Ended, e.Depth = number, all, propertyResult(res.outcome), r.ContextEnded(number), int32(h.Depth())
	r.told(e)
	switch {
	case res.outcome == Expired:
		r.holdExpired(number)
	case h.open:
		r.releaseEnded(c, number, called, res.outcome)
	}
	if propertyResult(res.outcome) != property.Error { // of whatever kind: then it goes on
		h.live, h.open = false, false
	}
	if h.end != nil && !h.live {
		end := h.end
		h.end = nil
		end()
	}
	return res
}

// vouch asks a hold whether it can be relied on.
func (c *client) vouch(o *op) result {
	r := c.r
	number := r.slots[o.slot]
	if number == 0 {
		return result{outcome: Nothing}
	}
	if r.holds[number].peer != nil {
		return c.vouchPeer(number)
	}
	e := c.about(property.LostCalled, o.lock)
	e.Hold = number
	r.told(e)
	err := r.holds[number].Lost()
	res := result{outcome: outcomeOf(err), err: err}
	e = c.about(property.LostReturned, o.lock)
	e.Hold, e.Result = number, propertyResult(res.outcome)
	r.told(e)
	if res.outcome == Expired {
		r.holds[number].live = false
		r.holdExpired(number)
	}
	return res
}

func (c *client) status(p *process, o *op) result {
	l := p.locks[o.lock]
	if l == nil {
		return result{outcome: outcomeOf(p.errs[o.lock]), err: p.errs[o.lock]}
	}
	st, err := c.look(l, o.lock)
	switch {
	case err != nil:
		return result{outcome: outcomeOf(err), err: err}
	case st.State == lock.StateFree:
		return result{outcome: Free, token: st.Token}
	case st.State == lock.StateHeld:
		return result{outcome: Held, token: st.Token}
	}
	return result{outcome: Unknown, token: st.Token}
}
