package sim

import (
	"math"
	"time"
)

// point is where the running task is about to make a call: others may run before it. It returns once the task may, at the time at which the call takes effect.
func (w *World) point(op Op, object uint64) *Task {
	t := w.current
	w.check(t)
	w.steps++
	if w.steps > w.limit {
		w.fail(ErrSteps)
	}
	t.op, t.object = op, object
	t.readyAt = w.now + latency[op]
	if next := w.choose(t); next != t {
		w.next = next
		t.baton.yield()
	}
	w.arrive(t)
	return t
}

// check panics if the task has no business in the world any more.
func (w *World) check(t *Task) {
	if t == nil {
		panic("sim: a call from outside of the world's tasks")
	}
	if t.proc.dead || w.over || w.err != nil {
		panic(killed{})
	}
}

// arrive is where a task goes on after others may have run.
func (w *World) arrive(t *Task) {
	w.check(t)
	if t.readyAt > w.now {
		w.now = t.readyAt
	}
}

// call is a point for a call that cannot fail.
func (w *World) call(op Op) *Task {
	t := w.point(op, 0)
	w.mix(t, 0)
	if w.config.Trace != nil {
		w.record(t, "", nil)
	}
	return t
}

// pause lets others run for d.
func (w *World) pause(t *Task, d time.Duration) {
	t.readyAt = w.now + max(d, 0)
	if t.readyAt < w.now { // overflow: for ever
		t.readyAt = math.MaxInt64
	}
	t.woken, t.sleeps = false, true
	if next := w.choose(t); next != t {
		w.next = next
		t.baton.yield()
	}
	t.sleeps = false
	w.arrive(t)
}

// block lets others run until somebody wakes the task.
func (w *World) block(t *Task) {
	t.state, t.woken = blocked, false
	w.next = w.choose(t)
	t.baton.yield()
	w.arrive(t)
}

// wake makes a task ready that is blocked, or sleeps.
func (w *World) wake(t *Task) {
	if t.state == done || t.state == ready && t.woken {
		return
	}
	t.state, t.woken, t.sleeps = ready, true, false
	t.readyAt = w.now + wakeLatency
}

// choose returns the task to run next, nil if there is none.
func (w *World) choose(current *Task) *Task {
	if current != nil {
		current.calls++
	}
	earliest := time.Duration(math.MaxInt64)
	enabled := w.enabled[:0]
	for _, t := range w.tasks {
		if t.state != ready || t.proc.frozen {
			continue
		}
		enabled = append(enabled, t)
		earliest = min(earliest, t.readyAt)
	}
	w.enabled = enabled
	if w.slack < math.MaxInt64-earliest {
		latest := earliest + w.slack
		n := 0
		for _, t := range enabled {
			if t.readyAt <= latest {
				enabled[n] = t
				n++
			}
		}
		enabled = enabled[:n]
	}
	switch len(enabled) {
	case 0:
		return nil
	case 1:
		return enabled[0]
	}
	w.decisions++
	if w.strategy == nil {
		return firstOf(enabled, current)
	}
	picked := w.strategy.Pick(enabled, current)
	if w.config.Record && picked != firstOf(enabled, current) {
		w.schedule = append(w.schedule, Deviation{Task: nameOf(current), Calls: callsOf(current), Next: picked.String()})
	}
	return picked
}

func nameOf(t *Task) string {
	if t == nil {
		return god
	}
	return t.String()
}

func callsOf(t *Task) int {
	if t == nil {
		return 0
	}
	return t.Calls()
}

// mix adds a finished call to the hash.
func (w *World) mix(t *Task, result uint64) {
	h := w.hash ^ uint64(t.id)<<48 ^ uint64(t.op)<<40 ^ uint64(w.now)
	h = (h ^ t.object) * 0x9e3779b97f4a7c15
	h = (h ^ h>>29 ^ result) * 0xbf58476d1ce4e5b9
	w.hash = h ^ h>>32
}
