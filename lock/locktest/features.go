package locktest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/lock"
)

var fencingChecks = []check{
	{"TokensGrow", func(p *probe) {
		var last uint64
		next := func(l Locker) {
			h := p.acquire(l)
			if h.Token() <= last {
				p.fatalf("token %d after %d", h.Token(), last)
			}
			last = h.Token()
			inner := p.enter(h.Context(), l)
			if inner.Token() != last {
				p.fatalf("token of an inner level: %d, want %d", inner.Token(), last)
			}
			p.release(inner)
			p.release(h)
		}
		a, b := p.open(lock.Fencing()), p.open(lock.Fencing())
		for range 3 {
			next(a)
			next(b)
			p.atPeer(func() { next(p.openAt(p.Peer, lock.Fencing())) })
		}
	}},
	{"NoTokenWithoutFencing", func(p *probe) {
		h := p.acquire(p.open())
		if h.Token() != 0 {
			p.fatalf("token %d without Fencing", h.Token())
		}
		p.release(h)
	}},
}

const shortLife = 20 * time.Millisecond

var lifetimeChecks = []check{
	{"HoldExpires", func(p *probe) {
		l := p.openExpiring(shortLife)
		h := p.acquire(l)
		ctx := h.Context()
		p.ends("the hold's context", ctx)
		p.wantError("cause", context.Cause(ctx), lock.ErrExpired, lock.ErrLost)
		p.wantError("Lost", h.Lost(), lock.ErrExpired)
		p.wantError("Release", h.Release(), lock.ErrExpired)
		p.wantError("second Release", h.Release(), lock.ErrNotHeld)
		p.givenUp(l)
		p.wantFree(p.open(), "after the hold expired")
	}},
	{"WaiterGetsInWhenTheHoldExpires", func(p *probe) {
		h := p.acquire(p.openExpiring(shortLife))
		l, w := p.watched()
		a := p.contend(p.ctx, l, w)
		next := p.got(a)
		p.wantError("Lost", h.Lost(), lock.ErrExpired)
		p.wantError("Release", h.Release(), lock.ErrExpired)
		p.wantHeld(p.open(), "after the release of the hold that had expired")
		p.release(next)
	}},
	{"InnerLevelsExpireWithTheHold", func(p *probe) {
		l := p.openExpiring(shortLife)
		outer := p.acquire(l)
		inner := p.enter(outer.Context(), l)
		cut := p.enter(context.WithoutCancel(inner.Context()), l)
		for _, ctx := range []context.Context{inner.Context(), cut.Context()} {
			p.ends("the level's context", ctx)
			p.wantError("cause", context.Cause(ctx), lock.ErrExpired)
		}
		p.wantError("Release of the inner level", inner.Release(), lock.ErrExpired)
		p.wantError("Release of the outer level", outer.Release(), lock.ErrExpired)
		p.givenUp(l)
	}},
	{"HoldThatIsReleasedInTimeIsNotLost", func(p *probe) {
		l := p.openExpiring(time.Hour)
		h := p.acquire(l)
		p.release(h)
		p.wantError("cause", context.Cause(h.Context()), lock.ErrReleased)
		if err := h.Lost(); err != nil {
			p.fatalf("Lost: %v", err)
		}
		p.wantFree(p.open(), "after the release")
	}},
	{"ExpiredContextDoesNotGoDeeper", func(p *probe) {
		l := p.openExpiring(shortLife)
		h := p.acquire(l)
		ctx := h.Context()
		p.ends("the hold's context", ctx)
		_, err := l.Acquire(ctx)
		p.wantError("Acquire with the context of an expired hold", err, lock.ErrExpired)
		p.givenUp(l)
	}},
}

// givenUp waits until an expired hold has let go of the lock, which it does only after its context has ended.
func (p *probe) givenUp(l Locker) {
	p.Helper()
	p.eventually("the lock to be free", func() bool { return !l.HeldHere() })
}

// recorder is an observer that keeps what it is told.
type recorder struct {
	mu     sync.Mutex
	events []lock.Event
}

// Observe implements lock.Observer.
func (r *recorder) Observe(e lock.Event) {
	r.mu.Lock()
	r.events = append(r.events, e)
	r.mu.Unlock()
}

func (r *recorder) has(k lock.EventKind) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.events, func(e lock.Event) bool { return e.Kind == k })
}

// wantEvents compares what was observed since the last call.
func (p *probe) wantEvents(r *recorder, want ...lock.EventKind) []lock.Event {
	p.Helper()
	r.mu.Lock()
	events := r.events
	r.events = nil
	r.mu.Unlock()
	got, wanted := new(journal), new(journal)
	for _, e := range events {
		got.write("%v", e.Kind)
	}
	for _, k := range want {
		wanted.write("%v", k)
	}
	p.want(got, wanted.String())
	return events
}

