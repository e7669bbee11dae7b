package fs

import (
	"context"
	"time"
)

// Tasks starts concurrent work and lets tasks wait for each other.
type Tasks interface {
	// Go starts f as a task. The name appears in traces.
	Go(name string, f func())
	// Sleep returns nil after d, or context.Cause(ctx) when ctx ends first.
	Sleep(ctx context.Context, d time.Duration) error
	// Yield lets others run on this processor, tasks of this process or of others, if any are ready to, and goes on after them.
	Yield()
	// NewEvent returns an event that has not happened yet.
	NewEvent() Event
	// WithCancel is context.WithCancelCause.
	WithCancel(parent context.Context) (context.Context, context.CancelCauseFunc)
	// WithTimeout is context.WithTimeoutCause on this host's clock.
	WithTimeout(parent context.Context, d time.Duration, cause error) (context.Context, context.CancelFunc)
	// AfterDone is context.AfterFunc: it runs f as a task once ctx is done, unless stop was called first.
	AfterDone(ctx context.Context, f func()) (stop func() bool)
	// OnDropped arranges that f(obj) runs as a task some time after the program has lost its last reference to obj, which is a pointer to
	// an allocated value of its own. Only one f is kept; nil takes it back. A host may never run f.
	OnDropped(obj any, f func(obj any))
}

// Event happens once.
type Event interface {
	// Set makes the event happen. Repeating it changes nothing.
	Set()
	// Wait returns nil once the event has happened, or context.Cause(ctx) when ctx ends first. If both are true, either may be returned.
	Wait(ctx context.Context) error
}
