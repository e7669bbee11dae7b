package locktest

import (
	"context"

	"github.com/holdfast-lock/holdfast/lock"
)

var closeChecks = []check{
	{"ClosedLockCannotBeAcquired", func(p *probe) {
		l := p.open()
		p.release(p.acquire(l))
		for range 2 {
			if err := l.Close(); err != nil {
				p.fatalf("Close: %v", err)
			}
		}
		_, err := l.Acquire(p.ctx)
		p.wantError("Acquire of a closed lock", err, lock.ErrClosed)
		_, err = l.TryAcquire(p.ctx)
		p.wantError("TryAcquire of a closed lock", err, lock.ErrClosed)
		p.wantFree(p.open(), "after another lock was closed")
	}},
	{"HoldOutlivesClose", func(p *probe) {
		l := p.open()
		h := p.acquire(l)
		if err := l.Close(); err != nil {
			p.fatalf("Close: %v", err)
		}
		p.wantHeld(p.open(), "after Close of a lock that is held")
		if h.Lost() != nil || h.Context().Err() != nil {
			p.fatalf("Close ended the hold: %v, %v", h.Lost(), context.Cause(h.Context()))
		}
		p.release(h)
		p.wantFree(p.open(), "after the release")
	}},
	{"WaiterOutlivesClose", func(p *probe) {
		h := p.acquire(p.open())
		l, w := p.watched()
		a := p.contend(p.ctx, l, w)
		p.queued(l, 1)
		if err := l.Close(); err != nil {
			p.fatalf("Close: %v", err)
		}
		p.release(h)
		p.release(p.got(a))
		p.wantFree(p.open(), "after the release")
	}},
}

var sharedChecks = []check{
	{"SharedOwnershipGoesDeeperForEverybody", func(p *probe) {
		l, other := p.open(lock.SharedOwnership()), p.open()
		first := p.acquire(l)
		var second *lock.Hold
		p.wait(p.start(p.Host, "second owner", func() { second = p.acquire(l) }))
		p.wantDepth(l, p.ctx, 2)
		ended := first.Context()
		p.release(first)
		p.ends("the context of the released share", ended)
		p.wantError("second Release", first.Release(), lock.ErrNotHeld)
		if second.Context().Err() != nil {
			p.fatalf("the context of the other share ended: %v", context.Cause(second.Context()))
		}
		p.wantDepth(l, p.ctx, 1)
		p.wantHeld(other, "after one of two shares was released")
		p.release(second)
		p.wantDepth(l, p.ctx, 0)
		p.wantFree(other, "after both shares were released")
	}},
	{"SharedOwnershipExcludesOthers", func(p *probe) {
		l, other := p.open(lock.SharedOwnership()), p.open(lock.SharedOwnership())
		h := p.acquire(l)
		p.wantHeld(other, "through another shared lock")
		p.atPeer(func() { p.wantHeld(p.openAt(p.Peer, lock.SharedOwnership()), "from another process") })
		p.release(h)
	}},
	{"ReleaseAllEndsEveryShare", func(p *probe) {
		l := p.open(lock.SharedOwnership())
		first, second := p.acquire(l), p.acquire(l)
		ctx := second.Context()
		if err := first.ReleaseAll(); err != nil {
			p.fatalf("ReleaseAll: %v", err)
		}
		p.ends("the context of the other share", ctx)
		p.wantError("Release of the other share", second.Release(), lock.ErrNotHeld)
		p.wantFree(p.open(), "after ReleaseAll")
	}},
}

var singletonChecks = []check{
	{"SingletonIsOneLock", func(p *probe) {
		a, b := p.open(lock.Singleton()), p.open(lock.Singleton())
		if a != b {
			p.fatalf("two singletons for one path")
		}
		spelled, err := p.tryOpen(p.Host, "nowhere/../work.lock", lock.Singleton())
		if err != nil || spelled != a {
			p.fatalf("another spelling of the path: got %p (%v), want %p", spelled, err, a)
		}
		if p.open() == a {
			p.fatalf("a lock that is no singleton is the same as one")
		}
		h := p.acquire(a)
		p.release(p.enter(h.Context(), b)) // the second name for one lock goes deeper, and is no deadlock
		p.release(h)
	}},
	{"SingletonOfOtherSettingsIsRefused", func(p *probe) {
		p.open(lock.Singleton(), lock.Timeout(0))
		_, err := p.tryOpen(p.Host, "work.lock", lock.Singleton())
		p.wantError("New with other settings", err, lock.ErrSettings)
	}},
	{"SingletonIsClosedByItsLastUser", func(p *probe) {
		a, b := p.open(lock.Singleton()), p.open(lock.Singleton())
		if err := a.Close(); err != nil {
			p.fatalf("Close: %v", err)
		}
		p.release(p.acquire(b))
		if err := b.Close(); err != nil {
			p.fatalf("Close: %v", err)
		}
		_, err := b.Acquire(p.ctx)
		p.wantError("Acquire after the last Close", err, lock.ErrClosed)
		p.release(p.acquire(p.open(lock.Singleton(), lock.Timeout(0)))) // a new one, with settings of its own
	}},
}
