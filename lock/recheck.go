package lock

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
)

// recheck looks after something from time to time while a task waits, and ends the wait when there is a reason.
type recheck struct {
	host    fs.Clock
	look    func() (next time.Duration, reason error)
	cancel  context.CancelCauseFunc
	timer   atomic.Pointer[fs.Timer]
	stopped atomic.Bool
}

func (r *recheck) arm(d time.Duration) {
	t := r.host.AfterFunc(d, r.fire)
	r.timer.Store(&t)
	if r.stopped.Load() {
		t.Stop() // stop may have come before the timer was there to be stopped
	}
}

func (r *recheck) fire() {
	if r.stopped.Load() {
		return
	}
	next, reason := r.look()
	if reason != nil {
		r.cancel(reason)
		return
	}
	r.arm(next)
}

// stop ends the looking. A look that has begun may still be under way when it returns.
func (r *recheck) stop() {
	r.stopped.Store(true)
	(*r.timer.Load()).Stop()
	r.cancel(nil)
}
