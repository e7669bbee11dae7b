package fstest

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/holdfast-lock/holdfast/fs"
)

var errNotWanted = errors.New("the lock is no longer wanted")

var waitChecks = []partCheck{
	{"WaitLockTakesAFreeLock", func(p *probe, r part) {
		p.needsWait(r)
		for _, m := range modes {
			f := p.open("file")
			p.must(p.acquire(p.ctx, f, r, m))
			p.want(false, "after WaitLock", "file", r, fs.LockExclusive)
			p.want(m == fs.LockShared, "after WaitLock "+m.String(), "file", r, fs.LockShared)
			p.unlock(f, r)
			p.wantFree("after Unlock of what WaitLock got", "file", r)
		}
	}},
	{"WaitLockNeedsNoDeadline", func(p *probe, r part) {
		p.needsWait(r)
		holder, f := p.open("file"), p.open("file")
		p.lock(holder, r, fs.LockExclusive)
		waiter := p.start("waiter", func() { p.must(p.acquire(context.Background(), f, r, fs.LockExclusive)) })
		p.waiting(holder, r, 1)
		p.unlock(holder, r)
		p.wait(waiter)
		p.wantHeld("after WaitLock without a deadline", "file", r)
	}},
	{"WaitLockWaitsForTheHolder", func(p *probe, r part) {
		p.needsWait(r)
		for _, held := range modes {
			for _, asked := range modes {
				holder, f := p.open("file"), p.open("file")
				p.lock(holder, r, held)
				var released atomic.Bool
				waiter := p.start("waiter", func() {
					p.must(p.acquire(p.ctx, f, r, asked))
					if !released.Load() && !compatible(held, asked) {
						p.Errorf("WaitLock %s did not wait for a %s holder", asked, held)
					}
					p.want(false, "after WaitLock", "file", r, fs.LockExclusive)
				})
				if compatible(held, asked) {
					p.wait(waiter)
				} else {
					p.waiting(holder, r, 1)
				}
				released.Store(true)
				p.unlock(holder, r)
				p.wait(waiter)
				p.closeFile(f)
			}
		}
	}},
	{"WaitLockWakesWhenTheHolderCloses", func(p *probe, r part) {
		p.needsWait(r)
		holder, f := p.open("file"), p.open("file")
		p.lock(holder, r, fs.LockExclusive)
		waiter := p.start("waiter", func() { p.must(p.acquire(p.ctx, f, r, fs.LockExclusive)) })
		p.waiting(holder, r, 1)
		p.closeFile(holder)
		p.wait(waiter)
		p.wantHeld("after WaitLock", "file", r)
	}},
	{"WaitLockEndsWithItsContext", func(p *probe, r part) {
		p.needsWait(r)
		holder, f := p.open("file"), p.open("file")
		p.lock(holder, r, fs.LockExclusive)
		p.endsWith(errNotWanted, func(ctx context.Context) error { return p.acquire(ctx, f, r, fs.LockExclusive) })
		p.unlock(holder, r)
		p.wantFree("after waits that ended with their contexts", "file", r)
		p.must(p.acquire(p.ctx, f, r, fs.LockExclusive))
		p.wantHeld("after WaitLock of one whose earlier waits ended", "file", r)
	}},
	{"WaitLockWithAnEndedContextHoldsOrFails", func(p *probe, r part) {
		p.needsWait(r)
		ctx, cancel := p.WithCancel(p.ctx)
		cancel(errNotWanted)
		p.holdsOrFails(ctx, p.open("file"), r)
	}},
	{"WaitLockThatEndsWhileGrantedHoldsOrFails", func(p *probe, r part) {
		p.needsWait(r)
		holder, f := p.open("file"), p.open("file")
		for range 100 {
			p.lock(holder, r, fs.LockExclusive)
			ctx, cancel := p.WithCancel(p.ctx)
			waiter := p.start("waiter", func() { p.holdsOrFails(ctx, f, r) })
			canceller := p.start("canceller", func() { cancel(errNotWanted) })
			p.unlock(holder, r)
			p.wait(canceller, waiter)
		}
		p.wantFree("after waits that ended while the lock was granted", "file", r)
	}},
	{"WaitLockThatEndsLeavesOthersWaiting", func(p *probe, r part) {
		p.needsWait(r)
		holder := p.open("file")
		p.lock(holder, r, fs.LockExclusive)
		ctx, cancel := p.WithCancel(p.ctx)
		var waiters []*task
		for _, ctx := range []context.Context{p.ctx, ctx, p.ctx} {
			f := p.open("file")
			waiters = append(waiters, p.start("waiter", func() {
				err := p.acquire(ctx, f, r, fs.LockExclusive)
				if ctx != p.ctx {
					if !errors.Is(err, errNotWanted) {
						p.Errorf("a wait whose context ended: %v, want its cause", err)
					}
					return
				}
				p.must(err)
				p.wantHeld("after WaitLock", "file", r)
				p.unlock(f, r)
			}))
		}
		p.waiting(holder, r, 3)
		cancel(errNotWanted)
		p.wait(waiters[1])
		p.wantHeld("after one of three waits ended", "file", r)
		p.waiting(holder, r, 2)
		p.unlock(holder, r)
		p.wait(waiters...)
		p.wantFree("after all waiters", "file", r)
	}},
	{"WaitLockLetsSharedWaitersInTogether", func(p *probe, r part) {
		p.needsWait(r)
		holder := p.open("file")
		p.lock(holder, r, fs.LockExclusive)
		var waiters []*task
		for range 3 {
			f := p.open("file")
			waiters = append(waiters, p.start("waiter", func() { p.must(p.acquire(p.ctx, f, r, fs.LockShared)) }))
		}
		p.waiting(holder, r, 3)
		p.unlock(holder, r)
		p.wait(waiters...) // none of them unlocks
		p.want(false, "beside shared locks", "file", r, fs.LockExclusive)
	}},
	{"WaitLockLetsManyWaitersInOneByOne", func(p *probe, r part) {
		p.needsWait(r)
		p.holdAlone(16, 10, r, func(f fs.File) { p.must(p.acquire(p.ctx, f, r, fs.LockExclusive)) })
	}},
}

// holdsOrFails waits with a context that has ended or is ending and demands that what WaitLock says of the lock is so. Nobody else may want the lock, and it is
// free afterwards.
func (p *probe) holdsOrFails(ctx context.Context, f fs.File, r part) {
	p.Helper()
	if err := p.acquire(ctx, f, r, fs.LockExclusive); err == nil {
		p.wantHeld("after WaitLock that got the lock while its context ended", "file", r)
		p.unlock(f, r)
		return
	} else if !errors.Is(err, errNotWanted) {
		p.Errorf("a wait whose context ended: %v, want its cause", err)
	}
	// The holder may be about to let go: what counts is that it is free once the holder has.
	p.eventually("the lock to be free after a wait that failed", func() bool {
		other := p.open("file")
		defer other.closeOnce()
		return p.tryLock(other, r, fs.LockExclusive)
	})
}
