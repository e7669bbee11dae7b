// Package queue lets the tasks of one process take turns, first in first out.
package queue

import (
	"context"
	"sync"

	"github.com/holdfast-lock/holdfast/fs"
)

// Queue hands one turn around. The zero Queue is ready: nobody has the turn. Whoever has it gives it up exactly once, by Pass or Leave.
type Queue struct {
	mu          sync.Mutex // never held across a call of the host
	taken       bool
	first, last *waiter
	waiting     int
}

type waiter struct {
	turn       fs.Event
	next, prev *waiter
	granted    bool
	passed     bool // the turn came by Pass
}

// TryEnter takes the turn if nobody has it and reports whether it did. Since a turn that is given up goes to the first waiter, nobody overtakes the
// queue this way.
func (q *Queue) TryEnter() bool {
	q.mu.Lock()
	free := !q.taken
	q.taken = true
	q.mu.Unlock()
	return free
}

// Enter waits for the turn and reports whether it came by Pass. When ctx ends before the turn came, it returns context.Cause(ctx) and the
// place in the queue is gone. When both happen at once the turn may have been taken: the caller looks at ctx again.
func (q *Queue) Enter(ctx context.Context, host fs.Tasks) (passed bool, err error) {
	q.mu.Lock()
	if !q.taken {
		q.taken = true
		q.mu.Unlock()
		return false, nil
	}
	q.mu.Unlock()
	w := &waiter{turn: host.NewEvent()} // made outside of mu, as every call of the host
	q.mu.Lock()
	if !q.taken {
		q.taken = true
		q.mu.Unlock()
		return false, nil
	}
	q.append(w)
	q.mu.Unlock()

	err = w.turn.Wait(ctx)

	q.mu.Lock()
	defer q.mu.Unlock()
	if w.granted {
		return w.passed, nil
	}
	q.remove(w)
	return false, err
}

// Pass gives the turn, together with what it stands for, to the first waiter and reports whether there was one. If not, the caller still has it. It calls before, unless that is nil, right
// before the waiter can go on; before must not use the queue.
func (q *Queue) Pass(before func()) bool { return q.grant(true, before) }

// Leave gives the turn up: to the first waiter if there is one.
func (q *Queue) Leave() { q.grant(false, nil) }

// Waiting returns the number of tasks that wait for the turn.
func (q *Queue) Waiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.waiting
}

func (q *Queue) grant(pass bool, before func()) bool {
	q.mu.Lock()
	w := q.first
	if w == nil {
		if !pass {
			q.taken = false
		}
		q.mu.Unlock()
		return false
	}
	q.remove(w)
	w.granted, w.passed = true, pass
	if before != nil {
		before()
	}
	q.mu.Unlock()
	w.turn.Set()
	return true
}

func (q *Queue) append(w *waiter) {
	w.prev = q.last
	if q.last != nil {
		q.last.next = w
	} else {
		q.first = w
	}
	q.last = w
	q.waiting++
}

func (q *Queue) remove(w *waiter) {
	if w.prev != nil {
		w.prev.next = w.next
	} else {
		q.first = w.next
	}
	if w.next != nil {
		w.next.prev = w.prev
	} else {
		q.last = w.prev
	}
	w.next, w.prev = nil, nil
	q.waiting--
}
