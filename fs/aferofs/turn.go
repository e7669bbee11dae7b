package aferofs

import (
	"context"
	"sync"

	"github.com/holdfast-lock/holdfast/fs"
)

// turn is a mutex that can be held across calls of a host: who waits for it waits in the host, where a sync.Mutex would stop a host that
// runs one task at a time. First come, first served.
type turn struct {
	mu      sync.Mutex
	taken   bool
	waiting []fs.Event
}

func (t *turn) take(tasks fs.Tasks) {
	if t.tryTake(nil) {
		return
	}
	if next := tasks.NewEvent(); !t.tryTake(next) {
		next.Wait(context.Background())
	}
}

// tryTake reports whether the turn is now the caller's, and otherwise puts it in the queue.
func (t *turn) tryTake(next fs.Event) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.taken {
		t.taken = true
		return true
	}
	if next != nil {
		t.waiting = append(t.waiting, next)
	}
	return false
}

// give hands the turn to whoever waited longest.
func (t *turn) give() {
	t.mu.Lock()
	if len(t.waiting) == 0 {
		t.taken = false
		t.mu.Unlock()
		return
	}
	next := t.waiting[0]
	t.waiting = t.waiting[1:]
	t.mu.Unlock()
	next.Set()
}
