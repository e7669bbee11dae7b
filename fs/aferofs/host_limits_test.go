package aferofs_test

import (
	"context"
	"errors"
	iofs "io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/spf13/afero"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/fs/aferofs"
	"github.com/holdfast-lock/holdfast/fs/osfs"
)

const marker = fs.ReadWrite | fs.Create | fs.Exclusive

// TestHostsOfOneFsHaveOneWinner: MemMapFs by itself lets several of them win.
func TestHostsOfOneFsHaveOneWinner(t *testing.T) {
	memory := afero.NewMemMapFs()
	for range 200 {
		var files, directories atomic.Int32
		var all sync.WaitGroup
		for range 4 {
			h := aferofs.Host(memory, osfs.New()) // a process of its own
			all.Go(func() {
				if f, err := h.Open("/marker", marker, 0o600); err == nil {
					f.Close()
					files.Add(1)
				} else if !errors.Is(err, iofs.ErrExist) {
					t.Error(err)
				}
				if err := h.Mkdir("/directory", 0o700); err == nil {
					directories.Add(1)
				} else if !errors.Is(err, iofs.ErrExist) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if files.Load() != 1 || directories.Load() != 1 {
			t.Fatalf("%d of 4 made the file and %d the directory, want 1", files.Load(), directories.Load())
		}
		for _, name := range []string{"/marker", "/directory"} {
			if err := memory.Remove(name); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestSameArgumentsGiveEqualHosts(t *testing.T) {
	memory, base := afero.NewMemMapFs(), osfs.New()
	a, b := aferofs.Host(memory, base), aferofs.Host(memory, base)
	if a != b {
		t.Error("two hosts of the same process on the same Fs differ, and would not share their queues")
	}
	for what, other := range map[string]fs.Host{
		"another Fs": aferofs.Host(afero.NewMemMapFs(), base), "another base": aferofs.Host(memory, osfs.New()),
	} {
		if a == other {
			t.Errorf("hosts on %s are equal", what)
		}
	}
	type incomparable struct {
		afero.Fs
		_ []int
	}
	if h := aferofs.Host(incomparable{Fs: memory}, base); !map[fs.Host]bool{h: true}[h] {
		t.Error("a host on an Fs that cannot be compared is not equal to itself")
	}
}

// carelessFs makes a file whether or not it exists.
type carelessFs struct {
	afero.Fs
	opened int
}

func (c *carelessFs) OpenFile(name string, flag int, perm os.FileMode) (afero.File, error) {
	c.opened++
	return c.Fs.OpenFile(name, flag&^os.O_EXCL, perm)
}

func TestFsThatIgnoresExclusiveIsFoundOut(t *testing.T) {
	memory := afero.NewMemMapFs()
	careless := &carelessFs{Fs: memory}
	h := aferofs.Host(careless, osfs.New())
	for range 2 {
		f, err := h.Open("/marker", marker, 0o600)
		if !errors.Is(err, fs.ErrUnsupported) {
			t.Fatalf("Open with Exclusive: %v, %v, want ErrUnsupported", f, err)
		}
		if exists, _ := afero.Exists(memory, "/marker"); exists {
			t.Error("the file is there, though nothing may have happened")
		}
	}
	if careless.opened != 2 {
		t.Errorf("the Fs was asked to make the file %d times, want 2 to find out and none after", careless.opened)
	}
	if f, err := h.Open("/file", fs.ReadWrite|fs.Create, 0o600); err != nil {
		t.Errorf("without Exclusive: %v", err)
	} else {
		f.Close()
	}
}

// wordlessFs fails like an SFTP server, which has no word for a name that exists. Another process makes the name just before.
type wordlessFs struct{ afero.Fs }

func (w wordlessFs) OpenFile(name string, flag int, perm os.FileMode) (afero.File, error) {
	if flag&os.O_EXCL == 0 {
		return w.Fs.OpenFile(name, flag, perm)
	}
	afero.WriteFile(w.Fs, name, []byte("other"), 0o600)
	return nil, errors.New("failure")
}

func (w wordlessFs) Mkdir(name string, perm os.FileMode) error {
	w.Fs.Mkdir(name, perm)
	return errors.New("failure")
}

func TestNameThatExistsAfterAllIsErrExist(t *testing.T) {
	h := aferofs.Host(wordlessFs{afero.NewMemMapFs()}, osfs.New())
	if _, err := h.Open("/marker", marker, 0o600); !errors.Is(err, iofs.ErrExist) {
		t.Errorf("Open with Exclusive: %v, want one that is ErrExist", err)
	}
	if err := h.Mkdir("/directory", 0o700); !errors.Is(err, iofs.ErrExist) {
		t.Errorf("Mkdir: %v, want one that is ErrExist", err)
	}
}

// TestFsThatCannotTellSymbolicLinks: it says so, and does nothing.
func TestFsThatCannotTellSymbolicLinks(t *testing.T) {
	memory := bareFs{afero.NewMemMapFs()}
	if err := afero.WriteFile(memory, "/file", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	h := aferofs.Host(memory, osfs.New())
	for what, try := range map[string]func() error{
		"Lstat":            func() error { _, err := h.Lstat("/file"); return err },
		"Lstat of nothing": func() error { _, err := h.Lstat("/new"); return err },
		"NoFollow":         func() error { _, err := h.Open("/file", fs.ReadWrite|fs.NoFollow, 0); return err },
		"NoFollow and Create": func() error {
			_, err := h.Open("/new", fs.ReadWrite|fs.NoFollow|fs.Create, 0o600)
			return err
		},
		"a relative path": func() error { _, err := h.Canonical("file"); return err },
	} {
		if err := try(); !errors.Is(err, fs.ErrUnsupported) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want ErrUnsupported in one line", what, err)
		}
	}
	if exists, _ := afero.Exists(memory, "/new"); exists {
		t.Error("a file was made, though nothing may have happened")
	}
	if list, err := h.ReadDir("/"); len(list) != 1 || list[0].Name != "file" || err != nil {
		t.Errorf("ReadDir: %v, %v, want the file", list, err)
	}
	// An exclusive open follows no symbolic link, so it needs to know of none.
	f, err := h.Open("/marker", marker|fs.NoFollow, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
}

// TestReplacedFileIsNotChangedInPlaceOfAnother: where afero changes files by name only.
func TestReplacedFileIsNotChangedInPlaceOfAnother(t *testing.T) {
	memory := bareFs{afero.NewMemMapFs()}
	h := aferofs.Host(memory, osfs.New(), aferofs.NoSymlinks())
	f, err := h.Open("/file", fs.ReadWrite|fs.Create, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Chmod(0o640); err != nil {
		t.Errorf("Chmod: %v", err)
	}
	if err := h.Rename("/file", "/moved"); err != nil {
		t.Fatal(err)
	}
	if err := f.Chmod(0o600); !errors.Is(err, fs.ErrUnsupported) {
		t.Errorf("Chmod of a file without its name: %v, want ErrUnsupported", err)
	}
	if err := afero.WriteFile(memory, "/file", []byte("other"), 0o644); err != nil {
		t.Fatal(err)
	}
	before, _ := memory.Stat("/file")
	if err := f.SetTimes(before.ModTime(), before.ModTime().AddDate(1, 0, 0)); !errors.Is(err, fs.ErrUnsupported) {
		t.Errorf("SetTimes of a file whose name is another's: %v, want ErrUnsupported", err)
	}
}

func TestSymbolicLinkOutOfTheFsIsUnsupported(t *testing.T) {
	base, outside := t.TempDir(), t.TempDir()
	if err := os.Symlink(outside, filepath.Join(base, "out")); err != nil {
		t.Skip(err)
	}
	h := aferofs.Host(afero.NewBasePathFs(afero.NewOsFs(), base), osfs.New())
	if path, err := h.Canonical("/out/file"); !errors.Is(err, fs.ErrUnsupported) {
		t.Errorf("Canonical: %q, %v, want ErrUnsupported", path, err)
	}
}

func TestRelativePathStartsWhereItDoesOnTheFs(t *testing.T) {
	t.Chdir(t.TempDir())
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		afs  afero.Fs
		want string
	}{
		"OsFs":       {afero.NewOsFs(), filepath.Join(wd, "file")},
		"ReadOnlyFs": {afero.NewReadOnlyFs(afero.NewOsFs()), filepath.Join(wd, "file")},
		"BasePathFs": {afero.NewBasePathFs(afero.NewOsFs(), wd), string(filepath.Separator) + "file"},
		"MemMapFs":   {afero.NewMemMapFs(), string(filepath.Separator) + "file"},
	} {
		if got, err := aferofs.Host(c.afs, osfs.New()).Canonical("file"); got != c.want || err != nil {
			t.Errorf("%s: Canonical = %q, %v, want %q", what, got, err, c.want)
		}
	}
}

func TestReadOnlyFsRefusesEveryChange(t *testing.T) {
	memory := afero.NewMemMapFs()
	if err := afero.WriteFile(memory, "/file", []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	h := aferofs.Host(afero.NewReadOnlyFs(memory), osfs.New())
	for what, try := range map[string]func() error{
		"Open":   func() error { _, err := h.Open("/file", fs.ReadWrite, 0); return err },
		"Create": func() error { _, err := h.Open("/new", fs.ReadWrite|fs.Create, 0o600); return err },
		"Mkdir":  func() error { return h.Mkdir("/new", 0o700) },
		"Remove": func() error { return h.Remove("/file") },
		"Rename": func() error { return h.Rename("/file", "/new") },
	} {
		if err := try(); !errors.Is(err, iofs.ErrPermission) {
			t.Errorf("%s: %v, want one that is ErrPermission", what, err)
		}
	}
}

// TestMemoryIsNotChangedByTheWay: MemMapFs takes the end of a file's use for a modification, and a write of nothing for one that reaches there.
func TestMemoryIsNotChangedByTheWay(t *testing.T) {
	h := aferofs.Host(afero.NewMemMapFs(), osfs.New())
	f, err := h.Open("/file", fs.ReadWrite|fs.Create, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := f.WriteAt(nil, 100); n != 0 || err != nil {
		t.Errorf("WriteAt of nothing: %d, %v", n, err)
	}
	longAgo := time.Unix(1e9, 0)
	if err := f.SetTimes(longAgo, longAgo); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if info, err := h.Lstat("/file"); err != nil || info.Size != 0 || !info.Mtime.Equal(longAgo) {
		t.Errorf("the file has %d bytes and is of %v, %v, want none and %v", info.Size, info.Mtime, err, longAgo)
	}
}

func TestLocksAreRefusedAtOnce(t *testing.T) {
	h := aferofs.Host(afero.NewMemMapFs(), osfs.New())
	f, err := h.Open("/file", fs.ReadWrite|fs.Create, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, region := range []fs.Region{fs.Whole, {Offset: 1, Length: 1}} {
		for what, try := range map[string]func() (bool, error){
			"TryLock":  func() (bool, error) { return f.TryLock(region, fs.LockExclusive) },
			"WaitLock": func() (bool, error) { return f.WaitLock(context.Background(), region, fs.LockExclusive) },
			"Conflict": func() (bool, error) { return f.Conflict(region, fs.LockExclusive) },
			"Unlock":   func() (bool, error) { return false, f.Unlock(region) },
		} {
			if yes, err := try(); yes || !errors.Is(err, fs.ErrUnsupported) || !errors.Is(err, fs.ErrNoLocks) {
				t.Errorf("%s of %v: %t, %v, want ErrUnsupported and ErrNoLocks", what, region, yes, err)
			}
		}
	}
}
