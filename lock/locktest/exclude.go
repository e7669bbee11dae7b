package locktest

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/lock"
)

var exclusionChecks = []check{
	{"TwoLocksOnOnePathExcludeEachOther", func(p *probe) {
		a, b := p.open(), p.open()
		h := p.acquire(a)
		if !b.HeldHere() {
			p.fatalf("the second lock does not know that this process holds the file")
		}
		p.wantDepth(b, h.Context(), 0)
		p.wantHeld(b, "through the second lock")
		p.release(h)
		h = p.acquire(b)
		p.wantHeld(a, "through the first lock")
		p.release(h)
		p.wantFree(a, "after both were released")
	}},
	{"TwoProcessesExcludeEachOther", func(p *probe) {
		l := p.open()
		h := p.acquire(l)
		p.atPeer(func() {
			peer := p.openAt(p.Peer)
			if peer.HeldHere() {
				p.fatalf("the other process takes itself for the holder")
			}
			p.wantHeld(peer, "from the other process")
		})
		p.release(h)
		p.atPeer(func() { p.wantFree(p.openAt(p.Peer), "from the other process, after the release") })
	}},
	{"DifferentPathsDoNotExcludeEachOther", func(p *probe) {
		defer p.acquire(p.open()).Release()
		other, err := p.tryOpen(p.Host, "other.lock")
		if err != nil {
			p.fatalf("New: %v", err)
		}
		p.wantFree(other, "while another file is locked")
	}},
	{"NobodyIsInsideTogether", func(p *probe) {
		var running, wanting, inside, met atomic.Int32
		var tasks []*task
		contenders := []fs.Host{p.Host, p.Peer, p.Host, p.Peer}
		running.Store(int32(len(contenders)))
		for i, h := range contenders {
			tasks = append(tasks, p.start(h, fmt.Sprintf("contender %d", i), func() {
				defer running.Add(-1)
				l := p.openAt(h)
				for range 25 {
					wanting.Add(1)
					hold := p.acquire(l)
					wanting.Add(-1)
					if inside.Add(1) != 1 {
						met.Add(1)
					}
					// A holder stays until all others want the lock, so that one who could get in does.
					for wanting.Load() < running.Load()-1 && inside.Load() == 1 {
						if err := h.Sleep(p.ctx, 10*time.Microsecond); err != nil {
							p.fatalf("waiting until the others want the lock: %v", err)
						}
					}
					inside.Add(-1)
					p.release(hold)
				}
			}))
		}
		p.wait(tasks...)
		if n := met.Load(); n != 0 {
			p.fatalf("two were inside at the same time, %d times", n)
		}
	}},
}

var orderChecks = []check{
	{"WaitersAreServedFirstInFirstOut", func(p *probe) {
		l, w := p.watched()
		h := p.acquire(l)
		order := new(journal)
		var tasks []*task
		for i := range 5 {
			tasks = append(tasks, p.inOrder(l, w, i, order))
			p.queued(l, i+1)
		}
		p.release(h)
		p.wait(tasks...)
		p.want(order, "0, 1, 2, 3, 4")
	}},
	{"WaiterThatGivesUpLeavesTheOrderAsItIs", func(p *probe) {
		l, w := p.watched()
		h := p.acquire(l)
		order := new(journal)
		first := p.inOrder(l, w, 0, order)
		p.queued(l, 1)
		ctx, cancel := p.Host.WithCancel(p.ctx)
		quitter := p.contend(ctx, l, w)
		p.queued(l, 2)
		last := p.inOrder(l, w, 2, order)
		p.queued(l, 3)
		cancel(errStopped)
		p.failed("cancel", quitter, errStopped)
		p.queued(l, 2)
		p.release(h)
		p.wait(first, last)
		p.want(order, "0, 2")
	}},
	{"WaitersOfTwoLocksOnOnePathShareAQueue", func(p *probe) {
		a, watchA := p.watched()
		b, watchB := p.watched()
		h := p.acquire(a)
		order := new(journal)
		var tasks []*task
		for i := range 4 {
			l, w := a, watchA
			if i%2 == 1 {
				l, w = b, watchB
			}
			tasks = append(tasks, p.inOrder(l, w, i, order))
			p.queued(l, i+1)
		}
		p.release(h)
		p.wait(tasks...)
		p.want(order, "0, 1, 2, 3")
	}},
}

// inOrder starts a task that waits for the lock, and returns once it has to wait. The task writes down that it got in.
func (p *probe) inOrder(l Locker, w *waitWatch, i int, order *journal) *task {
	waits := p.Host.NewEvent()
	w.next(waits)
	t := p.start(p.Host, fmt.Sprintf("waiter %d", i), func() {
		h := p.acquire(l)
		order.write("%d", i)
		p.release(h)
	})
	p.happens("the wait to begin", waits)
	return t
}

var deadlockChecks = []check{
	{"WaitForOneselfIsRefused", func(p *probe) {
		a, b := p.open(), p.open()
		h := p.acquire(a)
		inside, cancel := p.Host.WithCancel(h.Context())
		defer cancel(nil)
		// Bounded, so that a lock that does not notice fails here. The bound must not be seen by the lock: bounded waits are allowed.
		waiting := p.start(p.Host, "waits for itself", func() {
			_, err := b.Acquire(unbounded{inside})
			p.wantError("Acquire through another lock", err, lock.ErrDeadlock)
		})
		p.wait(waiting)
		p.wantHeld(b, "after the refused acquisition")
		p.release(h)
		p.wantFree(b, "after the release")
	}},
	{"BoundedWaitForOneselfTimesOut", func(p *probe) {
		a, b := p.open(), p.open()
		h := p.acquire(a)
		_, err := b.Acquire(h.Context(), lock.Timeout(time.Millisecond))
		p.wantError("Acquire with a timeout", err, lock.ErrTimeout)
		_, err = b.TryAcquire(h.Context())
		p.wantError("TryAcquire", err, lock.ErrTimeout)
		p.release(h)
	}},
	{"BoundedWaitForOneselfCanEndWell", func(p *probe) {
		a := p.open()
		b, w := p.watched(lock.Timeout(time.Hour))
		h := p.acquire(a)
		waiter := p.contend(unended{p.ctx, h.Context()}, b, w)
		p.release(h)
		p.release(p.got(waiter))
	}},
}
