package fstest

import (
	"context"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
)

var contextFaults = []fault{
	{"contexts have no cause", tasking(func(h fs.Host, t *tasks) {
		t.withCancel = func(parent context.Context) (context.Context, context.CancelCauseFunc) {
			ctx, cancel := h.WithCancel(parent)
			return ctx, func(error) { cancel(nil) }
		}
		t.withTimeout = func(parent context.Context, d time.Duration, _ error) (context.Context, context.CancelFunc) {
			return h.WithTimeout(parent, d, nil)
		}
	}), []string{"WithCancelEndsWithItsCause", "WithTimeoutEndsWithItsCause", "WithTimeoutOfNothingHasEnded", "ContextEndsWithItsParent",
		"ContextEndsWithTheDeadlineOfItsParent"}},
	{"contexts have no parent", tasking(func(h fs.Host, t *tasks) {
		t.withCancel = func(context.Context) (context.Context, context.CancelCauseFunc) {
			return h.WithCancel(context.Background())
		}
		t.withTimeout = func(_ context.Context, d time.Duration, cause error) (context.Context, context.CancelFunc) {
			return h.WithTimeout(context.Background(), d, cause)
		}
	}), []string{"ContextEndsWithItsParent", "ContextEndsWithTheDeadlineOfItsParent"}},
	{"time runs twice as fast for contexts", tasking(func(h fs.Host, t *tasks) {
		t.withTimeout = func(parent context.Context, d time.Duration, cause error) (context.Context, context.CancelFunc) {
			return h.WithTimeout(parent, d/2, cause)
		}
	}), []string{"WithTimeoutEndsWithItsCause"}},
	{"a context with a timeout cannot be cancelled", tasking(func(h fs.Host, t *tasks) {
		t.withTimeout = func(parent context.Context, d time.Duration, cause error) (context.Context, context.CancelFunc) {
			ctx, _ := h.WithTimeout(parent, d, cause)
			return ctx, func() {}
		}
	}), []string{"WithTimeoutCanBeCancelled"}},
	{"AfterDone runs at once", tasking(func(h fs.Host, t *tasks) {
		t.afterDone = func(_ context.Context, f func()) func() bool { h.Go("after", f); return func() bool { return false } }
	}), []string{"AfterDoneRunsATaskOnceTheContextEnds", "AfterDoneCanBeStopped"}},
	{"AfterDone does not see a context that has ended", tasking(func(h fs.Host, t *tasks) {
		t.afterDone = func(ctx context.Context, f func()) func() bool {
			if ctx.Err() != nil {
				return func() bool { return false }
			}
			return h.AfterDone(ctx, f)
		}
	}), []string{"AfterDoneOfAnEndedContextRuns"}},
	{"stop of AfterDone says that it did and does not", tasking(func(h fs.Host, t *tasks) {
		t.afterDone = func(ctx context.Context, f func()) func() bool {
			h.AfterDone(ctx, f)
			return func() bool { return true }
		}
	}), []string{"AfterDoneCanBeStopped"}},
}
