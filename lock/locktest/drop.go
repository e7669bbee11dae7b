package locktest

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/holdfast-lock/holdfast/lock"
)

var dropChecks = []check{
	{"DroppedHoldIsReleased", func(p *probe) {
		if p.Collect == nil {
			p.skip("the fixture has no Collect")
		}
		warned, r := new(warnings), new(recorder)
		l := p.open(lock.Logger(slog.New(warned)), lock.Observe(r))
		done := p.drop(l)
		p.eventually("the dropped hold to be released", func() bool { p.Collect(); return r.has(lock.EventLost) })
		select {
		case <-done:
		default:
			p.fatalf("the context of the dropped hold has not ended")
		}
		events := p.wantEvents(r, lock.EventAttempt, lock.EventAcquired, lock.EventLost)
		p.wantError("observed", events[2].Err, lock.ErrDropped, lock.ErrLost)
		p.wantFree(p.open(), "after a hold was dropped")
		if n := warned.count(); n != 1 {
			p.fatalf("%d warnings, want 1", n)
		}
	}},
	{"DroppedHoldIsReleasedWithItsLevels", func(p *probe) {
		if p.Collect == nil {
			p.skip("the fixture has no Collect")
		}
		r := new(recorder)
		l := p.open(lock.Logger(slog.New(new(warnings))), lock.Observe(r))
		done := p.dropLevels(l)
		p.eventually("the dropped hold to be released", func() bool { p.Collect(); return r.has(lock.EventLost) })
		for i, done := range done {
			select {
			case <-done:
			default:
				p.fatalf("the context of level %d of the dropped hold has not ended", i)
			}
		}
		p.wantFree(p.open(), "after a hold was dropped")
	}},
	{"HoldThatIsReleasedIsNotDropped", func(p *probe) {
		if p.Collect == nil {
			p.skip("the fixture has no Collect")
		}
		warned := new(warnings)
		l := p.open(lock.Logger(slog.New(warned)))
		for range 10 {
			h := p.acquire(l)
			p.release(p.enter(h.Context(), l))
			p.release(h)
		}
		p.drop(l) // collected after those before it
		p.eventually("the dropped hold to be released", func() bool { p.Collect(); return !l.HeldHere() })
		if n := warned.count(); n != 1 {
			p.fatalf("%d warnings, want 1, of the one hold that was dropped", n)
		}
	}},
}

// drop acquires l and forgets the hold. Of the hold's context it returns the channel only: the context refers to the hold.
//
//go:noinline
func (p *probe) drop(l Locker) <-chan struct{} {
	p.Helper()
	return p.acquire(l).Context().Done()
}

// dropLevels takes the lock several levels deep, in every way in which a level can be entered by context, and forgets the holds.
func (p *probe) dropLevels(l Locker) (done []<-chan struct{}) {
	p.Helper()
	ctx := p.acquire(l).Context()
	done = append(done, ctx.Done())
	for _, from := range []context.Context{ctx, context.WithoutCancel(ctx)} {
		derived, cancel := p.Host.WithCancel(from)
		for _, enter := range []context.Context{from, derived} {
			done = append(done, p.enter(enter, l).Context().Done())
		}
		cancel(nil)
	}
	return done
}

// eventually looks again and again until it sees what must come to be.
func (p *probe) eventually(what string, seen func() bool) {
	p.Helper()
	for !seen() {
		if err := p.Host.Sleep(p.ctx, time.Millisecond); err != nil {
			p.fatalf("waiting for %s: %v", what, err)
		}
	}
}

// warnings counts what is logged as a warning.
type warnings struct {
	mu sync.Mutex
	n  int
}

func (w *warnings) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.n
}

// Enabled implements slog.Handler.
func (w *warnings) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }

// Handle implements slog.Handler.
func (w *warnings) Handle(context.Context, slog.Record) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.n++
	return nil
}

// WithAttrs implements slog.Handler.
func (w *warnings) WithAttrs([]slog.Attr) slog.Handler { return w }

// WithGroup implements slog.Handler.
func (w *warnings) WithGroup(string) slog.Handler { return w }
