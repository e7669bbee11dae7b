package osfs

import (
	"context"
	"runtime"
	"sync"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
)

// Now returns the wall clock.
func (h *Host) Now() time.Time { return time.Now() }

// Monotonic returns the time since the host value was made. It may stop while the machine is suspended.
func (h *Host) Monotonic() time.Duration { return time.Since(h.origin) }

// AfterFunc runs f on a goroutine of its own after d.
func (h *Host) AfterFunc(d time.Duration, f func()) fs.Timer { return time.AfterFunc(d, f) }

// Go runs f on a goroutine of its own.
func (h *Host) Go(_ string, f func()) { go f() }

// Sleep returns nil after d, or context.Cause(ctx) when ctx ends first. On Linux a sleep of half a millisecond or less is not cut short.
func (h *Host) Sleep(ctx context.Context, d time.Duration) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if sleepOnThread(d) {
		return context.Cause(ctx)
	}
	if ctx.Done() == nil {
		time.Sleep(d)
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// WithCancel is context.WithCancelCause.
func (h *Host) WithCancel(parent context.Context) (context.Context, context.CancelCauseFunc) {
	return context.WithCancelCause(parent)
}

// WithTimeout is context.WithTimeoutCause.
func (h *Host) WithTimeout(parent context.Context, d time.Duration, cause error) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(parent, d, cause)
}

// AfterDone is context.AfterFunc.
func (h *Host) AfterDone(ctx context.Context, f func()) func() bool { return context.AfterFunc(ctx, f) }

// OnDropped sets f as the finalizer of obj: unlike a cleanup it costs no allocation, which counts on the path of every acquisition.
func (h *Host) OnDropped(obj any, f func(obj any)) {
	runtime.SetFinalizer(obj, nil) // a second one in place of the first would end the program
	if f != nil {
		runtime.SetFinalizer(obj, f)
	}
}

// NewEvent returns an event that has not happened yet.
func (h *Host) NewEvent() fs.Event { return &event{done: make(chan struct{})} }

type event struct {
	once sync.Once
	done chan struct{}
}

func (e *event) Set() { e.once.Do(func() { close(e.done) }) }

func (e *event) Wait(ctx context.Context) error {
	select {
	case <-e.done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
