//go:build !windows

package lock_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/holdfast-lock/holdfast/lock"
)

// A lease ends unless its holder refreshes it, which the engine does; and the holder is told when it has ended.
func ExampleNewLease() {
	path, remove := newPath()
	defer remove()

	lost := make(chan error)
	l, err := lock.NewLease(path, lock.LeaseDuration(time.Minute), lock.Heartbeat(10*time.Millisecond), lock.OnLost(func(reason error) { lost <- reason }))
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	h, err := l.Acquire(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	st, err := l.Status()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(st.State, st.Record.Kind, st.Record.Duration)

	os.Remove(path) // as nobody should
	fmt.Println(<-lost)
	fmt.Println(h.Lost())
	// Output:
	// held lease 1m0s
	// the hold was lost: its marker was removed or replaced
	// the hold was lost: its marker was removed or replaced
}
