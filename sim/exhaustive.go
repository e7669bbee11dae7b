package sim

import (
	"fmt"
	"math/bits"
)

// Exhaustive makes every schedule that has at most Bound preemptions, one after the other:
//
//	e := &sim.Exhaustive{Bound: 2}
//	for e.Next() {
//		run(sim.Config{Strategy: e, …}) // which must be the same for each
//	}
//	err := e.Err()
//
// A preemption is a decision against a task that could have gone on. Who runs after a task that has ended or waits is a free choice. One who sleeps does not wait: it runs before others that
// are ready, or before another one that sleeps less, at the price of a preemption, so that a task which polls does not make the schedules endless. Schedules differ in more than the order of calls that conflict.
//
// A run that is ended early, because something was found, hides no schedule but those that begin like it. [Config.Steps] should be little more than a run needs: a run
// that spins until then has as many decisions.
type Exhaustive struct {
	Bound int

	path      []fork // the decisions of the last run
	at        int    // the next decision
	spent     int    // preemptions before it
	schedules int
	err       error
}

// fork is a decision on the path. Tasks are known by their place among the enabled ones.
type fork struct {
	taken int    // the place
	task  int32  // the ID
	among int    // how many were enabled
	free  uint64 // who costs no preemption, as a set of places
	left  uint64 // whom to try yet
}

// mostEnabled is how many tasks a set of places can hold.
const mostEnabled = 64

// Next prepares the next schedule, and reports false if there is none, or none can be made: see [Exhaustive.Err].
func (e *Exhaustive) Next() bool {
	if e.err != nil {
		return false
	}
	if e.schedules > 0 {
		for len(e.path) > 0 && e.path[len(e.path)-1].left == 0 {
			e.path = e.path[:len(e.path)-1]
		}
		if len(e.path) == 0 {
			return false
		}
		last := &e.path[len(e.path)-1]
		last.taken = bits.TrailingZeros64(last.left)
		last.left &^= 1 << last.taken
		last.task = -1 // who that is, the run will show
	}
	e.schedules++
	return true
}

// Schedules returns how many there were so far.
func (e *Exhaustive) Schedules() int { return e.schedules }

// Err returns why the schedules ended before all were made.
func (e *Exhaustive) Err() error { return e.err }

// Begin implements [Strategy].
func (e *Exhaustive) Begin(uint64) { e.at, e.spent = 0, 0 }

// Pick implements [Strategy].
func (e *Exhaustive) Pick(enabled []*Task, current *Task) *Task {
	if len(enabled) > mostEnabled {
		e.err = fmt.Errorf("schedule %d: %d tasks can run at once, of which all schedules cannot be made; at most %d", e.schedules, len(enabled), mostEnabled)
	}
	if e.err != nil {
		return firstOf(enabled, current)
	}
	if e.at == len(e.path) {
		e.path = append(e.path, e.fork(enabled, current))
	}
	f := &e.path[e.at]
	if f.among != len(enabled) || f.task >= 0 && f.task != enabled[f.taken].id {
		e.err = fmt.Errorf("schedule %d: decision %d is another one than in the run before, although all until then was the same: the program depends on more than its host", e.schedules, e.at)
		return firstOf(enabled, current)
	}
	f.task = enabled[f.taken].id
	e.at++
	if f.free&(1<<f.taken) == 0 {
		e.spent++
	}
	return enabled[f.taken]
}

// fork returns a decision that nothing was tried at yet but the first.
func (e *Exhaustive) fork(enabled []*Task, current *Task) fork {
	f := fork{among: len(enabled), task: -1}
	first := firstOf(enabled, current)
	preempts := goesOn(enabled, current)
	for i, t := range enabled {
		if t == first {
			f.taken = i
		}
		if t == first || !preempts && !t.idles() && !t.sleeps {
			f.free |= 1 << i
		}
	}
	f.left = f.free
	if e.spent < e.Bound {
		f.left = 1<<len(enabled) - 1
	}
	f.left &^= 1 << f.taken
	return f
}