var observeChecks = []check{
	{"ObserverIsTold", func(p *probe) {
		r := new(recorder)
		l := p.open(lock.Observe(r))
		h := p.acquire(l)
		p.release(p.enter(h.Context(), l))
		p.release(h)
		events := p.wantEvents(r, lock.EventAttempt, lock.EventAcquired, lock.EventAcquired, lock.EventReleased, lock.EventReleased)
		for i, depth := range []int{0, 1, 2, 1, 0} {
			if e := events[i]; e.Depth != depth || e.Path != l.Path() || e.Time.IsZero() || e.Err != nil {
				p.fatalf("event %d: %+v, want depth %d", i, e, depth)
			}
		}
	}},
	{"ObserverIsToldOfFailures", func(p *probe) {
		h := p.acquire(p.open())
		r := new(recorder)
		l := p.open(lock.Observe(r))
		_, err := l.TryAcquire(p.ctx)
		events := p.wantEvents(r, lock.EventAttempt, lock.EventFailed)
		if events[1].Err != err {
			p.fatalf("observed %v, returned %v", events[1].Err, err)
		}
		_, err = l.Acquire(p.ctx, lock.Timeout(time.Millisecond))
		events = p.wantEvents(r, lock.EventAttempt, lock.EventWait, lock.EventFailed)
		if events[2].Err != err || events[2].Wait <= 0 {
			p.fatalf("observed %v after %v, returned %v", events[2].Err, events[2].Wait, err)
		}
		p.release(h)
	}},
	{"ObserverIsToldOfALostHold", func(p *probe) {
		r := new(recorder)
		l := p.openExpiring(shortLife, lock.Observe(r))
		h := p.acquire(l)
		p.eventually("the hold to expire", func() bool { return r.has(lock.EventLost) })
		events := p.wantEvents(r, lock.EventAttempt, lock.EventAcquired, lock.EventLost)
		p.wantError("observed", events[2].Err, lock.ErrExpired)
		p.wantError("Release", h.Release(), lock.ErrExpired)
	}},
}

// panics is an observer that panics at the next event of a kind.
type panics struct {
	mu   sync.Mutex
	next lock.EventKind
}

func (o *panics) at(k lock.EventKind) {
	o.mu.Lock()
	o.next = k
	o.mu.Unlock()
}

// Observe implements lock.Observer.
func (o *panics) Observe(e lock.Event) {
	o.mu.Lock()
	hit := o.next == e.Kind
	if hit {
		o.next = 0
	}
	o.mu.Unlock()
	if hit {
		panic(errObserver)
	}
}

var errObserver = errors.New("the observer panicked")

// observerPanics says that f lets the panic of an observer through.
func (p *probe) observerPanics(what string, f func()) {
	p.Helper()
	defer func() {
		if r := recover(); r != errObserver {
			p.fatalf("%s: recovered %v, want the observer's panic", what, r)
		}
	}()
	f()
}

var observerPanicChecks = []check{
	{"PanicOfTheObserverTakesNothing", func(p *probe) {
		o, other := new(panics), p.open()
		l, peer := p.open(lock.Observe(o)), p.openAt(p.Peer)
		panicked := func(k lock.EventKind, acquire func()) {
			o.at(k)
			p.observerPanics(k.String(), acquire)
		}
		waits := func() { l.Acquire(p.ctx) }
		for range 2 { // what is given back twice would be missing the second time
			panicked(lock.EventAttempt, waits)
			p.wantFree(other, "after the observer of an attempt panicked")
			panicked(lock.EventAcquired, waits)
			p.wantFree(other, "after the observer of an acquisition panicked")

			var h *lock.Hold
			p.atPeer(func() { h = p.acquire(peer) })
			panicked(lock.EventWait, waits)
			panicked(lock.EventFailed, func() { l.TryAcquire(p.ctx) })
			panicked(lock.EventFailed, func() { l.Acquire(p.ctx, lock.Timeout(time.Millisecond)) })
			p.atPeer(func() { p.release(h) })
			p.wantFree(other, "after the observer of a wait panicked")

			outer := p.acquire(l)
			panicked(lock.EventAcquired, func() { l.Acquire(outer.Context()) })
			p.wantDepth(l, outer.Context(), 1)
			p.release(outer)
			p.wantFree(other, "after the observer of an inner level panicked")
		}
		p.wantFree(l, "after its observer panicked")
	}},
	{"PanicOfTheObserverInTheQueueTakesNothing", func(p *probe) {
		o := new(panics)
		l := p.open(lock.Observe(o))
		h := p.acquire(p.open())
		o.at(lock.EventAcquired)
		first := p.start(p.Host, "panics", func() { p.observerPanics("acquired", func() { l.Acquire(p.ctx) }) })
		p.queued(l, 1)
		next, w := p.watched()
		second := p.contend(p.ctx, next, w)
		p.queued(l, 2)
		p.release(h)
		p.wait(first)
		p.release(p.got(second))
		p.wantFree(l, "after its observer panicked")
	}},
	{"PanicOfTheObserverKeepsNothing", func(p *probe) {
		o, other := new(panics), p.open()
		l := p.open(lock.Observe(o))
		for range 2 {
			outer := p.acquire(l)
			inner := p.enter(outer.Context(), l)
			o.at(lock.EventReleased)
			p.observerPanics("release of a level", func() { inner.Release() })
			p.wantError("second Release", inner.Release(), lock.ErrNotHeld)
			p.wantDepth(l, outer.Context(), 1)
			o.at(lock.EventReleased)
			p.observerPanics("release", func() { outer.Release() })
			p.wantError("second Release", outer.Release(), lock.ErrNotHeld)
			p.wantFree(other, "after the observer of a release panicked")
		}
		p.wantFree(l, "after its observer panicked")
	}},
}

