package lock_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/lock"
)

// openCount returns how many descriptors of this process lead to the file at path.
func openCount(t *testing.T, path string) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, e := range entries {
		if target, err := os.Readlink(filepath.Join("/proc/self/fd", e.Name())); err == nil && target == path {
			n++
		}
	}
	return n
}

func TestCloseAfterAPanicOfOnAcquiredClosesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "work.lock")
	l, err := lock.New(path, lock.OnAcquired(func(fs.File) error { panic("no") }))
	if err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() { recover() }()
		l.Acquire(context.Background())
	}()
	if n := openCount(t, path); n != 1 {
		t.Fatalf("%d descriptors before Close, want 1: this test proves nothing", n)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if n := openCount(t, path); n != 0 {
		t.Errorf("%d descriptors after Close", n)
	}
}
