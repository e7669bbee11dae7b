package lock

import (
	"context"
	"log/slog"
	"slices"
	"time"
)

// Hold is the right to be inside a lock, one level of it. It is safe for concurrent use.
//
// Release it. A Hold that the program loses its last reference to is reported as a warning and released by the garbage collector some time later, although what it protects may go
// on: a program that holds a lock for as long as it runs keeps the Hold referenced, for example by a deferred Release.
type Hold struct {
	lock     *Lock
	opts     *options
	outer    *Hold           // the outermost level, itself if it is that; keeps it from being taken for dropped while only inner levels are referenced
	parent   context.Context // of an inner level under site.mu, and its own context once that is made, if it does not end by itself with the outermost level
	id       uint64          // of the grant
	level    int32           // which of the grant's contexts is its own
	open     int32           // of an outermost level: how many levels lead to it and are not released, itself included; 0 before it is admitted; under site.mu
	token    uint64
	fate     *fate
	released bool // under site.mu
}

// Path returns the absolute path of the lock file.
func (h *Hold) Path() string { return h.lock.Path() }

// Token returns the fencing number of the hold, or 0 without [Fencing]. All levels have the same.
func (h *Hold) Token() uint64 { return h.token }

// Depth returns how many levels of the hold are not released, 0 if it has ended.
func (h *Hold) Depth() int {
	s := h.lock.site
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.grant.id != h.id || s.grant.releasing {
		return 0
	}
	return s.grant.depth
}

// Lost returns nil while the hold can be relied on, and after it was released; otherwise an error that errors.Is reports as [ErrLost], such as [ErrExpired]. It
// looks at the clock, so that it tells the truth also right after the process was stopped and continued.
func (h *Hold) Lost() error {
	now := h.now()
	s := h.lock.site
	s.mu.Lock()
	defer s.mu.Unlock()
	return h.lostBy(now)
}

// now reads the clock by which the hold expires, if it does.
func (h *Hold) now() time.Duration {
	if h.fate == nil {
		return 0
	}
	return uptime(h.lock.site.host)
}

// lostBy is Lost at a time. The caller has site.mu, so that what it does about it is done at once.
func (h *Hold) lostBy(now time.Duration) error {
	switch {
	case h.fate == nil:
		return nil
	case h.fate.err == nil && h.lock.site.grant.id == h.id && now >= h.fate.expires:
		h.fate.expire() // the task that ends the hold has not got to run yet
	}
	return h.fate.err
}

// Release ends one level of the hold, and with the last level lets others in. It does not block, but for a tenth of a second at most with a [Lifetime], for whoever just reads its record. A second Release of the same Hold returns an error that is [ErrNotHeld]. If the
// hold was lost, the error says so ([ErrExpired]) and nothing else happens. If the operating system refuses to unlock, the lock is still held and Release can be repeated.
func (h *Hold) Release() error { return h.release(false) }

// ReleaseAll ends every level of the hold, whoever has them. The other Holds of it have ended, and releasing them returns [ErrNotHeld].
func (h *Hold) ReleaseAll() error { return h.release(true) }

func (h *Hold) release(all bool) error {
	s := h.lock.site
	now := h.now()
	s.mu.Lock()
	g := &s.grant
	lost := h.lostBy(now)
	if lost != nil || h.released || g.id != h.id || g.releasing {
		err := error(ErrNotHeld)
		if lost != nil && !h.released {
			err = lost
		}
		over := lost != nil || g.id != h.id
		if !over && !h.released { // all levels are being released: this one is, also if that fails for the others
			h.outer.open--
			g.depth--
			over = h.outer.open == 0
		}
		h.released = true
		s.mu.Unlock()
		if lost != nil {
			s.expire(h.id)
		}
		if over {
			s.host.OnDropped(h.outer, nil)
		}
		return h.failed(err)
	}
	h.released = true
	h.outer.open--
	if g.depth > 1 && !all {
		g.depth--
		depth, last := g.depth, h.outer.open == 0
		end := g.takeContext(h)
		s.mu.Unlock()
		if end != nil {
			end(ErrReleased)
		}
		if last {
			s.host.OnDropped(h.outer, nil)
		}
		if h.opts.watched() {
			h.opts.emit(Event{Kind: EventReleased, Path: s.path, Depth: depth, Token: h.token})
		}
		return nil
	}
	g.releasing = true
	s.mu.Unlock()
	ended, err := false, ErrOtherProcess
	if s.host.PID() == s.pid { // else the lock is one with the parent's, and releasing it would take it from the parent
		ended, err = s.finish(ErrReleased, false)
	}
	if ended {
		s.host.OnDropped(h.outer, nil)
	} else {
		s.mu.Lock()
		h.released = false
		h.outer.open++
		if err == ErrOtherProcess {
			s.grant.releasing = false
		}
		s.mu.Unlock()
	}
	if err != nil {
		return h.failed(err)
	}
	return nil
}

