//go:build linux

package lock_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/fs/osfs"
	"github.com/holdfast-lock/holdfast/lock"
	"github.com/holdfast-lock/holdfast/lock/internal/lifetime"
)

// expiredHolder starts a process that is stopped while it holds the lock at path and whose lifetime has passed.
func expiredHolder(t *testing.T, path string) *peer {
	t.Helper()
	holder := startContender(t, "the holder", command{Path: path, Lifetime: shortLifetime})
	hold := holder.acquire()
	holder.stop()
	eventually(t, "the lifetime has passed", func() bool { return uptime() > hold.Expires })
	return holder
}

// TestHolderIsRelievedWhateverTheLengthOfTheName: the files with which it is done have names of their own.
func TestHolderIsRelievedWhateverTheLengthOfTheName(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), strings.Repeat("n", 255-len(lifetime.Suffix)))
	expiredHolder(t, path)
	startContender(t, "the contender", command{Path: path, Lifetime: longLifetime}).acquire()
	names, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".*"))
	if err != nil || len(names) > 0 {
		t.Errorf("left behind: %v, %v", names, err)
	}
}

// helpless is a host on which one step of relieving a holder fails.
type helpless struct {
	fs.Host
	step   string
	err    error
	failed atomic.Bool
}

func (h *helpless) fail(step string) error {
	if step != h.step {
		return nil
	}
	h.failed.Store(true)
	return h.err
}

func (h *helpless) Open(path string, flag fs.OpenFlag, perm fs.FileMode) (fs.File, error) {
	step := "open"
	switch {
	case flag&fs.Exclusive != 0:
		step = "make the new file"
	case filepath.Ext(path) == lifetime.Suffix && flag&fs.ReadWrite != 0:
		step = "guard"
	}
	if err := h.fail(step); err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	f, err := h.Host.Open(path, flag, perm)
	if err != nil {
		return nil, err
	}
	return &helplessFile{f, h}, nil
}

func (h *helpless) Link(oldname, newname string) error {
	return errors.Join(h.fail("link"), h.Host.Link(oldname, newname))
}

func (h *helpless) Rename(oldname, newname string) error {
	if err := h.fail("rename"); err != nil {
		return err
	}
	return h.Host.Rename(oldname, newname)
}

type helplessFile struct {
	fs.File
	host *helpless
}

func (f *helplessFile) ReadAt(b []byte, off int64) (int, error) {
	if err := f.host.fail("read the record"); err != nil {
		return 0, err
	}
	return f.File.ReadAt(b, off)
}

func (f *helplessFile) TryLock(r fs.Region, m fs.LockMode) (bool, error) {
	if strings.HasPrefix(filepath.Base(f.Name()), ".holdfast-") {
		if err := f.host.fail("lock the new file"); err != nil {
			return false, err
		}
	}
	return f.File.TryLock(r, m)
}

// TestContenderThatCannotRelieveGoesOnWaiting: that it lacks what it takes is no fault of its caller, who waits for the lock like anybody else.
func TestContenderThatCannotRelieveGoesOnWaiting(t *testing.T) {
	t.Parallel()
	path := lockPath(t)
	holder := expiredHolder(t, path)
	for step, err := range map[string]error{
		"guard": syscall.EMFILE, "read the record": syscall.EIO, "make the new file": syscall.ENOSPC, "lock the new file": syscall.ENOLCK,
		"link": syscall.EDQUOT, "rename": syscall.EROFS,
	} {
		host := &helpless{Host: osfs.New(), step: step, err: err}
		_, err := open(t, path, lock.Host(host), lock.Lifetime(longLifetime)).Acquire(t.Context(), lock.Timeout(2*lock.RecheckInterval))
		if !errors.Is(err, lock.ErrTimeout) {
			t.Errorf("beside an expired holder whom it cannot relieve, since %s failed: %v", step, err)
		}
		if !host.failed.Load() {
			t.Errorf("nobody tried to %s: this test proves nothing", step)
		}
	}
	names, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".*"))
	if err != nil || len(names) > 0 {
		t.Errorf("left behind: %v, %v", names, err)
	}
	holder.resume()
}
