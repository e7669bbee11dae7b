package lock_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/holdfast-lock/holdfast/lock"
)

// A function that takes the lock can be called by one that has it, if the hold's context is handed on.
func ExampleHold_Context() {
	l, remove := newLock()
	defer remove()

	save := func(ctx context.Context) error {
		return lock.Do(ctx, l, func(ctx context.Context) error {
			fmt.Println("save at depth", l.Depth(ctx))
			return nil
		})
	}
	update := func(ctx context.Context) error {
		return lock.Do(ctx, l, func(ctx context.Context) error {
			fmt.Println("update at depth", l.Depth(ctx))
			return save(ctx)
		})
	}
	if err := update(context.Background()); err != nil {
		log.Fatal(err)
	}
	// Output:
	// update at depth 1
	// save at depth 2
}

func ExampleLock_Depth() {
	l, remove := newLock()
	defer remove()
	ctx := context.Background()

	h, err := l.Acquire(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer h.Release()
	fmt.Println("on behalf of the hold:", l.Depth(h.Context()))
	fmt.Println("on behalf of somebody else:", l.Depth(ctx))
	fmt.Println("held by this process:", l.HeldHere())
	// Output:
	// on behalf of the hold: 1
	// on behalf of somebody else: 0
	// held by this process: true
}

func ExampleHold_ReleaseAll() {
	l, remove := newLock()
	defer remove()

	outer, err := l.Acquire(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	inner, err := l.Acquire(outer.Context())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("levels:", inner.Depth())
	if err := inner.ReleaseAll(); err != nil {
		log.Fatal(err)
	}
	fmt.Println("held:", l.HeldHere())
	fmt.Println("the outer level has ended:", errors.Is(outer.Release(), lock.ErrNotHeld))
	// Output:
	// levels: 2
	// held: false
	// the outer level has ended: true
}

// Inside a hold, the same file through another Lock would wait for itself.
func ExampleErrDeadlock() {
	path, remove := newPath()
	defer remove()
	one, err := lock.New(path)
	if err != nil {
		log.Fatal(err)
	}
	other, err := lock.New(path)
	if err != nil {
		log.Fatal(err)
	}
	h, err := one.Acquire(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	defer h.Release()

	_, err = other.Acquire(h.Context())
	fmt.Println(errors.Is(err, lock.ErrDeadlock))
	// Output: true
}

func ExampleSharedOwnership() {
	l, remove := newLock(lock.SharedOwnership())
	defer remove()
	ctx := context.Background()

	// Neither context descends from the other: the process as a whole is the owner.
	one, err := l.Acquire(ctx)
	if err != nil {
		log.Fatal(err)
	}
	two, err := l.Acquire(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("depth:", l.Depth(ctx))
	one.Release()
	fmt.Println("held after the first release:", l.HeldHere())
	two.Release()
	fmt.Println("held after the second:", l.HeldHere())
	// Output:
	// depth: 2
	// held after the first release: true
	// held after the second: false
}

func ExampleLifetime() {
	l, remove := newLock(lock.Lifetime(10 * time.Millisecond))
	defer remove()

	h, err := l.Acquire(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	<-h.Context().Done() // the work took too long
	fmt.Println(errors.Is(context.Cause(h.Context()), lock.ErrExpired))
	fmt.Println(errors.Is(h.Release(), lock.ErrExpired))
	// Output:
	// true
	// true
}

// Before each step that cannot be undone, a holder with a lifetime looks whether it still is one.
func ExampleHold_Lost() {
	l, remove := newLock(lock.Lifetime(500 * time.Millisecond))
	defer remove()

	h, err := l.Acquire(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("step 1:", h.Lost() == nil)
	<-h.Context().Done() // stands for a pause that nobody planned: the process was stopped, the machine asleep
	fmt.Println("step 2:", h.Lost() == nil)
	// Output:
	// step 1: true
	// step 2: false
}

// account is a resource that remembers the largest token it has seen, and refuses smaller ones.
type account struct {
	seen    uint64
	balance int
}

func (a *account) set(token uint64, balance int) error {
	if token < a.seen {
		return fmt.Errorf("token %d comes after %d", token, a.seen)
	}
	a.seen, a.balance = token, balance
	return nil
}

func ExampleFencing() {
	l, remove := newLock(lock.Fencing())
	defer remove()
	ctx := context.Background()
	var a account

	early, err := l.Acquire(ctx)
	if err != nil {
		log.Fatal(err)
	}
	early.Release()
	late, err := l.Acquire(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer late.Release()

	fmt.Println(a.set(late.Token(), 100))
	fmt.Println(a.set(early.Token(), 50)) // a request of the earlier hold, delayed on its way
	// Output:
	// <nil>
	// token 1 comes after 2
}

// Inside Do there is no Hold at hand. Acquiring again, on behalf of the one that is there, gives one.
func ExampleHold_Token() {
	l, remove := newLock(lock.Fencing())
	defer remove()

	err := lock.Do(context.Background(), l, func(ctx context.Context) error {
		h, err := l.Acquire(ctx)
		if err != nil {
			return err
		}
		defer h.Release()
		fmt.Println("hold number", h.Token(), "at depth", h.Depth())
		return ctx.Err() // not nil once the hold has ended
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: hold number 1 at depth 2
}
