package fstest

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
)

var errGiveUp = errors.New("the wait was given up")

var taskChecks = []check{
	{"GoRunsTasksBesideEachOther", func(p *probe) {
		const n = 20
		events := make([]fs.Event, n+1)
		for i := range events {
			events[i] = p.NewEvent()
		}
		for i := range n {
			p.start("link of a chain", func() {
				p.happens("the task before", events[i])
				events[i+1].Set()
			})
		}
		events[0].Set() // not reached if Go waits for the task
		p.happens("the last task", events[n])
	}},
	{"SleepIsNotTooShort", func(p *probe) {
		for _, d := range []time.Duration{10 * time.Microsecond, 200 * time.Microsecond, moment, 5 * moment} {
			for what, ctx := range map[string]context.Context{"a context that can end": p.ctx, "one that cannot": context.Background()} {
				before := p.Monotonic()
				p.must(p.Sleep(ctx, d))
				if slept := p.Monotonic() - before; slept < d {
					p.Errorf("Sleep(%v) with %s returned after %v", d, what, slept)
				}
			}
		}
	}},
	{"SleepOfNothingReturns", func(p *probe) {
		for _, d := range []time.Duration{0, -time.Hour} {
			p.must(p.Sleep(p.ctx, d))
		}
	}},
	{"SleepEndsWithItsContext", func(p *probe) {
		p.endsWith(errGiveUp, func(ctx context.Context) error { return p.Sleep(ctx, time.Hour) })
	}},
	{"YieldLetsOthersRun", func(p *probe) {
		var ran atomic.Bool
		other := p.start("other", func() { ran.Store(true) })
		for n := 0; !ran.Load(); n++ {
			if n == 1_000_000 {
				p.fatalf("another task did not run in %d yields", n)
			}
			p.Yield()
		}
		p.wait(other)
	}},
	{"EventWakesAllThatWait", func(p *probe) {
		e := p.NewEvent()
		value := 0
		var waiters []*task
		for range 4 {
			waiters = append(waiters, p.start("waiter", func() {
				p.must(e.Wait(p.ctx))
				if value != 1 {
					p.Errorf("a task that waited does not see what was written before Set")
				}
			}))
		}
		p.must(p.Sleep(p.ctx, moment))
		value = 1
		e.Set()
		p.wait(waiters...)
	}},
	{"EventStaysSet", func(p *probe) {
		e, other := p.NewEvent(), p.NewEvent()
		p.each(3, func(int) { e.Set() })
		for range 3 {
			p.must(e.Wait(p.ctx))
			e.Set()
		}
		ctx, cancel := p.WithCancel(p.ctx)
		cancel(errGiveUp)
		for range 20 { // had it happened, either answer would be right
			if err := other.Wait(ctx); !errors.Is(err, errGiveUp) {
				p.fatalf("Wait for an event that did not happen, beside one that did: %v", err)
			}
		}
	}},
	{"EventWaitEndsWithItsContext", func(p *probe) {
		e := p.NewEvent()
		p.endsWith(errGiveUp, e.Wait)
		e.Set()
		p.must(e.Wait(p.ctx))
	}},
	{"OnDroppedRunsForADroppedValue", func(p *probe) {
		p.needsDrops()
		var dropped atomic.Bool
		p.dropOne(func(value *tracked) {
			p.OnDropped(value, func(obj any) {
				p.PID() // it is a task, which may call the host
				if got, ok := obj.(*tracked); !ok || got.content != "of its own" {
					p.Errorf("OnDropped runs for %v, not for the value", obj)
				}
				dropped.Store(true)
			})
		})
		p.collect("a dropped value", dropped.Load)
	}},
	{"OnDroppedLeavesAValueThatIsHeld", func(p *probe) {
		p.needsDrops()
		held := newTracked()
		var calls atomic.Int32
		p.OnDropped(held, func(any) { calls.Add(1) })
		p.collectAnother()
		if n := calls.Load(); n != 0 {
			p.Errorf("OnDropped ran for a value that is referred to")
		}
		p.OnDropped(held, nil)
		runtime.KeepAlive(held)
	}},
	{"OnDroppedKeepsTheLastFunction", func(p *probe) {
		p.needsDrops()
		var first, second atomic.Bool
		p.dropOne(func(value *tracked) {
			p.OnDropped(value, func(any) { first.Store(true) })
			p.OnDropped(value, func(any) { second.Store(true) })
		})
		p.collect("a dropped value", second.Load)
		p.collectAnother()
		if first.Load() {
			p.Errorf("a function that was replaced ran for a dropped value")
		}
	}},
	{"OnDroppedIsTakenBackWithNil", func(p *probe) {
		p.needsDrops()
		var calls atomic.Int32
		p.dropOne(func(value *tracked) {
			p.OnDropped(value, nil) // nothing to take back
			p.OnDropped(value, func(any) { calls.Add(1) })
			p.OnDropped(value, nil)
		})
		p.collectAnother()
		if n := calls.Load(); n != 0 {
			p.Errorf("a function that was taken back ran for a dropped value")
		}
	}},
}

// tracked is a value whose end is observed. A string is a pointer: the allocator puts small values without one together in one block.
type tracked struct{ content string }

func newTracked() *tracked { return &tracked{content: "of its own"} }

// dropOne calls f with a value that nobody refers to afterwards.
//
//go:noinline
func (p *probe) dropOne(f func(*tracked)) { f(newTracked()) }

// collectionRounds is how often the garbage collector is run for something to be seen as dropped; the second time mostly is enough.
const collectionRounds = 100

// collectUntil collects until something is seen, and reports whether it was.
func (p *probe) collectUntil(seen func() bool) bool {
	p.Helper()
	for range collectionRounds {
		if seen() {
			return true
		}
		runtime.GC()
		p.must(p.Sleep(p.ctx, moment))
	}
	return false
}

// dropAnother drops a value and returns what reports whether that was noticed.
func (p *probe) dropAnother() (noticed func() bool) {
	var dropped atomic.Bool
	p.dropOne(func(value *tracked) { p.OnDropped(value, func(any) { dropped.Store(true) }) })
	return dropped.Load
}

// collectAnother collects until a value dropped now, and one dropped after that, are seen as dropped, so that what was dropped before would have been.
func (p *probe) collectAnother() {
	p.Helper()
	for range 2 {
		p.collect("another dropped value", p.dropAnother())
	}
}

func (p *probe) collect(what string, noticed func() bool) {
	p.Helper()
	if !p.collectUntil(noticed) {
		p.fatalf("OnDropped did not run for %s, in %d collections", what, collectionRounds)
	}
}

// needsDrops skips the check on a host that never runs what OnDropped arranged, as it may.
func (p *probe) needsDrops() {
	p.Helper()
	if !p.collectUntil(p.dropAnother()) {
		p.skip(OnDropped, errors.New("nothing runs for a dropped value"))
	}
}
