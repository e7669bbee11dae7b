package lock_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/holdfast-lock/holdfast/lock"
)

// newPath names a lock file in a new directory.
func newPath() (path string, remove func()) {
	dir, err := os.MkdirTemp("", "holdfast-example-")
	if err != nil {
		log.Fatal(err)
	}
	return filepath.Join(dir, "work.lock"), func() { os.RemoveAll(dir) }
}

// newLock makes a lock on such a file.
func newLock(opts ...lock.Option) (l *lock.Lock, remove func()) {
	path, removeDir := newPath()
	l, err := lock.New(path, opts...)
	if err != nil {
		log.Fatal(err)
	}
	return l, func() {
		l.Close()
		removeDir()
	}
}

func Example() {
	path, remove := newPath()
	defer remove()

	l, err := lock.New(path)
	if err != nil {
		log.Fatal(err)
	}
	h, err := l.Acquire(context.Background()) // until held
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("inside")
	if err := h.Release(); err != nil {
		log.Fatal(err)
	}
	fmt.Println("outside")
	// Output:
	// inside
	// outside
}

func ExampleDo() {
	l, remove := newLock()
	defer remove()

	err := lock.Do(context.Background(), l, func(ctx context.Context) error {
		fmt.Println("inside, whatever happens the lock is released")
		return errors.New("the work failed")
	})
	fmt.Println(err)
	fmt.Println("held:", l.HeldHere())
	// Output:
	// inside, whatever happens the lock is released
	// the work failed
	// held: false
}

// The work is left to whoever is at it. That it was left is told apart from a wait for another lock inside the work, which may end with ErrTimeout too.
func ExampleDo_noWait() {
	l, remove := newLock()
	defer remove()
	ctx := context.Background()

	sync := func(context.Context) error {
		fmt.Println("synchronizing")
		return nil
	}
	h, err := l.Acquire(ctx)
	if err != nil {
		log.Fatal(err)
	}
	err = lock.Do(ctx, l, sync, lock.NoWait())
	late, ok := errors.AsType[*lock.TimeoutError](err)
	fmt.Println("somebody else is at it:", ok && late.Path == l.Path())
	h.Release()
	fmt.Println(lock.Do(ctx, l, sync, lock.NoWait()))
	// Output:
	// somebody else is at it: true
	// synchronizing
	// <nil>
}

func ExampleLock_TryAcquire() {
	l, remove := newLock()
	defer remove()
	ctx := context.Background()

	first, err := l.TryAcquire(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer first.Release()

	_, err = l.TryAcquire(ctx)
	if errors.Is(err, lock.ErrTimeout) {
		fmt.Println("somebody else is at it")
	}
	// Output: somebody else is at it
}

func ExampleNoWait() {
	l, remove := newLock(lock.NoWait()) // for a program that calls Acquire everywhere
	defer remove()
	ctx := context.Background()

	h, err := l.Acquire(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer h.Release()
	_, err = l.Acquire(ctx)
	fmt.Println(errors.Is(err, lock.ErrTimeout))
	// Output: true
}

func ExampleTimeout() {
	l, remove := newLock(lock.Timeout(time.Minute))
	defer remove()
	ctx := context.Background()

	h, err := l.Acquire(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer h.Release()

	// This acquisition waits for less than the others of this lock.
	_, err = l.Acquire(ctx, lock.Timeout(10*time.Millisecond))
	if late, ok := errors.AsType[*lock.TimeoutError](err); ok {
		fmt.Println("waited long enough:", late.Wait >= 10*time.Millisecond)
		fmt.Println("held by this process:", late.Holders[0].PID == os.Getpid())
	}
	// Output:
	// waited long enough: true
	// held by this process: true
}

func ExampleLock_Acquire_canceled() {
	l, remove := newLock()
	defer remove()

	h, err := l.Acquire(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	defer h.Release()

	ctx, cancel := context.WithCancel(context.Background())
	cancel() // as a program does that is told to stop while it waits
	_, err = l.Acquire(ctx)
	fmt.Println(errors.Is(err, context.Canceled))
	// Output: true
}

func ExampleLock_Acquire_deadline() {
	l, remove := newLock()
	defer remove()

	h, err := l.Acquire(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	defer h.Release()

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	_, err = l.Acquire(ctx)
	fmt.Println(errors.Is(err, lock.ErrTimeout), errors.Is(err, context.DeadlineExceeded))
	// Output: true true
}

func ExampleCancelWhen() {
	l, remove := newLock()
	defer remove()
	ctx := context.Background()

	h, err := l.Acquire(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer h.Release()

	asked := 0
	stopping := func() bool { // a flag of a program that has no context
		asked++
		return asked == 3
	}
	_, err = l.Acquire(ctx, lock.CancelWhen(stopping), lock.PollInterval(time.Millisecond))
	fmt.Println(errors.Is(err, lock.ErrCanceled), "after it was asked", asked, "times")
	// Output: true after it was asked 3 times
}

func ExampleLock_SetPollInterval() {
	l, remove := newLock(lock.PollInterval(100 * time.Millisecond))
	defer remove()

	// On a network filesystem this trades requests to the server for latency, also for those who wait already.
	fmt.Println(l.SetPollInterval(5 * time.Millisecond))
	fmt.Println(errors.Is(l.SetPollInterval(0), lock.ErrOption))
	// Output:
	// <nil>
	// true
}

func ExampleLock_Close() {
	l, remove := newLock()
	defer remove()

	if err := l.Close(); err != nil { // lets the file go; a lock that is no longer referenced closes itself
		log.Fatal(err)
	}
	_, err := l.Acquire(context.Background())
	fmt.Println(errors.Is(err, lock.ErrClosed))
	// Output: true
}
