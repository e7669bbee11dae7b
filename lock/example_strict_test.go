//go:build !windows

package lock_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/fs/osfs"
	"github.com/holdfast-lock/holdfast/lock"
)

// A strict lock is taken from nobody: when a process has died inside, somebody has to say that nobody is inside any more.
func ExampleLock_Claims() {
	path, remove := newPath()
	defer remove()

	l, err := lock.NewStrict(path)
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	crashed, err := lock.NewStrict(path, lock.Host(osfs.New())) // another process, for the example
	if err != nil {
		log.Fatal(err)
	}
	defer crashed.Close()
	if _, err := crashed.Acquire(context.Background()); err != nil {
		log.Fatal(err)
	}

	_, err = l.TryAcquire(context.Background())
	fmt.Println(errors.Is(err, lock.ErrTimeout))
	claims, err := l.Claims()
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range claims {
		fmt.Println(c.State, c.Holder == fs.Alive)
		if err := l.ForceBreak(c.Name); err != nil {
			log.Fatal(err)
		}
	}
	h, err := l.TryAcquire(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("inside")
	if err := h.Release(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// true
	// held true
	// intent true
	// inside
}
