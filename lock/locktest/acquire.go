package locktest

import (
	"context"
	"errors"
	"time"

	"github.com/holdfast-lock/holdfast/lock"
)

var acquireChecks = []check{
	{"AcquireTakesAFreeLock", func(p *probe) {
		l := p.open()
		if l.HeldHere() {
			p.fatalf("a new lock is held")
		}
		for range 3 {
			h := p.acquire(l)
			if !l.HeldHere() || h.Depth() != 1 || h.Path() != l.Path() || h.Lost() != nil {
				p.fatalf("held here: %v, depth: %d, path: %s, lost: %v", l.HeldHere(), h.Depth(), h.Path(), h.Lost())
			}
			p.release(h)
			if l.HeldHere() || h.Depth() != 0 {
				p.fatalf("after the release, held here: %v, depth: %d", l.HeldHere(), h.Depth())
			}
		}
	}},
	{"TryAcquireTakesAFreeLock", func(p *probe) {
		l := p.open()
		h, err := l.TryAcquire(p.ctx)
		if err != nil {
			p.fatalf("TryAcquire: %v", err)
		}
		p.wantHeld(p.open(), "after TryAcquire")
		p.release(h)
	}},
	{"WaiterGetsInAfterRelease", func(p *probe) {
		h := p.acquire(p.open())
		l, w := p.watched()
		a := p.contend(p.ctx, l, w)
		p.queued(l, 1)
		p.release(h)
		p.release(p.got(a))
	}},
	{"WaiterOfAnotherProcessGetsInAfterRelease", func(p *probe) {
		l := p.open()
		h := p.acquire(l)
		waits := p.Host.NewEvent()
		a := p.start(p.Peer, "contender", func() {
			w := new(waitWatch)
			w.next(waits)
			p.release(p.acquire(p.openAt(p.Peer, lock.Observe(w))))
		})
		p.happens("the peer to wait", waits)
		p.release(h)
		p.wait(a)
		p.wantFree(l, "after the peer released")
	}},
}

// What bounds a wait.
var boundChecks = []check{
	{"TryAcquireDoesNotWait", func(p *probe) {
		defer p.acquire(p.open()).Release()
		l := p.open(lock.Timeout(-1))
		_, err := l.TryAcquire(p.ctx, lock.Timeout(time.Hour))
		p.wantTimeout(err, l, 0)
	}},
	{"ZeroTimeoutIsOneAttempt", func(p *probe) {
		l := p.open(lock.Timeout(0))
		h := p.acquire(l)
		_, err := p.open(lock.Timeout(0)).Acquire(p.ctx)
		p.wantTimeout(err, l, 0)
		p.release(h)
	}},
	{"NegativeTimeoutWaits", func(p *probe) {
		h := p.acquire(p.open())
		l, w := p.watched(lock.Timeout(-time.Second))
		a := p.contend(p.ctx, l, w)
		p.release(h)
		p.release(p.got(a))
	}},
	{"TimeoutEndsTheWait", func(p *probe) {
		h := p.acquire(p.open())
		l, w := p.watched(lock.Timeout(time.Millisecond))
		a := p.contend(p.ctx, l, w)
		p.failed("Timeout", a, lock.ErrTimeout)
		p.wantTimeout(a.err, l, time.Millisecond)
		if errors.Is(a.err, context.DeadlineExceeded) {
			p.fatalf("the lock's own timeout is reported as the deadline of the context")
		}
		p.release(h)
		p.wantFree(l, "after a wait timed out")
	}},
	{"TimeoutOfTheCallReplacesThatOfTheLock", func(p *probe) {
		h := p.acquire(p.open())
		_, err := p.open(lock.Timeout(-1)).Acquire(p.ctx, lock.Timeout(0))
		p.wantError("Timeout(0) of the call", err, lock.ErrTimeout)
		l, w := p.watched(lock.Timeout(0))
		a := p.contend(p.ctx, l, w, lock.Timeout(-1))
		p.release(h)
		p.release(p.got(a))
	}},
	{"NoWaitBeatsTimeout", func(p *probe) {
		defer p.acquire(p.open()).Release()
		for _, opts := range [][]lock.Option{{lock.NoWait()}, {lock.NoWait(), lock.Timeout(-1)}, {lock.Timeout(time.Hour), lock.NoWait()}} {
			l := p.open()
			_, err := l.Acquire(p.ctx, opts...)
			p.wantTimeout(err, l, 0)
			l = p.open(opts...)
			_, err = l.Acquire(p.ctx, lock.Timeout(-1))
			p.wantTimeout(err, l, 0)
		}
	}},
	{"DeadlineEndsTheWait", func(p *probe) {
		defer p.acquire(p.open()).Release()
		l, w := p.watched()
		ctx, cancel := p.Host.WithTimeout(p.ctx, 20*time.Millisecond, nil)
		defer cancel()
		p.failed("deadline", p.contend(ctx, l, w), lock.ErrTimeout, context.DeadlineExceeded)
	}},
}

// wantTimeout says that err is a TimeoutError for l after a wait of at least the given time; none if that is 0.
func (p *probe) wantTimeout(err error, l Locker, wait time.Duration) {
	p.Helper()
	p.wantError("timeout", err, lock.ErrTimeout)
	var timeout *lock.TimeoutError
	if !errors.As(err, &timeout) {
		p.fatalf("timeout: got a %T, want a *lock.TimeoutError", err)
	}
	if !timeout.Timeout() || timeout.Path != l.Path() || timeout.Wait < wait || wait == 0 && timeout.Wait != 0 {
		p.fatalf("timeout: got %+v, want one of path %s after %v", timeout, l.Path(), wait)
	}
}
