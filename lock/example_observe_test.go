package lock_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"os"

	"github.com/holdfast-lock/holdfast/lock"
)

// printer is told what a lock does.
type printer struct{}

func (printer) Observe(e lock.Event) {
	switch e.Kind {
	case lock.EventAcquired, lock.EventReleased:
		fmt.Println(e.Kind, "at depth", e.Depth)
	default:
		fmt.Println(e.Kind)
	}
}

func ExampleObserve() {
	l, remove := newLock(lock.Observe(printer{}))
	defer remove()

	h, err := l.Acquire(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	inner, err := l.Acquire(h.Context())
	if err != nil {
		log.Fatal(err)
	}
	inner.Release()
	h.Release()
	// Output:
	// attempt
	// acquired at depth 1
	// acquired at depth 2
	// released at depth 1
	// released at depth 0
}

func ExampleLogger() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		Level: slog.LevelDebug,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr { // without what differs each time
			if a.Key == slog.TimeKey || a.Key == "path" {
				return slog.Attr{}
			}
			return a
		},
	}))
	l, remove := newLock(lock.Logger(logger))
	defer remove()

	h, err := l.Acquire(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	h.Release()
	// Output:
	// level=DEBUG msg="lock attempt"
	// level=DEBUG msg="lock acquired" depth=1
	// level=DEBUG msg="lock released"
}
