//go:build unix

package lock_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
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

// TestFileBesideTheLockFileThatIsKeptLockedIsWaitedFor, as the lock itself is, which others can take meanwhile.
func TestFileBesideTheLockFileThatIsKeptLockedIsWaitedFor(t *testing.T) {
	for suffix, opt := range map[string]lock.Option{".fence": lock.Fencing(), ".lifetime": lock.Lifetime(time.Hour)} {
		path := filepath.Join(t.TempDir(), "work.lock")
		f, err := osfs.Default().Open(path+suffix, fs.ReadWrite|fs.Create, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		if held, err := f.TryLock(fs.Whole, fs.LockShared); !held || err != nil {
			t.Fatal(held, err)
		}
		waits := make(chan struct{}, 9)
		l := open(t, path, opt, lock.Observe(onWait(waits)))
		canceled, cancel := context.WithCancel(context.Background())
		cancel()
		for what, acquire := range map[string]func() (*lock.Hold, error){
			"one attempt": func() (*lock.Hold, error) { return l.TryAcquire(context.Background()) },
			"a timeout":   func() (*lock.Hold, error) { return l.Acquire(context.Background(), lock.Timeout(200*time.Millisecond)) },
			"a short one": func() (*lock.Hold, error) { return l.Acquire(context.Background(), lock.Timeout(time.Millisecond)) },
			"a deadline": func() (*lock.Hold, error) {
				ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
				defer cancel()
				return l.Acquire(ctx)
			},
			"no more time": func() (*lock.Hold, error) { return l.Acquire(canceled) },
		} {
			_, err := acquire()
			timeout, ok := errors.AsType[*lock.TimeoutError](err)
			switch {
			case what == "no more time":
				if !errors.Is(err, context.Canceled) {
					t.Errorf("%s, %s: got error %v", suffix, what, err)
				}
			case !ok || timeout.Beside != path+suffix || len(timeout.Holders) == 0 && runtime.GOOS == "linux" ||
				!strings.Contains(err.Error(), path+suffix+" is kept locked by "):
				t.Errorf("%s, %s: got error %v", suffix, what, err)
			}
		}
		for len(waits) > 0 {
			<-waits
		}
		got := make(chan error)
		go func() {
			h, err := l.Acquire(context.Background())
			if err == nil {
				err = h.Release()
			}
			got <- err
		}()
		<-waits
		h, err := open(t, path, lock.Host(osfs.New())).Acquire(context.Background(), lock.Timeout(time.Minute))
		if err != nil {
			t.Fatalf("%s: the lock is not to be had meanwhile: %v", suffix, err)
		}
		if err := h.Release(); err != nil {
			t.Error(err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		if err := <-got; err != nil {
			t.Errorf("%s: after it was let go: %v", suffix, err)
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
