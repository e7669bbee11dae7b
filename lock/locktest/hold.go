package locktest

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/holdfast-lock/holdfast/lock"
)

var releaseChecks = []check{
	{"SecondReleaseFails", func(p *probe) {
		l := p.open()
		h := p.acquire(l)
		p.release(h)
		p.wantError("second Release", h.Release(), lock.ErrNotHeld)
		next := p.acquire(l)
		p.wantError("third Release", h.Release(), lock.ErrNotHeld)
		p.wantError("ReleaseAll", h.ReleaseAll(), lock.ErrNotHeld)
		p.wantHeld(p.open(), "after another hold was released twice")
		p.release(next)
	}},
	{"SecondReleaseOfALevelFails", func(p *probe) {
		l := p.open()
		outer := p.acquire(l)
		inner := p.enter(outer.Context(), l)
		p.release(inner)
		p.wantError("second Release", inner.Release(), lock.ErrNotHeld)
		p.wantHeld(p.open(), "after a level was released twice")
		p.release(outer)
	}},
	{"OneOfManyReleasesSucceeds", func(p *probe) {
		l := p.open()
		for range 20 {
			h := p.acquire(l)
			var released atomic.Int64
			var tasks []*task
			for range 4 {
				tasks = append(tasks, p.start(p.Host, "release", func() {
					err := h.Release()
					if err == nil {
						released.Add(1)
						return
					}
					p.wantError("concurrent Release", err, lock.ErrNotHeld)
				}))
			}
			p.wait(tasks...)
			if n := released.Load(); n != 1 {
				p.fatalf("%d concurrent releases of one hold succeeded", n)
			}
		}
	}},
}

// valueKey is the key of a value in a context.
type valueKey struct{}

var contextChecks = []check{
	{"ContextEndsOnRelease", func(p *probe) {
		h := p.acquire(p.open())
		ctx := h.Context()
		if ctx.Err() != nil {
			p.fatalf("the context of a hold has ended: %v", context.Cause(ctx))
		}
		p.release(h)
		p.ends("the hold's context", ctx)
		for _, ctx := range []context.Context{ctx, h.Context()} { // also one that is asked for after the end
			if ctx.Err() != context.Canceled || !errors.Is(context.Cause(ctx), lock.ErrReleased) {
				p.fatalf("after the release the context says %v, %v", ctx.Err(), context.Cause(ctx))
			}
		}
		if err := h.Lost(); err != nil {
			p.fatalf("a released hold is lost: %v", err)
		}
	}},
	{"ContextOfALevelEndsWithTheHold", func(p *probe) {
		l := p.open()
		outer := p.acquire(l)
		inner := p.enter(outer.Context(), l).Context()
		if err := outer.ReleaseAll(); err != nil {
			p.fatalf("ReleaseAll: %v", err)
		}
		p.ends("the level's context", inner)
		p.wantError("cause", context.Cause(inner), lock.ErrReleased)
	}},
	{"ContextThatWasCutOffEndsWithTheHold", func(p *probe) {
		l := p.open()
		outer := p.acquire(l)
		cut := context.WithoutCancel(context.WithValue(outer.Context(), valueKey{}, "value"))
		apart, stop := p.Host.WithCancel(cut)
		defer stop(nil)
		var inner []context.Context
		for _, ctx := range []context.Context{cut, apart} {
			h := p.enter(ctx, l)
			same := make([]context.Context, 4)
			var tasks []*task
			for i := range same {
				tasks = append(tasks, p.start(p.Host, "asks for the context", func() { same[i] = h.Context() }))
			}
			p.wait(tasks...)
			inner = append(inner, same...)
			again := p.enter(context.WithoutCancel(h.Context()), l)
			inner = append(inner, again.Context())
			p.release(again)
		}
		derived, stop := p.Host.WithCancel(inner[0])
		defer stop(nil)
		for i, ctx := range inner {
			if ctx.Err() != nil || ctx.Value(valueKey{}) != "value" {
				p.fatalf("context %d of an inner level: ended %v, value %v", i, context.Cause(ctx), ctx.Value(valueKey{}))
			}
			p.wantDepth(l, ctx, 3)
		}
		if err := outer.ReleaseAll(); err != nil {
			p.fatalf("ReleaseAll: %v", err)
		}
		for _, ctx := range append(inner, derived) {
			p.ends("an inner level's context", ctx)
			p.wantError("cause", context.Cause(ctx), lock.ErrReleased)
		}
	}},
	{"ContextOfALevelEndsWithTheOneItWasEnteredWith", func(p *probe) {
		l := p.open()
		outer := p.acquire(l)
		for _, from := range []context.Context{outer.Context(), context.WithoutCancel(outer.Context())} {
			ctx, cancel := p.Host.WithCancel(from)
			inner := p.enter(ctx, l)
			deeper := p.enter(inner.Context(), l).Context()
			cancel(errStopped)
			for _, ctx := range []context.Context{deeper, inner.Context()} {
				p.ends("an inner level's context", ctx)
				p.wantError("cause", context.Cause(ctx), errStopped)
			}
		}
		p.wantHeld(p.open(), "after the context of a level ended")
		if outer.Context().Err() != nil {
			p.fatalf("the outer level's context has ended: %v", context.Cause(outer.Context()))
		}
		if err := outer.ReleaseAll(); err != nil {
			p.fatalf("ReleaseAll: %v", err)
		}
	}},
	{"ContextDescendsFromTheCallers", func(p *probe) {
		ctx, cancel := p.Host.WithCancel(context.WithValue(p.ctx, valueKey{}, "value"))
		h := p.enter(ctx, p.open())
		if h.Context().Value(valueKey{}) != "value" {
			p.fatalf("the context of the hold does not have the values of the caller's")
		}
		cancel(errStopped)
		p.ends("the hold's context", h.Context())
		p.wantError("cause", context.Cause(h.Context()), errStopped)
		p.wantHeld(p.open(), "after the caller's context ended") // the hold itself goes on
		p.release(h)
	}},
}

