package bench

import (
	"context"
	"errors"
	"fmt"
	"runtime/pprof"
	"sync"
	"time"

	"github.com/holdfast-lock/holdfast/bench/contend"
	"github.com/holdfast-lock/holdfast/bench/worker"
)

const cancelTask = "cancel"

type cancelArgs struct {
	Subject string
	Path    string
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

// cancellation lets goroutines wait for a lock that another holder in the same process has on a descriptor of its own, and ends their contexts all at once.
func cancellation(subjects contend.Subjects) worker.Task {
	return worker.For(func(a cancelArgs, _ func()) (Cancellation, error) {
		subject, err := subjects.Find(a.Subject)
		if err != nil {
			return Cancellation{}, err
		}
		holder, err := openRawHolder(a.Path)
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
			if err := holder.Lock(); err != nil {
				return c, err
			}
			round, err := cancelAll(waiters)
			if err := errors.Join(err, holder.Unlock()); err != nil {
				return c, err
			}
			times = append(times, round...)
		}
		c.Threads = pprof.Lookup("threadcreate").Count() - before
		c.Return = contend.QuantilesOf(times)
		if err := waiters[0].Lock(); err != nil {
			return c, err
		}
		c.Usable = true
		return c, waiters[0].Unlock()
	})
}

// openRawHolder opens the holder in whose way nobody is but the kernel: a lock of the subject's would be waited for inside the process.
func openRawHolder(path string) (contend.Lock, error) {
	s, err := raw.Find(rawName)
	if err != nil {
		return nil, err
	}
	return s.Open(path)
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
