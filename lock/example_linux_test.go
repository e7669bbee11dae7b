package lock_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/holdfast-lock/holdfast/lock"
)

// Status asks the kernel who holds a lock, and does not take it.
func ExampleLock_Status() {
	l, remove := newLock()
	defer remove()

	st, err := l.Status()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("held before:", st.State == lock.StateHeld)

	h, err := l.Acquire(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	defer h.Release()
	if st, err = l.Status(); err != nil {
		log.Fatal(err)
	}
	fmt.Println(st.State, "by this process:", st.Holders[0].PID == os.Getpid())
	// Output:
	// held before: false
	// held by this process: true
}
