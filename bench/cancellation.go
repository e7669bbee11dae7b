package bench

import (
	"context"
	"errors"
	"fmt"
	"runtime/pprof"
	"slices"
	"sync"
	"time"

	"github.com/holdfast-lock/holdfast/bench/contend"
	"github.com/holdfast-lock/holdfast/bench/worker"
)

const cancelTask = "cancel"

type cancelArgs struct {
	subjectArgs
	Waiters int
	Rounds  int
}

// Cancellation is what becomes of waiters whose contexts end.
type Cancellation struct {
	Waiters int               `json:"waiters"`
	Return  contend.Quantiles `json:"return"`  // from the end of the context to the return of each waiter
	Threads int               `json:"threads"` // that were started for the waiting
	Usable  bool              `json:"usable"`  // whether the lock could be taken afterwards
}

// cancellation lets goroutines wait for a lock that another process holds, and ends their contexts all at once, again and again. It is ready when it has done so; when it goes on, the lock is free, or is
// about to be.
func cancellation(subjects contend.Subjects) worker.Task {
	return worker.For(func(a cancelArgs, ready func()) (Cancellation, error) {
		subject, err := subjects.Find(a.Subject)
		if err != nil {
			return Cancellation{}, err
		}
		waiters := make([]Cancelable, a.Waiters)
		for i := range waiters {
			l, err := subject.Open(a.Path)
			if err != nil {
				return Cancellation{}, err
			}
			var ok bool
			if waiters[i], ok = l.(Cancelable); !ok {
				return Cancellation{}, fmt.Errorf("%s: a wait cannot be canceled", a.Subject)
			}
		}
		c := Cancellation{Waiters: a.Waiters}
		before := pprof.Lookup("threadcreate").Count()
		var times []time.Duration
		for range a.Rounds {
			round, err := cancelAll(waiters)
			if err != nil {
				return c, err
			}
			times = append(times, round...)
		}
		c.Threads = pprof.Lookup("threadcreate").Count() - before
		c.Return = contend.QuantilesOf(times)
		ready()
		if err := waiters[0].Lock(); err != nil {
			return c, err
		}
		c.Usable = true
		return c, waiters[0].Unlock()
	})
}

// settle is how long the waiters are given to begin waiting. If one needs longer, it finds its context ended, which is quicker than what is measured: a figure can
// come out too good only if all do.
const settle = 50 * time.Millisecond

func cancelAll(waiters []Cancelable) ([]time.Duration, error) {
	ctx, cancel := context.WithCancel(context.Background())
	returned := make([]time.Time, len(waiters))
	errs := make([]error, len(waiters))
	var group sync.WaitGroup
	for i, l := range waiters {
		group.Go(func() {
			err := l.LockContext(ctx)
			returned[i] = time.Now()
			if !errors.Is(err, context.Canceled) {
				errs[i] = fmt.Errorf("a canceled wait ended with %v", err)
			}
		})
	}
	time.Sleep(settle)
	canceled := time.Now()
	cancel()
	group.Wait()
	times := make([]time.Duration, len(waiters))
	for i, t := range returned {
		times[i] = t.Sub(canceled)
	}
	return times, errors.Join(errs...)
}

const cancelRounds = 10

func (r *runner) planCancellation() {
	for _, waiters := range []int{1, slices.Max(append(r.Goroutines, 1))} {
		for _, c := range r.contestants {
			if !c.Cancelable {
				continue
			}
			r.plan(fmt.Sprintf("%d canceled waiters: %s", waiters, c.Name), func() error {
				result, err := r.cancel(c, waiters)
				r.report.Cancellation = append(r.report.Cancellation, Row[Cancellation]{c.Name, result})
				return err
			})
		}
	}
}

func (r *runner) cancel(c contestant, waiters int) (result Cancellation, err error) {
	path := r.path()
	release, err := r.held(c, path)
	if err != nil {
		return result, err
	}
	w, err := worker.Start(r.ctx, c.program)
	if err != nil {
		return result, errors.Join(err, release())
	}
	defer w.Close(time.Second)
	if err = w.Begin(cancelTask, cancelArgs{subjectArgs{c.Name, path}, waiters, cancelRounds}); err == nil {
		err = w.Ready()
	}
	if err := errors.Join(err, release()); err != nil {
		return result, err
	}
	if err := w.Go(); err != nil {
		return result, err
	}
	err = w.Result(&result)
	return result, err
}
