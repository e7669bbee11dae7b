package scenario

import (
	"context"
	"errors"
	"slices"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/sim/scenario/property"
)

// flock takes the bare lock of a file, as a program does that compares no names.
func (c *client) flock(p *process, o *op) result {
	f, err := c.host().Open(o.Path, fs.ReadWrite|fs.Create, 0o666)
	if err != nil {
		return result{outcome: outcomeOf(err), err: err}
	}
	called, held := c.r.world.Now(), false
	if o.lock >= 0 {
		e := c.about(property.AcquireCalled, o.lock)
		e.Try, e.Until = o.Try, property.Never
		c.r.told(e)
	}
	for !held && err == nil {
		if o.Try {
			held, err = f.TryLock(fs.Whole, fs.LockExclusive)
			break
		}
		held, err = f.WaitLock(context.Background(), fs.Whole, fs.LockExclusive)
	}
	if !held {
		if o.lock >= 0 {
			e := c.about(property.AcquireFailed, o.lock)
			if e.Result = property.TimedOut; err != nil {
				e.Result = property.Error
			}
			c.r.told(e)
			c.r.acquireEnded(c, o, called, 0)
		}
		f.Close()
		if err == nil {
			return result{outcome: Busy}
		}
		return result{outcome: outcomeOf(err), err: err}
	}
	number := int32(0)
	if o.lock >= 0 {
		number = int32(len(c.r.holds))
		c.r.holds = append(c.r.holds, hold{client: c.index, process: c.process, lock: o.lock, since: c.r.world.Now(), called: called, depth: 1, live: true, root: number})
		e := c.about(property.Acquired, o.lock)
		e.Hold, e.Depth = number, 1
		c.r.told(e)
		c.r.acquireEnded(c, o, called, number)
	}
	p.bare = append(p.bare, bareLock{o.Path, f, number})
	return result{outcome: OK}
}

func (c *client) funlock(p *process, o *op) result {
	i := slices.IndexFunc(p.bare, func(b bareLock) bool { return b.path == o.Path })
	if i < 0 {
		return result{outcome: Nothing}
	}
	f, number, called := p.bare[i].file, p.bare[i].number, c.r.world.Now()
	p.bare = slices.Delete(p.bare, i, i+1)
	if number > 0 {
		e := c.about(property.ReleaseCalled, o.lock)
		e.Hold = number
		c.r.told(e)
	}
	err := errors.Join(f.Unlock(fs.Whole), f.Close())
	if number > 0 {
		c.r.holds[number].live = false
		e := c.about(property.ReleaseReturned, o.lock)
		e.Hold, e.Ended = number, true
		c.r.told(e)
		c.r.releaseEnded(c, number, called, OK)
	}
	return result{outcome: outcomeOf(err), err: err}
}
