package scenario

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/lock"
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
}

// result is what came of a step.
type result struct {
	outcome Outcome
	err     error
	token   uint64
	depth   int
	took    time.Duration
	calls   int
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

func (c *client) host() *host { return c.r.processes[c.process].host }

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

// about begins an event that the client causes.
func (c *client) about(kind property.Kind, lock int) property.Event {
	return property.Event{Kind: kind, Process: int32(c.process + 1), Client: int32(c.index + 1), Lock: int32(lock + 1), Calls: int32(c.task.Calls())}
}

func (c *client) lock(p *process, o *op) result {
	r := c.r
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
		h := &r.holds[outer]
		if h.ctx == nil {
			h.ctx = h.Context()
		}
		ctx = h.ctx
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
		r.acquireEnded(c, o, called, 0, false)
		if stop != nil {
			stop()
		}
		return res
	}
	number := int32(len(r.holds))
	r.holds = append(r.holds, hold{Hold: h, end: stop, client: c.index, process: c.process, lock: o.lock, token: h.Token(), since: r.world.Now(), called: called, depth: h.Depth(), live: true, open: true,
		expires: r.program.scenario.Locks[o.lock].Lifetime > 0})
	r.slots[o.slot] = number
	rec := &r.holds[number]
	if rec.expires {
		rec.ctx = h.Context()
	}
	e = c.about(property.Acquired, o.lock)
	e.Hold, e.Outer, e.Depth, e.Token = number, outer, int32(rec.depth), rec.token
	r.told(e)
	if rec.depth <= 1 {
		r.acquireEnded(c, o, called, rec.token, true)
	}
	return result{outcome: OK, token: rec.token, depth: rec.depth}
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
	all := o.Verb == VerbUnlockAll
	called := r.world.Now()
	e := c.about(property.ReleaseCalled, o.lock)
	e.Hold, e.All = number, all
	r.told(e)
	h := &r.holds[number]
	last := h.live && (all || h.Depth() == 1)
	var err error
	if all {
		err = h.ReleaseAll()
	} else {
		err = h.Release()
	}
	h = &r.holds[number] // the slice may have grown
	res := result{outcome: outcomeOf(err), err: err}
	e = c.about(property.ReleaseReturned, o.lock)
	e.Hold, e.All, e.Result, e.Ended = number, all, propertyResult(res.outcome), r.ContextEnded(number)
	r.told(e)
	outermost := h.depth <= 1
	if res.outcome != Failed {
		h.live, h.open = false, false
	}
	switch {
	case res.outcome == Expired:
		r.holdExpired(number)
	case last || res.outcome != OK && outermost:
		r.releaseEnded(c, h.lock, called, res.outcome)
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
	st, err := l.Status()
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
			c.r.acquireEnded(c, o, called, 0, false)
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
		c.r.holds = append(c.r.holds, hold{client: c.index, process: c.process, lock: o.lock, since: c.r.world.Now(), called: called, depth: 1, live: true})
		e := c.about(property.Acquired, o.lock)
		e.Hold, e.Depth = number, 1
		c.r.told(e)
		c.r.acquireEnded(c, o, called, 0, true)
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
		c.r.releaseEnded(c, o.lock, called, OK)
	}
	return result{outcome: outcomeOf(err), err: err}
}

// A process that has closed its locks is looked at so many times, with a pause between, before what has not ended counts as left behind.
const (
	settleLooks = 100
	settlePause = 20 * time.Millisecond
)

// leftTasks returns the tasks of a process that are no clients.
func (r *Runner) leftTasks(p *process) []*sim.Task {
	var left []*sim.Task
	for _, t := range p.sim.Tasks() {
		if t.ID() >= len(r.byTask) || r.byTask[t.ID()] == 0 {
			left = append(left, t)
		}
	}
	return left
}

// closeLocks ends a process that has nothing to do any more, unless it has holds left, and takes stock of what it leaves.
func (r *Runner) closeLocks(c *client) {
	p := &r.processes[c.process]
	for i := range r.holds {
		if h := &r.holds[i]; h.open && h.process == c.process {
			return
		}
	}
	if len(p.bare) > 0 {
		return
	}
	for _, l := range p.locks {
		if l != nil {
			l.Close()
		}
	}
	for range settleLooks { // what is about to begin or to end may do so
		if len(r.leftTasks(p)) == 0 {
			break
		}
		c.host().Sleep(context.Background(), settlePause)
	}
	l := &property.Leftover{Process: int32(c.process + 1), Files: p.sim.OpenFiles(), Watched: p.sim.Undropped()}
	for _, t := range r.leftTasks(p) {
		l.Tasks = append(l.Tasks, t.String()+" in "+t.Op().String())
	}
	if len(l.Files) > 0 {
		l.Locked = r.locked(p)
	}
	p.leftover = l
}

// locked returns the lock files that a process has locked.
func (r *Runner) locked(p *process) []int32 {
	var list []int32
	for i, name := range r.program.paths {
		info, err := r.disk().Lstat(rootUser, name)
		if err != nil {
			continue
		}
		table, err := p.sim.LockTable(name, info.ID)
		if err == nil && slices.ContainsFunc(table.Owners, func(o fs.LockOwner) bool { return o.PID == p.sim.PID() && !o.Waiting }) {
			list = append(list, int32(i+1))
		}
	}
	return list
}

// outcomeOf says in the words of the language what an error means.
func outcomeOf(err error) Outcome {
	switch {
	case err == nil:
		return OK
	case errors.Is(err, lock.ErrDeadlock):
		return Deadlock
	case errors.Is(err, lock.ErrNotHeld):
		return NotHeld
	case errors.Is(err, lock.ErrLost):
		return Expired
	case errors.Is(err, lock.ErrTimeout), errors.Is(err, context.DeadlineExceeded):
		return Timeout
	case errors.Is(err, context.Canceled), errors.Is(err, lock.ErrCanceled):
		return Canceled
	case errors.Is(err, lock.ErrClosed):
		return Closed
	case errors.Is(err, lock.ErrSettings):
		return Settings
	case errors.Is(err, fs.ErrNoLocks):
		return Unsupported
	}
	return Failed
}

// propertyResult says the same in the words of the properties.
func propertyResult(o Outcome) property.Result {
	switch o {
	case OK:
		return property.OK
	case Timeout:
		return property.TimedOut
	case Canceled:
		return property.Canceled
	case Deadlock:
		return property.Deadlock
	case Expired:
		return property.Expired
	case NotHeld:
		return property.NotHeld
	case Closed:
		return property.Closed
	}
	return property.Error
}
