package scenario

import (
	"context"
	"errors"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/sim"
	"github.com/holdfast-lock/holdfast/sim/scenario/property"
)

// errHook is what the function given to OnAcquired returns.
var errHook = errors.New("the hook fails")

// client is a task of a process that does steps.
type client struct {
	r       *Runner
	index   int
	process int
	task    *sim.Task
	event   fs.Event // that it waits for while it has nothing to do
	job     []op     // that it was given, and has not begun
	current *op      // that it is doing; nil: none
	started time.Duration
	calls   int
	last    *op // with Async, that was done and not waited for
	result  result
	cancel  context.CancelCauseFunc // of the pending call
	closing bool                    // it closes the locks of its process and ends
	judged  judged
}

func (c *client) main() {
	c.task = c.r.world.Current()
	for len(c.r.byTask) <= c.task.ID() {
		c.r.byTask = append(c.r.byTask, 0)
	}
	c.r.byTask[c.task.ID()] = int32(c.index + 1)
	for {
		for len(c.job) > 0 {
			o := &c.job[0]
			c.job = c.job[1:]
			c.step(o)
		}
		if c.closing {
			c.r.closeLocks(c)
			return
		}
		c.r.ring()
		if len(c.job) > 0 || c.closing { // given meanwhile
			continue
		}
		c.event = c.host().NewEvent()
		c.event.Wait(context.Background())
		c.event = nil
	}
}

// give gives the client something to do.
func (c *client) give(job []op) {
	c.job = job
	if c.event != nil {
		c.event.Set()
	}
}

// idle reports whether the client has done what it was given, or cannot.
func (c *client) idle() bool {
	return len(c.job) == 0 && c.current == nil || c.r.processes[c.process].sim.Dead()
}

func (c *client) host() *sim.Process { return c.r.processes[c.process].sim }

// step does a step and judges what came of it.
func (c *client) step(o *op) {
	r := c.r
	c.current, c.started, c.calls = o, r.world.Now(), c.task.Calls()
	res := c.do(o)
	res.took, res.calls = r.world.Now()-c.started, c.task.Calls()-c.calls
	c.current, c.cancel = nil, nil
	if o.Async {
		c.last, c.result = o, res
		r.tell(o.Step, res)
		return
	}
	r.tell(o.Step, res)
	r.verify(o, &res)
}

// do does a step.
func (c *client) do(o *op) result {
	p := &c.r.processes[c.process]
	switch o.Verb {
	case VerbLock:
		return c.lock(p, o)
	case VerbUnlock, VerbUnlockAll:
		return c.unlock(o)
	case VerbSleep:
		c.host().Sleep(context.Background(), o.For)
		return result{}
	case VerbWork:
		c.host().Work(o.For)
		return result{}
	case VerbVouch:
		return c.vouch(o)
	case VerbStatus:
		return c.status(p, o)
	case VerbBreak:
		return c.breakLock(p, o)
	case VerbClean:
		err := clean(p.sim, o.Path)
		return result{outcome: outcomeOf(err), err: err}
	case VerbOpen:
		if p.locks[o.lock] == nil {
			p.locks[o.lock], p.errs[o.lock] = c.r.newLock(p, o.lock)
		}
		return result{outcome: outcomeOf(p.errs[o.lock]), err: p.errs[o.lock]}
	case VerbClose:
		if p.locks[o.lock] == nil {
			return result{outcome: Nothing}
		}
		err := p.locks[o.lock].Close()
		return result{outcome: outcomeOf(err), err: err}
	case VerbExec:
		c.r.children[o.child] = p.sim.Exec(o.Who)
		return result{}
	case VerbFork:
		c.r.children[o.child] = p.sim.Fork(o.Who)
		c.r.told(property.Event{Kind: property.Forked, Process: int32(c.process + 1)})
		return result{}
	case VerbWrite:
		err := c.write(o)
		return result{outcome: outcomeOf(err), err: err}
	case VerbFlock:
		return c.flock(p, o)
	case VerbFunlock:
		return c.funlock(p, o)
	}
	return result{}
}

// write writes a file as a program does that knows no locks.
func (c *client) write(o *op) error {
	f, err := c.host().Open(o.Path, fs.ReadWrite|fs.Create, 0o666)
	if err != nil {
		return err
	}
	err = f.Truncate(0)
	if err == nil {
		_, err = f.WriteAt([]byte(o.Text), 0)
	}
	return errors.Join(err, f.Close())
}
