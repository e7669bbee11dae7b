//go:build !windows

package lock_test

import (
	"context"
	"fmt"
	"log"

	"github.com/holdfast-lock/holdfast/lock"
)

// A soft lock is a file that names its holder, for filesystems without locks of their own.
func ExampleNewSoft() {
	path, remove := newPath()
	defer remove()

	l, err := lock.NewSoft(path)
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
	fmt.Println(st.State, st.Record.Kind, st.Record.Holder)
	if err := h.Release(); err != nil {
		log.Fatal(err)
	}
	st, err = l.Status()
	fmt.Println(st.State, st.Record == nil, err)
	// Output:
	// held soft alive
	// free true <nil>
}