func (h *Hold) failed(err error) error { return &Error{Op: "release", Path: h.Path(), Err: err} }

// announce tells that the level was acquired. If the observer panics, or ends the goroutine, nobody gets the level, and it is released first. Should that fail, it is a dropped hold.
func (h *Hold) announce(events ...Event) {
	told := false
	defer func() {
		if !told {
			h.Release()
		}
	}()
	for _, e := range events {
		h.opts.emit(e)
	}
	told = true
}

// Context returns a context that descends from the one the hold was acquired with and ends when the hold does: with the cause [ErrReleased] when it was released, or
// [ErrExpired] or another [ErrLost] the moment that the hold can no longer be relied on. Acquiring the same Lock with it, or with a context that descends from
// it, goes one level deeper. The context is the identity: goroutines that are given it are inside together and do not exclude each other.
//
// The context of an inner level ends when the outermost level does, also if the context that it was entered with was cut off from that (context.WithoutCancel).
func (h *Hold) Context() context.Context {
	if h.outer != h {
		return h.innerContext()
	}
	return &holdContext{Context: h.contextOf(h.level, h.parent), hold: h}
}

// innerContext makes the context of an inner level. The one that it was entered with ends with the outermost level, as a rule, because it descends from that level's. If it does not, the
// end comes from a context of the grant.
func (h *Hold) innerContext() context.Context {
	s := h.lock.site
	s.mu.Lock()
	parent := h.parent
	own, ok := h.ownContext()
	s.mu.Unlock()
	if ok {
		return own
	}
	c := &holdContext{Context: parent, hold: h.outer, of: h}
	done := parent.Done()
	s.mu.Lock()
	ends := s.grant.ends(h.id, done)
	s.mu.Unlock()
	if ends {
		return c
	}
	c.end = h.contextOf(wholeGrant, context.Background())
	if done == nil {
		return c
	}
	c.end, c.cancel = s.host.WithCancel(c.end)
	s.mu.Lock()
	_, faster := h.ownContext()
	if !faster {
		h.parent = c
	}
	s.mu.Unlock()
	if faster { // another goroutine
		c.cancel(nil)
		return h.innerContext()
	}
	s.host.AfterDone(parent, c.follow)
	return c
}

// ownContext returns what innerContext has put in the place of the parent, if it has. The caller has site.mu.
func (h *Hold) ownContext() (*holdContext, bool) {
	own, ok := h.parent.(*holdContext)
	return own, ok && own.of == h
}

// contextOf returns the context of a level, derived from parent when it is asked for first.
func (h *Hold) contextOf(level int32, parent context.Context) context.Context {
	s := h.lock.site
	s.mu.Lock()
	ctx, _ := s.grant.contextOf(h, level)
	s.mu.Unlock()
	if ctx != nil {
		return ctx
	}
	fresh, cancel := s.host.WithCancel(parent)
	s.mu.Lock()
	ctx, live := s.grant.contextOf(h, level)
	if ctx == nil && live {
		s.grant.contexts = append(s.grant.contexts, levelContext{level, fresh, fresh.Done(), cancel})
		ctx = fresh
	}
	s.mu.Unlock()
	switch {
	case ctx == nil:
		cancel(h.end())
		return fresh
	case ctx != fresh:
		cancel(nil) // another goroutine was faster
	}
	return ctx
}

// end returns why the hold has ended.
func (h *Hold) end() error {
	if err := h.Lost(); err != nil {
		return err
	}
	return ErrReleased
}

// levelContext is what Hold.Context of one level wraps. The grant keeps it, not the Hold: contexts refer to their parents and those to their
// children, and a Hold in a cycle would never be seen to be dropped.
type levelContext struct {
	level  int32 // or wholeGrant
	ctx    context.Context
	done   <-chan struct{}
	cancel context.CancelCauseFunc
}

