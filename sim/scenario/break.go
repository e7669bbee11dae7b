package scenario

import (
	"context"
	"errors"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/lock"
	"github.com/holdfast-lock/holdfast/sim/scenario/property"
)

// judged is what a client has seen of a lock that it may break.
type judged struct {
	lock    int // less 1; 0 for none
	looking bool
	file    uint64 // that the record was read from
	record  *lock.Record
}

// look looks at a lock, and keeps what that shows.
func (c *client) look(l *lock.Lock, number int) (lock.Status, error) {
	c.judged = judged{lock: number + 1, looking: true}
	st, err := l.Status()
	c.judged.looking, c.judged.record = false, st.Record
	return st, err
}

// breakLock breaks what the client's last status of the lock has shown. If it has broken something since, or did not look, it looks first.
func (c *client) breakLock(p *process, o *op) result {
	l := p.locks[o.lock]
	if l == nil {
		return result{outcome: outcomeOf(p.errs[o.lock]), err: p.errs[o.lock]}
	}
	if c.judged.lock != o.lock+1 {
		if _, err := c.look(l, o.lock); err != nil {
			return result{outcome: outcomeOf(err), err: err}
		}
	}
	j := c.judged
	c.judged = judged{}
	e := c.about(property.BreakCalled, o.lock)
	e.File = j.file
	c.r.told(e)
	err := l.Break(j.record)
	res := result{outcome: brokenOutcome(err), err: err}
	e = c.about(property.BreakReturned, o.lock)
	e.Result = propertyResult(res.outcome)
	c.r.told(e)
	return res
}

// clean removes what was left in a directory and nothing can own.
func clean(host fs.Host, dir string) error {
	found, err := lock.Leftovers(context.Background(), dir, true, lock.Host(host))
	if err != nil {
		return err
	}
	for i := range found {
		if found[i].Keep != "" {
			continue
		}
		if err := found[i].Remove(); err != nil && !errors.Is(err, lock.ErrChanged) {
			return err
		}
	}
	return nil
}

// brokenOutcome says in the words of the language what came of breaking.
func brokenOutcome(err error) Outcome {
	if errors.Is(err, fs.ErrUnsupported) {
		return Unsupported
	}
	return outcomeOf(err)
}
