//go:build unix

package lock_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/fs/osfs"
	"github.com/holdfast-lock/holdfast/lock"
)

// TestFilesBesideTheLockFileHaveItsMode: else somebody who may not open the lock file could lock them, or somebody who may could not use them.
func TestFilesBesideTheLockFileHaveItsMode(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o022))
	for _, mode := range []fs.FileMode{0o600, 0o660, 0o666} {
		path := filepath.Join(t.TempDir(), "work.lock")
		for range 2 { // the second time the files are there, with the mode that they had
			h, err := open(t, path, lock.Mode(mode), lock.Fencing(), lock.Lifetime(time.Hour)).Acquire(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{path, path + ".fence", path + ".lifetime"} {
				info, err := os.Stat(name)
				if err != nil {
					t.Fatal(err)
				}
				if got := info.Mode().Perm(); got != mode {
					t.Errorf("%s has mode %#o, want %#o", filepath.Base(name), got, mode)
				}
				if err := os.Chmod(name, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if err := h.Release(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestFileBesideTheLockFileThatIsKeptLockedIsAnError: the acquisition ends, whatever its bound, and the lock is free.
func TestFileBesideTheLockFileThatIsKeptLockedIsAnError(t *testing.T) {
	for suffix, opt := range map[string]lock.Option{".fence": lock.Fencing(), ".lifetime": lock.Lifetime(time.Hour)} {
		path := filepath.Join(t.TempDir(), "work.lock")
		f, err := osfs.Default().Open(path+suffix, fs.ReadWrite|fs.Create, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if held, err := f.TryLock(fs.Whole, fs.LockShared); !held || err != nil {
			t.Fatal(held, err)
		}
		for what, bound := range map[string]lock.Option{"one attempt": lock.NoWait(), "no bound": lock.Timeout(-1)} {
			_, err := open(t, path, opt, bound).Acquire(context.Background())
			if err == nil || errors.Is(err, lock.ErrTimeout) || !strings.Contains(err.Error(), path+suffix) || !strings.Contains(err.Error(), "keeps it locked") {
				t.Errorf("%s, %s: got error %v", suffix, what, err)
			}
		}
		h, err := open(t, path).TryAcquire(context.Background())
		if err != nil {
			t.Fatalf("%s: the lock is not free after that: %v", suffix, err)
		}
		if err := h.Release(); err != nil {
			t.Error(err)
		}
	}
}

func TestHolderOfTheOwnProcessIsCalledSo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "work.lock")
	l := open(t, path)
	h, err := l.Acquire(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Release()
	if _, err := l.TryAcquire(context.Background()); err == nil || !strings.Contains(err.Error(), "held by this process, pid ") {
		t.Errorf("got error %v", err)
	}
}

func TestNilOptionIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "work.lock")
	if _, err := lock.New(path, nil); !errors.Is(err, lock.ErrOption) {
		t.Errorf("New: %v", err)
	}
	if _, err := open(t, path).Acquire(context.Background(), nil); !errors.Is(err, lock.ErrOption) {
		t.Errorf("Acquire: %v", err)
	}
}
