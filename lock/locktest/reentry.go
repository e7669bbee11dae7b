package locktest

import (
	"context"

	"github.com/holdfast-lock/holdfast/lock"
)

var reentryChecks = []check{
	{"ContextGoesDeeper", func(p *probe) {
		l, other := p.open(), p.open()
		outer := p.acquire(l)
		p.wantDepth(l, p.ctx, 0)
		p.wantDepth(l, outer.Context(), 1)
		middle := p.enter(outer.Context(), l)
		ctx, cancel := p.Host.WithCancel(middle.Context())
		defer cancel(nil)
		inner := p.enter(ctx, l, lock.NoWait())
		p.wantDepth(l, inner.Context(), 3)
		if inner.Depth() != 3 || outer.Depth() != 3 {
			p.fatalf("depth of the inner level: %d, of the outer one: %d, want 3", inner.Depth(), outer.Depth())
		}
		p.release(inner)
		p.wantHeld(other, "after the innermost release")
		p.release(middle)
		p.wantDepth(l, outer.Context(), 1)
		p.wantHeld(other, "after the second release")
		p.release(outer)
		p.wantFree(other, "after the last release")
	}},
	{"LevelsCanBeReleasedInAnyOrder", func(p *probe) {
		l, other := p.open(), p.open()
		outer := p.acquire(l)
		inner := p.enter(outer.Context(), l)
		p.release(outer)
		p.wantHeld(other, "after the release of the outer level")
		if inner.Context().Err() != nil || inner.Lost() != nil {
			p.fatalf("the inner level ended with the outer one: %v, %v", context.Cause(inner.Context()), inner.Lost())
		}
		deeper := p.enter(inner.Context(), l)
		p.release(inner)
		p.wantHeld(other, "after the release of the middle level")
		p.release(deeper)
		p.wantFree(other, "after the release of the last level")
	}},
	{"PlainContextDoesNotGoDeeper", func(p *probe) {
		l := p.open()
		defer p.acquire(l).Release()
		p.wantHeld(l, "with a context that is not of the hold")
	}},
	{"ContextOfAnotherFileDoesNotGoDeeper", func(p *probe) {
		l := p.open()
		elsewhere, err := p.tryOpen(p.Host, "other.lock")
		if err != nil {
			p.fatalf("New: %v", err)
		}
		other := p.acquire(elsewhere)
		defer other.Release()
		h := p.enter(other.Context(), l)
		p.wantDepth(l, h.Context(), 1)
		p.wantDepth(elsewhere, h.Context(), 1) // inside of both
		again := p.enter(h.Context(), elsewhere)
		p.wantDepth(elsewhere, again.Context(), 2)
		p.wantDepth(l, again.Context(), 1)
		p.release(again)
		p.release(h)
	}},
	{"ContextOfAnEndedHoldDoesNotGoDeeper", func(p *probe) {
		l := p.open()
		h := p.acquire(l)
		past := context.WithoutCancel(h.Context())
		p.release(h)
		p.wantDepth(l, past, 0)
		next := p.acquire(l)
		if _, err := l.TryAcquire(past); err == nil {
			p.fatalf("the context of an earlier hold opened a later one")
		}
		p.wantDepth(l, past, 0)
		p.release(next)
		again := p.enter(past, l)
		p.wantDepth(l, again.Context(), 1)
		p.release(again)
	}},
	{"ReleaseAllEndsEveryLevel", func(p *probe) {
		l := p.open()
		outer := p.acquire(l)
		middle := p.enter(outer.Context(), l)
		inner := p.enter(middle.Context(), l)
		if err := middle.ReleaseAll(); err != nil {
			p.fatalf("ReleaseAll: %v", err)
		}
		p.wantFree(p.open(), "after ReleaseAll")
		for _, h := range []*lock.Hold{outer, middle, inner} {
			p.wantError("Release after ReleaseAll", h.Release(), lock.ErrNotHeld)
			p.wantError("ReleaseAll after ReleaseAll", h.ReleaseAll(), lock.ErrNotHeld)
			if h.Depth() != 0 {
				p.fatalf("depth after ReleaseAll: %d", h.Depth())
			}
		}
	}},
}