// wholeGrant stands in place of a level for the context that ends with the grant alone. It descends from none of the user's, which may refer to a Hold.
const wholeGrant = 0

// contextOf returns the context made for a level so far, and whether the level still is part of the grant.
func (g *grant) contextOf(h *Hold, level int32) (context.Context, bool) {
	if g.id != h.id || g.releasing || h.released && level != wholeGrant {
		return nil, false
	}
	for _, c := range g.contexts {
		if c.level == level {
			return c.ctx, true
		}
	}
	return nil, true
}

// ends reports whether a context that ends with done ends with the grant, which is the given one.
func (g *grant) ends(id uint64, done <-chan struct{}) bool {
	return g.id == id && done != nil && slices.ContainsFunc(g.contexts, func(c levelContext) bool { return c.done == done })
}

// takeContext removes the context that a level has of its own, and returns what ends it. The outermost level's is everybody's unless the hold is shared.
func (g *grant) takeContext(h *Hold) context.CancelCauseFunc {
	if h.outer != h || !h.lock.opts.shared {
		return nil
	}
	for i, c := range g.contexts {
		if c.level == h.level {
			g.contexts = append(g.contexts[:i:i], g.contexts[i+1:]...)
			return c.cancel
		}
	}
	return nil
}

// endContexts ends the contexts of a grant; those of one that is over have ended.
func (s *site) endContexts(id uint64, reason error) {
	s.mu.Lock()
	var contexts []levelContext
	if s.grant.id == id {
		contexts = slices.Clone(s.grant.contexts)
	}
	s.mu.Unlock()
	for _, c := range contexts {
		c.cancel(reason)
	}
}

// holdContext is the context of a hold. Its key is the site, so that an acquisition finds the hold of its own file among those that the caller is in.
type holdContext struct {
	context.Context
	hold   *Hold                   // the outermost level
	of     *Hold                   // the inner level that it is the context of; nil if it is the outermost one's
	end    context.Context         // says in place of Context when and why it ends; nil if Context does
	cancel context.CancelCauseFunc // of end, which follows Context; nil if that does not end
}

// Value finds the hold by its site. What end is asked for is only what it knows of its own end; it has no other values.
func (c *holdContext) Value(key any) any {
	if key == any(c.hold.lock.site) {
		return c.hold
	}
	if c.end != nil {
		if v := c.end.Value(key); v != nil {
			return v
		}
	}
	return c.Context.Value(key)
}

func (c *holdContext) Done() <-chan struct{} {
	if c.end != nil {
		return c.end.Done()
	}
	return c.Context.Done()
}

// Err looks at the clock, so that a hold which expired while the process was stopped is over at the first look.
func (c *holdContext) Err() error {
	if h := c.hold; h.fate != nil {
		if lost := h.Lost(); lost != nil {
			h.lock.site.expire(h.id)
			h.lock.site.endContexts(h.id, lost) // the task that expires it may not have come to them yet
		}
	}
	switch {
	case c.end == nil:
		return c.Context.Err()
	case c.cancel != nil && c.Context.Err() != nil:
		c.follow() // the task that does it may not have got to run yet
	}
	return c.end.Err()
}

// follow ends the context for the reason for which Context has ended.
func (c *holdContext) follow() { c.cancel(context.Cause(c.Context)) }

func (c *holdContext) String() string { return "hold of " + c.hold.Path() }

// holdDropped is called when the program has lost its last reference to a Hold that was not released.
func holdDropped(obj any) {
	h := obj.(*Hold)
	h.opts.host.Go("release dropped hold", func() {
		s := h.lock.site
		s.mu.Lock()
		g := &s.grant
		if g.id != h.id || h.open == 0 {
			s.mu.Unlock()
			return
		}
		// Levels that were entered by context keep the outermost one referenced: they are gone too. Those of a shared hold stand for themselves.
		last := g.depth == int(h.open) && !g.releasing
		if last {
			g.releasing = true
		} else {
			g.depth -= int(h.open)
		}
		h.released, h.open = true, 0
		s.mu.Unlock()
		if last {
			defer s.finish(ErrDropped, true) // after the warning, and even if that ends the goroutine
		}
		h.opts.warn("a hold was dropped without being released; it is released now", slog.String("path", h.Path()))
	})
}
