package fstest

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

var errCause = errors.New("the cause")

type contextKey struct{}

var contextChecks = []check{
	{"WithCancelEndsWithItsCause", func(p *probe) {
		ctx, cancel := p.WithCancel(p.ctx)
		p.wantContext("before its end", ctx, nil, nil)
		cancel(errCause)
		p.wantContext("cancelled with a cause", ctx, context.Canceled, errCause)
		cancel(errGiveUp)
		p.wantContext("cancelled twice", ctx, context.Canceled, errCause)
		p.ends("a cancelled context", ctx)
		ctx, cancel = p.WithCancel(p.ctx)
		cancel(nil)
		p.wantContext("cancelled without a cause", ctx, context.Canceled, context.Canceled)
		p.wantContext("whose children were cancelled", p.ctx, nil, nil)
	}},
	{"WithTimeoutEndsWithItsCause", func(p *probe) {
		for cause, want := range map[error]error{errCause: errCause, nil: context.DeadlineExceeded} {
			before := p.Monotonic()
			ctx, cancel := p.WithTimeout(p.ctx, 3*moment, cause)
			if _, ok := ctx.Deadline(); !ok {
				p.Errorf("a context with a timeout has no deadline")
			}
			p.ends("a context with a timeout", ctx)
			if d := p.Monotonic() - before; d < 3*moment {
				p.Errorf("a timeout of %v ended the context after %v", 3*moment, d)
			}
			p.wantContext("timed out", ctx, context.DeadlineExceeded, want)
			cancel()
			p.wantContext("timed out and cancelled", ctx, context.DeadlineExceeded, want)
		}
	}},
	{"WithTimeoutOfNothingHasEnded", func(p *probe) {
		for _, d := range []time.Duration{0, -time.Hour} {
			ctx, cancel := p.WithTimeout(p.ctx, d, errCause)
			p.wantContext("with no time", ctx, context.DeadlineExceeded, errCause)
			cancel()
		}
	}},
	{"WithTimeoutCanBeCancelled", func(p *probe) {
		ctx, cancel := p.WithTimeout(p.ctx, time.Hour, errCause)
		p.wantContext("before its end", ctx, nil, nil)
		cancel()
		p.wantContext("cancelled before its time", ctx, context.Canceled, context.Canceled)
		p.ends("a cancelled context", ctx)
	}},
	{"ContextEndsWithItsParent", func(p *probe) {
		parent, cancel := p.WithCancel(context.WithValue(p.ctx, contextKey{}, "value"))
		child, cancelChild := p.WithCancel(parent)
		timed, stop := p.WithTimeout(child, time.Hour, errGiveUp)
		defer stop()
		if timed.Value(contextKey{}) != "value" {
			p.Errorf("a derived context does not have the value of its ancestor")
		}
		cancel(errCause)
		for _, ctx := range []context.Context{child, timed} {
			p.ends("the child of a cancelled context", ctx)
			p.wantContext("whose parent was cancelled", ctx, context.Canceled, errCause)
		}
		late, cancelLate := p.WithCancel(parent)
		p.wantContext("derived from one that had ended", late, context.Canceled, errCause)
		cancelChild(nil)
		cancelLate(nil)
	}},
	{"ContextEndsWithTheDeadlineOfItsParent", func(p *probe) {
		parent, stop := p.WithTimeout(p.ctx, moment, errCause)
		defer stop()
		child, cancel := p.WithCancel(parent)
		defer cancel(nil)
		timed, stop := p.WithTimeout(child, time.Hour, errGiveUp)
		defer stop()
		p.ends("the grandchild of a context with a timeout", timed)
		p.wantContext("whose grandparent timed out", timed, context.DeadlineExceeded, errCause)
	}},
	{"AfterDoneRunsATaskOnceTheContextEnds", func(p *probe) {
		ctx, cancel := p.WithCancel(p.ctx)
		var calls atomic.Int32
		goOn, done := p.NewEvent(), p.NewEvent()
		p.AfterDone(ctx, func() {
			if ctx.Err() == nil {
				p.Errorf("AfterDone ran before the context ended")
			}
			calls.Add(1)
			if goOn.Wait(p.ctx) == nil {
				done.Set()
			}
		})
		p.must(p.Sleep(p.ctx, moment))
		cancel(nil)
		goOn.Set() // not reached if the one who cancels runs it
		p.happens("AfterDone", done)
		p.must(p.Sleep(p.ctx, moment))
		if n := calls.Load(); n != 1 {
			p.Errorf("AfterDone ran %d times", n)
		}
	}},
	{"AfterDoneOfAnEndedContextRuns", func(p *probe) {
		ctx, cancel := p.WithCancel(p.ctx)
		cancel(nil)
		p.ends("an ended context", ctx)
	}},
	{"AfterDoneCanBeStopped", func(p *probe) {
		ctx, cancel := p.WithCancel(p.ctx)
		var calls atomic.Int32
		stop := p.AfterDone(ctx, func() { calls.Add(1) })
		if !stop() {
			p.Errorf("stop before the context ended = false")
		}
		other := p.NewEvent()
		stopOther := p.AfterDone(ctx, other.Set)
		cancel(nil)
		p.happens("the AfterDone that was not stopped", other)
		if stopOther() {
			p.Errorf("stop of a call that was made = true")
		}
		p.must(p.Sleep(p.ctx, moment))
		if n := calls.Load(); n != 0 {
			p.Errorf("a call of AfterDone that was stopped was made")
		}
	}},
}

func (p *probe) wantContext(when string, ctx context.Context, err, cause error) {
	p.Helper()
	if got := ctx.Err(); !errors.Is(got, err) {
		p.Errorf("the error of a context %s is %v, want %v", when, got, err)
	}
	if got := context.Cause(ctx); !errors.Is(got, cause) {
		p.Errorf("the cause of a context %s is %v, want %v", when, got, cause)
	}
}

// ends waits for the end of a context.
func (p *probe) ends(what string, ctx context.Context) {
	p.Helper()
	done := p.NewEvent()
	stop := p.AfterDone(ctx, done.Set)
	defer stop()
	p.happens("the end of "+what, done)
}