var errWork = errors.New("the work failed")

var doChecks = []check{
	{"DoHoldsWhileTheFunctionRuns", func(p *probe) {
		l, other := p.open(), p.open()
		var inside context.Context
		err := lock.Do(p.ctx, l, func(ctx context.Context) error {
			inside = ctx
			p.wantHeld(other, "inside of Do")
			p.wantDepth(l, ctx, 1)
			return lock.Do(ctx, l, func(ctx context.Context) error {
				p.wantDepth(l, ctx, 2)
				return nil
			})
		})
		if err != nil {
			p.fatalf("Do: %v", err)
		}
		p.wantError("cause", context.Cause(inside), lock.ErrReleased)
		p.wantFree(other, "after Do")
	}},
	{"DoReturnsTheErrorOfTheFunction", func(p *probe) {
		l := p.open()
		if err := lock.Do(p.ctx, l, func(context.Context) error { return errWork }); err != errWork {
			p.fatalf("Do: got %#v, want the function's error itself", err)
		}
		p.wantFree(p.open(), "after Do")
	}},
	{"DoReleasesOnPanic", func(p *probe) {
		l := p.open()
		func() {
			defer func() {
				if r := recover(); r != errWork {
					p.fatalf("Do: recovered %v, want the function's panic", r)
				}
			}()
			lock.Do(p.ctx, l, func(context.Context) error { panic(errWork) })
		}()
		p.wantFree(p.open(), "after a panic inside of Do")
	}},
	{"DoDoesNotRunWithoutTheLock", func(p *probe) {
		defer p.acquire(p.open()).Release()
		err := lock.Do(p.ctx, p.open(), func(context.Context) error {
			p.Errorf("Do: the function ran without the lock")
			return nil
		}, lock.NoWait())
		p.wantError("Do", err, lock.ErrTimeout)
	}},
	{"DoReportsAHoldThatEndedEarly", func(p *probe) {
		l := p.open()
		err := lock.Do(p.ctx, l, func(ctx context.Context) error {
			if err := p.enter(ctx, l).ReleaseAll(); err != nil {
				return err
			}
			return errWork
		})
		p.wantError("Do", err, errWork, lock.ErrNotHeld)
	}},
}
