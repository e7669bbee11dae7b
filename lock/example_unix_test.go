//go:build unix

package lock_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/fs/osfs"
	"github.com/holdfast-lock/holdfast/lock"
)

func ExampleMode() {
	l, remove := newLock(lock.Mode(0o660)) // whatever the umask, so that a group can share the lock
	defer remove()

	h, err := l.Acquire(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	defer h.Release()
	info, err := os.Stat(l.Path())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(info.Mode())
	// Output: -rw-rw----
}

// What a lock file says about its holder is for people; the lock does not depend on it.
func ExampleOnAcquired() {
	l, remove := newLock(lock.OnAcquired(func(f fs.File) error {
		if err := f.Truncate(0); err != nil {
			return err
		}
		_, err := f.WriteAt([]byte("the nightly import\n"), 0)
		return err
	}))
	defer remove()

	h, err := l.Acquire(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	defer h.Release()
	text, err := os.ReadFile(l.Path())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(string(text))
	// Output: the nightly import
}

// A lock on a file that the program has open for its own purposes.
func ExampleOnFile() {
	path, remove := newPath()
	defer remove()
	journal, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o666)
	if err != nil {
		log.Fatal(err)
	}
	defer journal.Close()

	l, err := lock.OnFile(osfs.Default().FromFile(journal))
	if err != nil {
		log.Fatal(err)
	}
	err = lock.Do(context.Background(), l, func(context.Context) error {
		_, err := fmt.Fprintln(journal, "an entry that nobody interrupts")
		return err
	})
	fmt.Println(err)
	// Output: <nil>
}
