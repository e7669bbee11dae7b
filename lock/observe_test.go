package lock

import (
	"context"
	"log/slog"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/fs/osfs"
)

// leaves is an observer, and a handler of logs, that does something at an event: end the goroutine, say, as testing.T.FailNow does.
type leaves struct {
	slog.Handler
	at   string // as logs have it
	by   func()
	once sync.Once
	left chan struct{}
}

func (o *leaves) Observe(e Event) { o.leave("lock " + e.Kind.String()) }

func (o *leaves) Handle(_ context.Context, r slog.Record) error {
	o.leave(r.Message)
	return nil
}

func (o *leaves) leave(event string) {
	now := false
	if event == o.at {
		o.once.Do(func() { now = true })
	}
	if now {
		close(o.left)
		o.by()
	}
}

// TestObserverThatDoesNotReturnTakesNothing: neither the turn, nor the lock, nor the file stays with an observer or a log that ends the goroutine or panics.
func TestObserverThatDoesNotReturnTakesNothing(t *testing.T) {
	t.Parallel()
	const life = 20 * time.Millisecond
	ctx := context.Background()
	for _, row := range []struct {
		at    string
		opts  []Option
		do    func(l, other *Lock)
		alone bool // it happens on a goroutine of the library, where a panic ends the program
	}{
		{"lock attempt", nil, func(l, _ *Lock) { l.Acquire(ctx) }, false},
		{"lock acquired", nil, func(l, _ *Lock) { l.Acquire(ctx) }, false},
		{"lock acquired", []Option{Lifetime(time.Nanosecond)}, func(l, _ *Lock) { l.Acquire(ctx) }, false},
		{"lock failed", nil, func(l, other *Lock) {
			h, _ := other.Acquire(ctx)
			defer h.Release()
			l.TryAcquire(ctx)
		}, false},
		{"lock wait", nil, func(l, other *Lock) {
			h, _ := other.Acquire(ctx)
			defer h.Release()
			l.Acquire(ctx)
		}, false},
		{"lock released", nil, func(l, _ *Lock) {
			h, _ := l.Acquire(ctx)
			h.Release()
		}, false},
		{"lock released", nil, func(l, _ *Lock) {
			h, _ := l.Acquire(ctx)
			defer h.Release()
			inner, _ := l.Acquire(h.Context())
			inner.Release()
		}, false},
		{"lock lost", []Option{Lifetime(life)}, func(l, _ *Lock) { l.Acquire(ctx) }, true},
		{"lock lost", []Option{Lifetime(time.Nanosecond)}, func(l, _ *Lock) { l.opts.host.Sleep(ctx, time.Millisecond); h, _ := l.Acquire(ctx); h.Release() }, true},
		{"a hold was dropped without being released; it is released now", nil, func(l, _ *Lock) { l.Acquire(ctx) }, true},
	} {
		for name, by := range map[string]func(){"Goexit": runtime.Goexit, "panic": func() { panic("observer") }} {
			if row.alone && name == "panic" {
				continue
			}
			for what, option := range map[string]func(*leaves) Option{
				"observer": func(o *leaves) Option { return Observe(o) },
				"log":      func(o *leaves) Option { return Logger(slog.New(o)) },
			} {
				if what == "observer" && row.at[:4] != "lock" {
					continue
				}
				t.Run(row.at+"/"+what+"/"+name, func(t *testing.T) {
					t.Parallel()
					host := osfs.New()
					path := t.TempDir() + "/work.lock"
					o := &leaves{slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}), row.at, by, sync.Once{}, make(chan struct{})}
					l, err := New(path, append(row.opts, Host(host), option(o))...)
					if err != nil {
						t.Fatal(err)
					}
					defer l.Close()
					other, err := New(path, Host(osfs.New()))
					if err != nil {
						t.Fatal(err)
					}
					defer other.Close()
					done := make(chan struct{})
					go func() {
						defer close(done)
						defer func() { recover() }()
						row.do(l, other)
					}()
					for left := false; !left; runtime.GC() { // which finds what was dropped
						select {
						case <-o.left:
							left = true
						case <-time.After(time.Millisecond):
						}
					}
					<-done
					bound := time.Duration(0)
					if row.alone || row.opts != nil {
						bound = time.Minute // another goroutine may still be about to release it
					}
					for _, next := range []*Lock{other, l, other, l} {
						h, err := next.Acquire(ctx, Timeout(bound))
						if err != nil {
							t.Fatalf("the next acquisition: %v", err)
						}
						h.Release() // or it has expired
					}
					if err := l.Close(); err != nil {
						t.Error(err)
					}
					if err := other.Close(); err != nil {
						t.Error(err)
					}
					for open := 1; open > 0; host.Sleep(t.Context(), time.Millisecond) { // a hold that expires lets go on a goroutine of its own
						open, _ = kept(host)
					}
				})
			}
		}
	}
}
