//go:build !windows

package lock_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

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

// The holder of a soft lock on a machine that is gone is known by its record alone.
func ExampleLock_Break() {
	path, remove := newPath()
	defer remove()
	if err := os.WriteFile(path, []byte("4711\nweb-3\n"), 0o666); err != nil { // by a process on web-3
		log.Fatal(err)
	}

	l, err := lock.NewSoft(path)
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	st, err := l.Status()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("pid", st.Record.PID, "on", st.Record.Host, "is alive:", st.Record.Holder)
	if err := l.Break(st.Record); err != nil {
		log.Fatal(err)
	}
	err = l.Break(st.Record)
	fmt.Println("a second time:", errors.Is(err, lock.ErrChanged))
	// Output:
	// pid 4711 on web-3 is alive: unknown
	// a second time: true
}

// What nothing can own any more is removed, and the rest says why not.
func ExampleLeftovers() {
	path, remove := newPath()
	defer remove()
	dir := filepath.Dir(path)
	for name, content := range map[string]string{"gone.lock.lifetime": "", ".holdfast-0123456789abcdef": "4711\nweb-3\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
			log.Fatal(err)
		}
	}

	found, err := lock.Leftovers(context.Background(), dir, false)
	if err != nil {
		log.Fatal(err)
	}
	for _, l := range found {
		fmt.Println(filepath.Base(l.Path), "stays:", l.Keep != "")
		if l.Keep == "" {
			if err := l.Remove(); err != nil {
				log.Fatal(err)
			}
		}
	}
	// Output:
	// .holdfast-0123456789abcdef stays: true
	// gone.lock.lifetime stays: false
}
