package locktest

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/holdfast-lock/holdfast/lock"
)

var errStopped = errors.New("the caller stopped it")

// failures is an error that cannot be compared with ==, as those of several popular libraries.
type failures []string

func (f failures) Error() string { return f[0] }

var cancelChecks = []check{
	{"CancelEndsTheWait", func(p *probe) {
		h := p.acquire(p.open())
		l, w := p.watched()
		ctx, cancel := p.Host.WithCancel(p.ctx)
		a := p.contend(ctx, l, w)
		cancel(errStopped)
		p.failed("cancel", a, errStopped, context.Canceled)
		if errors.Is(a.err, lock.ErrTimeout) {
			p.fatalf("a canceled wait is reported as a timeout: %v", a.err)
		}
		p.release(h)
		p.wantFree(l, "after a wait was canceled")
	}},
	{"CancelInTheQueueEndsTheWait", func(p *probe) {
		l, w := p.watched()
		h := p.acquire(l)
		first := p.contend(p.ctx, l, w)
		p.queued(l, 1)
		ctx, cancel := p.Host.WithCancel(p.ctx)
		second := p.contend(ctx, l, w)
		p.queued(l, 2)
		cancel(errStopped)
		p.failed("cancel", second, errStopped, context.Canceled)
		p.release(h)
		p.release(p.got(first))
	}},
	{"CauseNeedNotBeComparable", func(p *probe) {
		defer p.acquire(p.open()).Release()
		l, w := p.watched()
		ctx, cancel := p.Host.WithCancel(p.ctx)
		a := p.contend(ctx, l, w)
		cancel(failures{"the caller stopped it"})
		p.failed("cancel", a, context.Canceled)
		var cause failures
		if !errors.As(a.err, &cause) {
			p.fatalf("the cause is missing from: %v", a.err)
		}
	}},
	{"EndedContextTakesNothing", func(p *probe) {
		l := p.open()
		ctx, cancel := p.Host.WithCancel(p.ctx)
		cancel(errStopped)
		for range 2 {
			_, err := l.Acquire(ctx)
			p.wantError("Acquire with an ended context", err, errStopped, context.Canceled)
			_, err = l.TryAcquire(ctx)
			p.wantError("TryAcquire with an ended context", err, errStopped, context.Canceled)
		}
		if l.HeldHere() {
			p.fatalf("the lock is held")
		}
		p.wantFree(l, "after acquisitions with an ended context")
	}},
	{"CancelWhenEndsTheWait", func(p *probe) {
		h := p.acquire(p.open())
		l, w := p.watched(lock.PollInterval(time.Millisecond))
		var stop, returned atomic.Bool
		a := p.contend(p.ctx, l, w, lock.CancelWhen(func() bool {
			if returned.Load() {
				p.Errorf("CancelWhen: asked after the acquisition returned")
			}
			return stop.Load()
		}))
		stop.Store(true)
		p.failed("CancelWhen", a, lock.ErrCanceled)
		returned.Store(true)
		if errors.Is(a.err, lock.ErrTimeout) || errors.Is(a.err, context.Canceled) {
			p.fatalf("CancelWhen is reported as something else: %v", a.err)
		}
		p.release(h)
		p.wantFree(l, "after CancelWhen ended a wait")
	}},
	{"CancelWhenIsNotAskedAfterTheLockIsHeld", func(p *probe) {
		h := p.acquire(p.open())
		l, w := p.watched(lock.PollInterval(time.Millisecond))
		var asked atomic.Int64
		first := p.Host.NewEvent()
		a := p.contend(p.ctx, l, w, lock.CancelWhen(func() bool {
			if asked.Add(1) == 1 {
				first.Set()
			}
			return false
		}))
		p.happens("CancelWhen to be asked", first)
		p.release(h)
		mine := p.got(a)
		before := asked.Load()
		if err := p.Host.Sleep(p.ctx, 5*time.Millisecond); err != nil { // several intervals, in which it would be asked
			p.fatalf("%v", err)
		}
		if now := asked.Load(); now != before {
			p.fatalf("CancelWhen: asked %d times after the acquisition returned", now-before)
		}
		p.release(mine)
	}},
}