// openHooked makes a lock with a hook. A kind that has no use for one must say so.
func (p *probe) openHooked(hook func(fs.File) error) Locker {
	l, err := p.tryOpen(p.Host, "work.lock", lock.OnAcquired(hook))
	if p.NoHook {
		p.wantError("New with OnAcquired", err, lock.ErrOption)
		p.skip("the kind refuses OnAcquired")
	}
	if err != nil {
		p.fatalf("New: %v", err)
	}
	return l
}

// openExpiring makes a lock with a lifetime. A kind that has no use for one must say so.
func (p *probe) openExpiring(d time.Duration, opts ...lock.Option) Locker {
	l, err := p.tryOpen(p.Host, "work.lock", append(opts, lock.Lifetime(d))...)
	if p.NoLifetime {
		p.wantError("New with Lifetime", err, lock.ErrOption)
		p.skip("the kind refuses Lifetime")
	}
	if err != nil {
		p.fatalf("New: %v", err)
	}
	return l
}

var errHook = errors.New("the hook refused")

var optionChecks = []check{
	{"OnAcquiredIsCalledWithTheLockHeld", func(p *probe) {
		calls := 0
		other := p.open()
		l := p.openHooked(func(fs.File) error {
			calls++
			p.wantHeld(other, "in OnAcquired")
			return nil
		})
		for i := range 2 {
			h := p.acquire(l)
			inner := p.enter(h.Context(), l)
			if calls != i+1 {
				p.fatalf("OnAcquired was called %d times, want %d", calls, i+1)
			}
			p.release(inner)
			p.release(h)
		}
	}},
	{"OnAcquiredCanRefuse", func(p *probe) {
		l := p.openHooked(func(fs.File) error { return errHook })
		_, err := l.Acquire(p.ctx)
		p.wantError("Acquire", err, errHook)
		_, err = l.TryAcquire(p.ctx)
		p.wantError("TryAcquire", err, errHook)
		p.wantFree(p.open(), "after OnAcquired refused")
	}},
	{"PanicOfOnAcquiredReleases", func(p *probe) {
		l := p.openHooked(func(fs.File) error { panic(errHook) })
		func() {
			defer func() {
				if r := recover(); r != errHook {
					p.fatalf("recovered %v, want the hook's panic", r)
				}
			}()
			l.Acquire(p.ctx)
		}()
		p.wantFree(p.open(), "after OnAcquired panicked")
	}},
	{"OptionsOfALockAreRefusedByAcquire", func(p *probe) {
		l := p.open()
		for _, opt := range []lock.Option{lock.Host(p.Host), lock.Mode(0o600), lock.Lifetime(time.Second), lock.Fencing(), lock.SharedOwnership(),
			lock.Singleton(), lock.Logger(nil), lock.Observe(nil), lock.OnAcquired(nil), lock.FallbackTo(nil)} {
			_, err := l.Acquire(p.ctx, opt)
			p.wantError("Acquire", err, lock.ErrOption)
			_, err = l.TryAcquire(p.ctx, opt)
			p.wantError("TryAcquire", err, lock.ErrOption)
		}
		p.wantFree(l, "after acquisitions with wrong options")
	}},
	{"OptionsOutOfRangeAreRefused", func(p *probe) {
		for name, opt := range map[string]lock.Option{"PollInterval(0)": lock.PollInterval(0), "PollInterval(-1)": lock.PollInterval(-1),
			"Lifetime(0)": lock.Lifetime(0), "Lifetime(-1)": lock.Lifetime(-1), "Mode(0o400)": lock.Mode(0o400), "Mode(0o1600)": lock.Mode(0o1600)} {
			_, err := p.tryOpen(p.Host, "work.lock", opt)
			p.wantError(name, err, lock.ErrOption)
		}
	}},
}
