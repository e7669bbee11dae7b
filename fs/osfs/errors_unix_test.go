//go:build unix

package osfs

import (
	"errors"
	iofs "io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/holdfast-lock/holdfast/fs"
)

func TestErrorsThatMeanNoLocks(t *testing.T) {
	f := &file{name: "file"}
	for _, c := range []struct {
		errno unix.Errno
		want  bool
	}{
		{unix.ENOSYS, true}, {unix.ENOLCK, true}, {unix.EOPNOTSUPP, true}, {unix.ENOTSUP, true},
		{unix.EIO, false}, {unix.EBADF, false}, {unix.ESTALE, false}, {unix.EDEADLK, false},
	} {
		err := f.lockError("lock", c.errno)
		if got := errors.Is(err, fs.ErrNoLocks); got != c.want || !errors.Is(err, c.errno) {
			t.Errorf("%v: is ErrNoLocks %v, want %v; is itself %v", err, got, c.want, errors.Is(err, c.errno))
		}
		if text := "lock file: " + c.errno.Error(); err.Error() != text {
			t.Errorf("the error says %q, want %q", err, text)
		}
	}
}

func TestTryLockOfABadDescriptorIsAnError(t *testing.T) {
	f, err := New().Open(filepath.Join(t.TempDir(), "file"), fs.ReadWrite|fs.Create, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	bad := &file{name: f.Name(), fd: -1}
	if held, err := bad.TryLock(fs.Whole, fs.LockExclusive); held || !errors.Is(err, unix.EBADF) {
		t.Errorf("TryLock = %v, %v, want %v", held, err, unix.EBADF)
	}
	if err := bad.Unlock(fs.Whole); !errors.Is(err, unix.EBADF) {
		t.Errorf("Unlock: %v, want %v", err, unix.EBADF)
	}
}

// TestErrorsOfTheSystemPassThrough: with the path, and beside the portable condition.
func TestErrorsOfTheSystemPassThrough(t *testing.T) {
	h, dir := New(), t.TempDir()
	file, missing, link := filepath.Join(dir, "file"), filepath.Join(dir, "missing"), filepath.Join(dir, "link")
	if err := errors.Join(os.WriteFile(file, nil, 0o600), os.Symlink("file", link)); err != nil {
		t.Fatal(err)
	}
	open := func(path string, flag fs.OpenFlag) error {
		f, err := h.Open(path, flag, 0o600)
		if err == nil {
			f.Close()
		}
		return err
	}
	lstat := func(path string) error {
		_, err := h.Lstat(path)
		return err
	}
	for _, c := range []struct {
		what      string
		err       error
		errno     unix.Errno
		condition error
	}{
		{"Open of a missing name", open(missing, 0), unix.ENOENT, iofs.ErrNotExist},
		{"Open with Exclusive", open(file, fs.ReadWrite|fs.Create|fs.Exclusive), unix.EEXIST, iofs.ErrExist},
		{"Open with NoFollow", open(link, fs.NoFollow), refusedSymlink, fs.ErrSymlink},
		{"Open of a directory for writing", open(dir, fs.ReadWrite), unix.EISDIR, fs.ErrIsDirectory},
		{"Open below a file", open(filepath.Join(file, "x"), 0), unix.ENOTDIR, fs.ErrNotDirectory},
		{"Lstat of a missing name", lstat(missing), unix.ENOENT, iofs.ErrNotExist},
		{"Lstat of a name that is too long", lstat(filepath.Join(dir, strings.Repeat("x", 5000))), unix.ENAMETOOLONG, unix.ENAMETOOLONG},
		{"Link", h.Link(file, link), unix.EEXIST, iofs.ErrExist},
		{"Rename", h.Rename(missing, file), unix.ENOENT, iofs.ErrNotExist},
		{"Remove of a full directory", h.Remove(dir), unix.ENOTEMPTY, unix.ENOTEMPTY},
		{"Mkdir", h.Mkdir(dir, 0o700), unix.EEXIST, iofs.ErrExist},
	} {
		if !errors.Is(c.err, c.errno) || !errors.Is(c.err, c.condition) {
			t.Errorf("%s: %v, want one that is %v and %v", c.what, c.err, c.errno, c.condition)
		} else if !strings.Contains(c.err.Error(), dir) {
			t.Errorf("%s: %v, which does not name the path", c.what, c.err)
		}
	}
}
