package sim

import (
	"context"
	"time"
)

// simContext is a context of the simulated machine. Its end and its cause are those of a context of the standard library, so that everything of package context works on it
// and on what descends from it; what waits for its end is told in the order in which it asked, on no other goroutine.
type simContext struct {
	context.Context // made by context.WithCancelCause
	world           *World
	cancel          context.CancelCauseFunc
	values          context.Context // where to look up values instead; nil if there is no difference
	parent          *simContext
	children        []*simContext
	waiters         []*Task
	hooks           []*hook
	err             error
	deadline        time.Time
	timer           *timer
}

// hook is a function that runs as a task at the end of a context.
type hook struct {
	proc *Process
	f    func()
}

type contextKey struct{}

func (c *simContext) Value(key any) any {
	if key == (contextKey{}) {
		return c
	}
	if c.values != nil {
		if v := c.Context.Value(key); v == any(c.Context) { // what package context finds its own by
			return v
		}
		return c.values.Value(key)
	}
	return c.Context.Value(key)
}

func (c *simContext) Err() error { return c.err }

func (c *simContext) Deadline() (time.Time, bool) {
	if !c.deadline.IsZero() {
		return c.deadline, true
	}
	return c.Context.Deadline()
}

// contextOf returns the simulated context that ctx ends with, nil for one that never ends.
func (w *World) contextOf(ctx context.Context) *simContext {
	if ctx.Done() == nil {
		return nil
	}
	if c, _ := ctx.Value(contextKey{}).(*simContext); c != nil && c.Done() == ctx.Done() {
		return c
	}
	if c := sameEnd(w.contexts, ctx); c != nil { // it has the end of one context and the values of another
		return c
	}
	if err := ctx.Err(); err != nil {
		return &simContext{Context: ctx, world: w, err: err}
	}
	panic("sim: a context that can end must be derived through the host (WithCancel, WithTimeout), or nobody could say when it ends")
}

func sameEnd(list []*simContext, ctx context.Context) *simContext {
	for _, c := range list {
		if c.Done() == ctx.Done() {
			return c
		}
		if d := sameEnd(c.children, ctx); d != nil {
			return d
		}
	}
	return nil
}

// newContext derives a context.
func (w *World) newContext(parent context.Context) *simContext {
	p := w.contextOf(parent)
	c := &simContext{world: w, parent: p}
	if p != nil && parent.Value(contextKey{}) != any(p) {
		c.values, parent = parent, p // package context would start a goroutine
	}
	c.Context, c.cancel = context.WithCancelCause(parent)
	switch {
	case p == nil:
		w.contexts = append(w.contexts, c)
	case p.err != nil:
		c.err = p.err
	default:
		p.children = append(p.children, c)
	}
	return c
}

// end ends the context and what descends from it.
func (c *simContext) end(err, cause error) {
	if c.err != nil {
		return
	}
	if p := c.parent; p == nil {
		c.world.contexts = without(c.world.contexts, c)
	} else if p.err == nil {
		p.children = without(p.children, c)
	}
	c.cancel(cause) // first: whoever is woken finds the cause
	c.tell(err)
}

func (c *simContext) tell(err error) {
	c.err = err
	if c.timer != nil {
		c.timer.stop()
	}
	for _, t := range c.waiters {
		c.world.wake(t)
	}
	c.waiters = nil
	for _, h := range c.hooks {
		h.proc.launch("after done", h.f)
	}
	c.hooks = nil
	for _, child := range c.children {
		if child.err == nil {
			child.tell(err)
		}
	}
	c.children = nil
}

func (c *simContext) enlist(t *Task) {
	if c != nil {
		c.waiters = append(c.waiters, t)
	}
}

func (c *simContext) discharge(t *Task) {
	if c != nil {
		c.waiters = without(c.waiters, t)
	}
}

// cause returns why the context has ended, nil if it has not.
func (c *simContext) cause() error {
	if c == nil || c.err == nil {
		return nil
	}
	if cause := context.Cause(c.Context); cause != nil {
		return cause
	}
	return c.err
}

// without returns list less its element x, in the same order.
func without[T comparable](list []T, x T) []T {
	for i, y := range list {
		if y == x {
			return append(list[:i], list[i+1:]...)
		}
	}
	return list
}

// WithCancel implements [fs.Tasks].
func (p *Process) WithCancel(parent context.Context) (context.Context, context.CancelCauseFunc) {
	c := p.world.newContext(parent)
	return c, func(cause error) {
		p.world.call(OpCancel)
		if cause == nil {
			cause = context.Canceled
		}
		c.end(context.Canceled, cause)
	}
}

// WithTimeout implements [fs.Tasks].
func (p *Process) WithTimeout(parent context.Context, d time.Duration, cause error) (context.Context, context.CancelFunc) {
	c := p.world.newContext(parent)
	if cause == nil {
		cause = context.DeadlineExceeded
	}
	c.deadline = p.machine.wall(p.world.now).Add(d)
	if outer, ok := parent.Deadline(); ok && outer.Before(c.deadline) {
		c.deadline = outer
	}
	switch {
	case c.err != nil:
	case d <= 0:
		c.end(context.DeadlineExceeded, cause)
	default:
		c.timer = p.after(d, func() { c.end(context.DeadlineExceeded, cause) })
	}
	return c, func() {
		p.world.call(OpCancel)
		c.end(context.Canceled, context.Canceled)
	}
}

// AfterDone implements [fs.Tasks].
func (p *Process) AfterDone(ctx context.Context, f func()) (stop func() bool) {
	p.world.call(OpGo)
	c := p.world.contextOf(ctx)
	if c == nil {
		pending := true
		return func() bool {
			p.world.call(OpStopTimer)
			was := pending
			pending = false
			return was
		}
	}
	if c.err != nil {
		p.launch("after done", f)
		return func() bool {
			p.world.call(OpStopTimer)
			return false
		}
	}
	h := &hook{p, f}
	c.hooks = append(c.hooks, h)
	return func() bool {
		p.world.call(OpStopTimer)
		before := len(c.hooks)
		c.hooks = without(c.hooks, h)
		return len(c.hooks) < before
	}
}
