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
	"github.com/holdfast-lock/holdfast/lock/internal/fence"
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

// protective is a host that does not make a file which is there, as Linux does not in a sticky directory if the file is somebody else's (fs.protected_regular).
type protective struct{ fs.Host }

func (h protective) Open(path string, flag fs.OpenFlag, perm fs.FileMode) (fs.File, error) {
	if _, err := h.Lstat(path); err == nil && flag&fs.Create != 0 {
		return nil, &os.PathError{Op: "open", Path: path, Err: syscall.EACCES}
	}
	return h.Host.Open(path, flag, perm)
}

func TestFilesOfOthersInAStickyDirectoryAreUsed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "work.lock")
	for i, host := range []fs.Host{osfs.New(), protective{osfs.New()}} {
		h, err := open(t, path, lock.Host(host), lock.Fencing(), lock.Lifetime(time.Hour)).Acquire(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if h.Token() != uint64(i+1) {
			t.Errorf("token %d, want %d", h.Token(), i+1)
		}
		if err := h.Release(); err != nil {
			t.Error(err)
		}
	}
}

// TestNameWithoutRoomForTheFilesBesideIsAnError, one that says so, with what needs the room, and only with that.
func TestNameWithoutRoomForTheFilesBesideIsAnError(t *testing.T) {
	path := filepath.Join(t.TempDir(), strings.Repeat("n", 250))
	for name, opts := range map[string][]lock.Option{"Lifetime": {lock.Lifetime(time.Hour)}, "Fencing": {lock.Fencing()}} {
		l := open(t, path, opts...)
		_, err := l.TryAcquire(context.Background())
		if !errors.Is(err, fs.ErrNameTooLong) || strings.Count(err.Error(), "\n") > 0 || !strings.HasSuffix(err.Error(), "needs a shorter name") {
			t.Errorf("%s: got error %v", name, err)
		}
		if l.HeldHere() {
			t.Errorf("%s: the lock is held after that", name)
		}
	}
	l := open(t, path)
	h, err := l.TryAcquire(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Release()
	if st, err := l.Status(); err != nil || st.Token != 0 || st.TokenErr != nil || runtime.GOOS == "linux" && st.State != lock.StateHeld {
		t.Errorf("Status: %+v, %v", st, err)
	}
}

// TestStatusTellsOfTheLockWhateverLiesInPlaceOfTheNumbers, and why it does not tell the number.
func TestStatusTellsOfTheLockWhateverLiesInPlaceOfTheNumbers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "work.lock")
	l := open(t, path)
	h, err := l.TryAcquire(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Release()
	for what, row := range map[string]struct {
		make func(name string) error
		want error
	}{
		"FIFO":          {func(name string) error { return syscall.Mkfifo(name, 0o600) }, fs.ErrNotRegular},
		"directory":     {func(name string) error { return os.Mkdir(name, 0o700) }, fs.ErrNotRegular},
		"symbolic link": {func(name string) error { return os.Symlink("nowhere", name) }, fs.ErrSymlink},
		"garbage":       {func(name string) error { return os.WriteFile(name, []byte("garbage"), 0o600) }, fence.ErrDamaged},
	} {
		if err := row.make(path + fence.Suffix); err != nil {
			t.Fatal(err)
		}
		st, err := l.Status()
		if err != nil || !errors.Is(st.TokenErr, row.want) || st.Token != 0 || runtime.GOOS == "linux" && st.State != lock.StateHeld {
			t.Errorf("Status beside a %s: %+v, %v", what, st, err)
		}
		if err := os.Remove(path + fence.Suffix); err != nil {
			t.Fatal(err)
		}
	}
	if st, err := l.Status(); err != nil || st.TokenErr != nil {
		t.Errorf("Status: %+v, %v", st, err)
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
