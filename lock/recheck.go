package lock

import (
	"context"
	"sync"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
)

// recheck looks after something from time to time while a task waits, and ends the wait when there is a reason.
//
// Its timer outlives the wait that started it and serves the next one: a lock that changes hands every millisecond would else start and stop a timer as often,
// which costs more than the waiting.
type recheck struct {
	host fs.Host

	mu      sync.Mutex // never held across a call of the host
	watched *watched   // the wait that is under way, or nil
	armed   bool
	due     time.Duration // of the timer, on the monotonic clock
	round   uint64        // of the timer that counts; one that was superseded fires in vain
	timer   fs.Timer
}

// watched is one wait.
type watched struct {
	look   func() (next time.Duration, reason error)
	cancel context.CancelCauseFunc
}

// watch derives a context that also ends when look finds a reason, and returns it with what ends the looking. The first look is taken at once if now says so.
func (r *recheck) watch(ctx context.Context, now bool, look func() (next time.Duration, reason error)) (context.Context, func()) {
	ctx, cancel := r.host.WithCancel(ctx)
	w := &watched{look, cancel}
	next := RecheckInterval
	if now {
		var reason error
		if next, reason = look(); reason != nil {
			cancel(reason)
			next = RecheckInterval
		}
	}
	r.begin(w, next)
	return ctx, func() { r.end(w) }
}

// begin looks after w, for the first time after next at the latest.
func (r *recheck) begin(w *watched, next time.Duration) {
	r.mu.Lock()
	r.watched = w
	r.mu.Unlock()
	r.arm(w, next)
}

// arm sees to it that a timer fires after d at the latest if w is still the wait under way.
func (r *recheck) arm(w *watched, d time.Duration) {
	due := r.host.Monotonic() + d
	r.mu.Lock()
	if r.watched != w || r.armed && r.due <= due {
		r.mu.Unlock()
		return
	}
	r.armed, r.due = true, due
	r.round++
	round, old := r.round, r.timer
	r.timer = nil
	r.mu.Unlock()
	if old != nil {
		old.Stop()
	}
	t := r.host.AfterFunc(d, func() { r.fire(round) })
	r.mu.Lock()
	if r.armed && r.round == round {
		r.timer, t = t, nil
	}
	r.mu.Unlock()
	if t != nil {
		t.Stop() // it has fired, or another one counts
	}
}

func (r *recheck) fire(round uint64) {
	r.mu.Lock()
	if r.round != round {
		r.mu.Unlock()
		return
	}
	r.armed, r.timer = false, nil
	w := r.watched
	r.mu.Unlock()
	if w == nil {
		return
	}
	next, reason := w.look()
	if reason != nil {
		w.cancel(reason)
		return
	}
	r.arm(w, next)
}

// end ends the looking for one wait. A look that has begun may still be under way when it returns.
func (r *recheck) end(w *watched) {
	r.mu.Lock()
	r.watched = nil
	r.mu.Unlock()
	w.cancel(nil)
}

// close stops the timer.
func (r *recheck) close() {
	r.mu.Lock()
	t := r.timer
	r.armed, r.timer = false, nil
	r.round++
	r.mu.Unlock()
	if t != nil {
		t.Stop()
	}
}
