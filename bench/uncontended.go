package bench

import (
	"context"
	"runtime"
	"time"

	"github.com/holdfast-lock/holdfast/bench/contend"
	"github.com/holdfast-lock/holdfast/bench/worker"
	"github.com/holdfast-lock/holdfast/lock"
)

const (
	uncontendedTask = "uncontended"
	reentrantTask   = "reentrant"
)

// soloArgs say what one process does alone.
type soloArgs struct {
	subjectArgs
	For time.Duration
}

// Solo is what taking and releasing a lock costs a process that is alone.
type Solo struct {
	Each   time.Duration     `json:"each_ns"` // on average
	Allocs float64           `json:"allocs"`  // per acquisition
	CPU    time.Duration     `json:"cpu_ns"`  // per acquisition
	Times  contend.Quantiles `json:"times"`   // each timed by itself, which costs some dozen nanoseconds more
}

func uncontended(subjects contend.Subjects) worker.Task {
	return worker.For(func(a soloArgs, _ func()) (Solo, error) {
		l, err := a.open(subjects)
		if err != nil {
			return Solo{}, err
		}
		return measure(a.For, func() error {
			if err := l.Lock(); err != nil {
				return err
			}
			return l.Unlock()
		})
	})
}

// reentrant goes one level deeper into a hold, and out again.
func reentrant(a soloArgs, _ func()) (Solo, error) {
	l, err := lock.New(a.Path)
	if err != nil {
		return Solo{}, err
	}
	outer, err := l.Acquire(context.Background())
	if err != nil {
		return Solo{}, err
	}
	defer outer.Release()
	ctx := outer.Context()
	return measure(a.For, func() error {
		inner, err := l.Acquire(ctx)
		if err != nil {
			return err
		}
		return inner.Release()
	})
}

// batch is how many calls are timed together: many, so that reading the clock does not count.
const batch = 256

// measure calls f again and again, for about a time d, and then for a tenth of it with every call timed by itself.
func measure(d time.Duration, f func() error) (Solo, error) {
	for range batch { // the first calls open files and fill caches
		if err := f(); err != nil {
			return Solo{}, err
		}
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	cpu, start, n := contend.CPU(), time.Now(), 0
	for time.Since(start) < d {
		for range batch {
			if err := f(); err != nil {
				return Solo{}, err
			}
		}
		n += batch
	}
	took := time.Since(start)
	used := contend.CPU() - cpu
	runtime.ReadMemStats(&after)
	s := Solo{Each: took / time.Duration(n), Allocs: float64(after.Mallocs-before.Mallocs) / float64(n), CPU: used / time.Duration(n)}
	var times []time.Duration
	for start = time.Now(); time.Since(start) < d/10; {
		began := time.Now()
		if err := f(); err != nil {
			return Solo{}, err
		}
		times = append(times, time.Since(began))
	}
	s.Times = contend.QuantilesOf(times)
	return s, nil
}
