package aferofs_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	iofs "io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/spf13/afero"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/fs/aferofs"
	"github.com/holdfast-lock/holdfast/fs/osfs"
)

// oneAtATime is a host on which one task runs, and passes the baton in every call: as in a simulated machine, a task that waits for another one with
// anything but the host's own means waits for ever.
type oneAtATime struct {
	fs.Host
	baton chan struct{}
}

func newOneAtATime(h fs.Host) *oneAtATime {
	o := &oneAtATime{Host: h, baton: make(chan struct{}, 1)}
	o.baton <- struct{}{}
	return o
}

// away runs f while others may run.
func (o *oneAtATime) away(f func()) {
	o.baton <- struct{}{}
	f()
	<-o.baton
}

func (o *oneAtATime) pass() { o.away(runtime.Gosched) }

func (o *oneAtATime) Go(name string, f func()) {
	o.Host.Go(name, func() {
		<-o.baton
		f()
		o.baton <- struct{}{}
	})
}

func (o *oneAtATime) NewEvent() fs.Event { return passingEvent{o.Host.NewEvent(), o} }

func (o *oneAtATime) Open(path string, flag fs.OpenFlag, perm fs.FileMode) (fs.File, error) {
	o.pass()
	f, err := o.Host.Open(path, flag, perm)
	if err != nil {
		return nil, err
	}
	return passingFile{f, o}, nil
}

type passingEvent struct {
	fs.Event
	host *oneAtATime
}

func (e passingEvent) Wait(ctx context.Context) (err error) {
	e.host.away(func() { err = e.Event.Wait(ctx) })
	return err
}

type passingFile struct {
	fs.File
	host *oneAtATime
}

func (f passingFile) ReadAt(p []byte, off int64) (int, error) {
	f.host.pass()
	return f.File.ReadAt(p, off)
}

func (f passingFile) WriteAt(p []byte, off int64) (int, error) {
	f.host.pass()
	return f.File.WriteAt(p, off)
}

func (f passingFile) Stat() (fs.Info, error) {
	f.host.pass()
	return f.File.Stat()
}

// each runs f(0) to f(n-1) as tasks of h, and fails if they do not end.
func each(t *testing.T, h fs.Host, n int, f func(i int)) {
	t.Helper()
	var all sync.WaitGroup
	all.Add(n)
	for i := range n {
		h.Go(fmt.Sprint(i), func() {
			defer all.Done()
			f(i)
		})
	}
	ended := make(chan struct{})
	go func() {
		all.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(time.Minute): // far more than it takes; otherwise it would hang
		t.Fatal("tasks wait for each other outside the host")
	}
}

// hosts are those on which tasks must not be in each other's way.
func hosts() map[string]fs.Host {
	return map[string]fs.Host{
		"the operating system": osfs.New(),
		"one task at a time":   newOneAtATime(osfs.New()),
		"memory":               aferofs.Host(afero.NewMemMapFs(), osfs.New()),
	}
}

const (
	tasks = 8
	lines = 50
	line  = "0123456789abcde\n"
)

func TestWritesToAnOpenFileDoNotOverwriteEachOther(t *testing.T) {
	for what, h := range hosts() {
		t.Run(what, func(t *testing.T) {
			afs, path := aferofs.FromHost(h), "/file"
			if what != "memory" {
				path = filepath.Join(t.TempDir(), "file")
			}
			f := onTask(t, h, func() (afero.File, error) { return afs.Create(path) })
			each(t, h, tasks, func(int) {
				for range lines {
					if _, err := f.WriteString(line); err != nil {
						t.Error(err)
					}
				}
			})
			expectLines(t, h, afs, path)
			// The same position is where readers go on.
			onTask(t, h, func() (int64, error) { return f.Seek(0, io.SeekStart) })
			var mu sync.Mutex
			read := 0
			each(t, h, tasks, func(int) {
				for b := make([]byte, len(line)); ; {
					_, err := f.Read(b)
					if err == io.EOF {
						return
					}
					if err != nil || string(b) != line {
						t.Errorf("read %q, %v", b, err)
						return
					}
					mu.Lock()
					read++
					mu.Unlock()
				}
			})
			if read != tasks*lines {
				t.Errorf("%d lines were read, want %d", read, tasks*lines)
			}
		})
	}
}

func TestAppendsOfOneFsDoNotOverwriteEachOther(t *testing.T) {
	for what, h := range hosts() {
		t.Run(what, func(t *testing.T) {
			afs, path := aferofs.FromHost(h), "/file"
			if what != "memory" {
				path = filepath.Join(t.TempDir(), "file")
			}
			each(t, h, tasks, func(int) {
				f, err := afs.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
				if err != nil {
					t.Error(err)
					return
				}
				defer f.Close()
				for range lines {
					if _, err := f.Write([]byte(line)); err != nil {
						t.Error(err)
					}
				}
			})
			expectLines(t, h, afs, path)
		})
	}
}

// onTask calls f on a task of h.
func onTask[T any](t *testing.T, h fs.Host, f func() (T, error)) (result T) {
	t.Helper()
	each(t, h, 1, func(int) {
		var err error
		if result, err = f(); err != nil {
			t.Error(err)
		}
	})
	return result
}

func expectLines(t *testing.T, h fs.Host, afs afero.Fs, path string) {
	t.Helper()
	content := onTask(t, h, func() ([]byte, error) { return afero.ReadFile(afs, path) })
	if want := strings.Repeat(line, tasks*lines); string(content) != want {
		t.Errorf("the file has %d bytes, want %d", len(content), len(want))
	}
}

// TestHostOnAnotherWaitsThroughItsBase: a Host takes no lock across a call of the Fs that its base could not see.
func TestHostOnAnotherWaitsThroughItsBase(t *testing.T) {
	base := newOneAtATime(osfs.New())
	h := aferofs.Host(aferofs.FromHost(base), base)
	dir := t.TempDir()
	f := onTask(t, base, func() (fs.File, error) { return h.Open(filepath.Join(dir, "shared"), fs.ReadWrite|fs.Create, 0o600) })
	each(t, base, tasks, func(i int) {
		for n := range lines {
			made, err := h.Open(filepath.Join(dir, fmt.Sprintf("%d-%d", i, n)), fs.ReadWrite|fs.Create|fs.Exclusive, 0o600)
			if err != nil {
				t.Error(err)
				return
			}
			made.Close()
			if _, err := f.WriteAt([]byte(line), int64(i*lines+n)*int64(len(line))); err != nil {
				t.Error(err)
			}
		}
	})
	expectLines(t, base, aferofs.FromHost(base), filepath.Join(dir, "shared"))
	onTask(t, base, func() (any, error) { return nil, f.Close() })
}

// slowHost lets a write begin and end when the test says so.
type slowHost struct {
	fs.Host
	began, end chan struct{}
	closed     bool
}

func (h *slowHost) Open(path string, flag fs.OpenFlag, perm fs.FileMode) (fs.File, error) {
	f, err := h.Host.Open(path, flag, perm)
	if err != nil {
		return nil, err
	}
	return slowFile{f, h}, nil
}

type slowFile struct {
	fs.File
	host *slowHost
}

func (f slowFile) WriteAt(p []byte, off int64) (int, error) {
	f.host.began <- struct{}{}
	<-f.host.end
	return f.File.WriteAt(p, off)
}

func (f slowFile) Close() error {
	f.host.closed = true
	return f.File.Close()
}

func TestCloseLeavesCallsUnderWayAlone(t *testing.T) {
	h := &slowHost{Host: osfs.New(), began: make(chan struct{}), end: make(chan struct{})}
	f, err := aferofs.FromHost(h).Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	written := make(chan error)
	go func() {
		_, err := f.WriteAt([]byte(line), 0)
		written <- err
	}()
	<-h.began
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if h.closed {
		t.Error("the host's file was closed during a write")
	}
	if err := f.Close(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("the second Close: %v, want ErrClosed", err)
	}
	if _, err := f.Write([]byte(line)); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Write after Close: %v, want ErrClosed", err)
	}
	h.end <- struct{}{}
	if err := <-written; err != nil {
		t.Errorf("the write that was under way: %v", err)
	}
	if !h.closed {
		t.Error("the host's file stayed open after the last call")
	}
}

func TestDirectoryIsReadInParts(t *testing.T) {
	afs := aferofs.FromHost(osfs.New())
	dir := t.TempDir()
	var want []string
	for i := range 7 {
		name := fmt.Sprint("name", i)
		want = append(want, name)
		if err := afero.WriteFile(afs, filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f, err := afs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	parts := map[string]func(int) ([]string, error){
		"Readdirnames": f.Readdirnames,
		"Readdir":      func(n int) ([]string, error) { infos, err := f.Readdir(n); return namesOf(infos), err },
		"ReadDir": func(n int) ([]string, error) {
			entries, err := f.(iofs.ReadDirFile).ReadDir(n)
			return namesOf(entries), err
		},
	}
	for what, next := range parts {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, size := range []int{3, 3, 1} {
			part, err := next(3)
			if len(part) != size || err != nil {
				t.Errorf("%s(3): %q, %v, want %d names", what, part, err, size)
			}
			got = append(got, part...)
		}
		if part, err := next(3); len(part) != 0 || err != io.EOF {
			t.Errorf("%s(3) at the end: %q, %v, want EOF", what, part, err)
		}
		if part, err := next(-1); len(part) != 0 || err != nil {
			t.Errorf("%s(-1) at the end: %q, %v, want nothing", what, part, err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	// What has gone since is left out, and is not the end.
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Readdir(1); err != nil {
		t.Fatal(err)
	}
	for _, name := range want[1:6] {
		if err := afs.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if infos, err := f.Readdir(2); !slices.Equal(namesOf(infos), want[6:]) || err != nil {
		t.Errorf("Readdir after a removal: %q, %v, want %q", namesOf(infos), err, want[6:])
	}
}

// TestAnotherDirectoryIsNotReadInPlaceOfTheOpenOne: the seam reads a directory by its name.
func TestAnotherDirectoryIsNotReadInPlaceOfTheOpenOne(t *testing.T) {
	afs := aferofs.FromHost(osfs.New())
	dir := filepath.Join(t.TempDir(), "directory")
	if err := afs.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	f, err := afs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := afs.Rename(dir, dir+".moved"); err != nil {
		t.Fatal(err)
	}
	if err := afs.MkdirAll(filepath.Join(dir, "other"), 0o700); err != nil {
		t.Fatal(err)
	}
	if names, err := f.Readdirnames(-1); len(names) != 0 || !os.IsNotExist(err) {
		t.Errorf("Readdirnames of a directory whose name is another's: %q, %v, want one for os.IsNotExist", names, err)
	}
}

func namesOf[T interface{ Name() string }](list []T) (names []string) {
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

func TestSymbolicLinksAreFollowedWhereTheOperatingSystemDoes(t *testing.T) {
	dir := t.TempDir()
	real := func(name string) string { return filepath.Join(dir, name) }
	if err := os.Symlink("directory", real("link")); err != nil {
		t.Skip(err)
	}
	afs := aferofs.FromHost(osfs.New())
	if err := os.Symlink("missing", real("dangling")); err != nil {
		t.Fatal(err)
	}
	if err := afs.MkdirAll(real("directory/deep"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := afs.MkdirAll(real("link"), 0o700); err != nil {
		t.Errorf("MkdirAll of a symbolic link to a directory: %v", err)
	}
	if fi, err := afs.Stat(real("link")); err != nil || !fi.IsDir() || fi.Name() != "link" {
		t.Errorf("Stat of a symbolic link to a directory: %v, %v", fi, err)
	}
	if fi, told, err := afs.(afero.Lstater).LstatIfPossible(real("link")); err != nil || !told || fi.Mode().Type() != iofs.ModeSymlink {
		t.Errorf("LstatIfPossible of a symbolic link: %v, %t, %v", fi, told, err)
	}
	if _, err := afs.Stat(real("dangling")); !os.IsNotExist(err) {
		t.Errorf("Stat of a symbolic link to nothing: %v, want one for os.IsNotExist", err)
	}
	if err := afs.Chmod(real("link"), 0o750); err != nil {
		t.Errorf("Chmod through a symbolic link: %v", err)
	}
	if fi, err := os.Stat(real("directory")); err != nil || fi.Mode().Perm() != 0o750 {
		t.Errorf("after Chmod through a symbolic link the directory is %v, %v", fi.Mode(), err)
	}
	var walked []string
	if err := afero.Walk(afs, dir, func(path string, _ os.FileInfo, err error) error {
		walked = append(walked, strings.TrimPrefix(path, dir))
		return err
	}); err != nil {
		t.Error(err)
	}
	if want := []string{"", "/dangling", "/directory", "/directory/deep", "/link"}; !slices.Equal(walked, want) {
		t.Errorf("Walk: %q, want %q", walked, want)
	}
	if err := afs.RemoveAll(real("link")); err != nil {
		t.Errorf("RemoveAll of a symbolic link: %v", err)
	}
	if _, err := os.Stat(real("directory/deep")); err != nil {
		t.Errorf("RemoveAll of a symbolic link went through it: %v", err)
	}
}

// stuckHost does not remove symbolic links.
type stuckHost struct{ fs.Host }

func (h stuckHost) Remove(path string) error {
	if info, err := h.Lstat(path); err == nil && info.Mode.Type() == iofs.ModeSymlink {
		return iofs.ErrPermission
	}
	return h.Host.Remove(path)
}

func TestRemoveAllDoesNotGoThroughASymbolicLinkThatStays(t *testing.T) {
	dir := t.TempDir()
	kept := filepath.Join(dir, "directory", "kept")
	afs := aferofs.FromHost(stuckHost{osfs.New()})
	if err := afs.MkdirAll(kept, 0o700); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink("directory", link); err != nil {
		t.Skip(err)
	}
	if err := afs.RemoveAll(link); !os.IsPermission(err) {
		t.Errorf("RemoveAll: %v, want one for os.IsPermission", err)
	}
	if _, err := os.Stat(kept); err != nil {
		t.Errorf("what the symbolic link leads to was emptied: %v", err)
	}
}

// faultyHost fails with errors that are a condition without being its value, as a wrapper of a host may.
type faultyHost struct {
	fs.Host
	err error
}

func (h faultyHost) Lstat(string) (fs.Info, error)   { return fs.Info{}, h.err }
func (h faultyHost) Mkdir(string, fs.FileMode) error { return h.err }
func (h faultyHost) Rename(string, string) error     { return h.err }
func (h faultyHost) Open(string, fs.OpenFlag, fs.FileMode) (fs.File, error) {
	return nil, h.err
}

func TestErrorsAreThoseOfPackageOS(t *testing.T) {
	for what, c := range map[string]struct {
		condition error
		is        func(error) bool
	}{
		"ErrNotExist": {iofs.ErrNotExist, os.IsNotExist}, "ErrExist": {iofs.ErrExist, os.IsExist}, "ErrPermission": {iofs.ErrPermission, os.IsPermission},
	} {
		cause := fs.Mark(errors.New("a fault was injected"), c.condition)
		afs := aferofs.FromHost(faultyHost{osfs.New(), fmt.Errorf("wrapped: %w", &iofs.PathError{Op: "call", Path: "elsewhere", Err: cause})})
		_, statErr := afs.Stat("/file")
		_, openErr := afs.Open("/file")
		for op, err := range map[string]error{"stat": statErr, "open": openErr, "mkdir": afs.Mkdir("/file", 0o700)} {
			path, ok := err.(*os.PathError)
			if !ok || path.Op != op || path.Path != "/file" || !c.is(err) {
				t.Errorf("%s with %s: %#v", op, what, err)
			}
		}
		err := afs.Rename("/file", "/new")
		if link, ok := err.(*os.LinkError); !ok || link.Old != "/file" || link.New != "/new" || !c.is(err) {
			t.Errorf("Rename with %s: %#v", what, err)
		}
	}
}

func TestWhatTheSeamCannotSayIsUnsupported(t *testing.T) {
	afs := aferofs.FromHost(osfs.New())
	path := filepath.Join(t.TempDir(), "file")
	if err := afero.WriteFile(afs, path, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"Chown":                       afs.Chown(path, 1, 1),
		"Chmod with setuid":           afs.Chmod(path, 0o600|os.ModeSetuid),
		"Chtimes without access time": afs.Chtimes(path, time.Time{}, time.Now()),
		"an unknown flag": func() error {
			_, err := afs.OpenFile(path, os.O_RDONLY|1<<30, 0)
			return err
		}(),
	} {
		if _, ok := err.(*os.PathError); !ok || !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s: %v, want a PathError that is ErrUnsupported", what, err)
		}
	}
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := afs.Chtimes(path, time.Now(), time.Time{}); err != nil {
		t.Error(err)
	}
	if after, err := os.Stat(path); err != nil || !after.ModTime().Equal(before.ModTime()) || after.Mode() != before.Mode() {
		t.Errorf("the file is %v %v, %v, want as it was: %v %v", after.Mode(), after.ModTime(), err, before.Mode(), before.ModTime())
	}
}

// TestSyncFollowsEachWrite counts the calls that O_SYNC is made of.
func TestSyncFollowsEachWrite(t *testing.T) {
	h := &countingHost{Host: osfs.New()}
	afs := aferofs.FromHost(h)
	path := filepath.Join(t.TempDir(), "file")
	for flag, want := range map[int]int{os.O_SYNC: 3, 0: 0} {
		h.syncs = 0
		f, err := afs.OpenFile(path, os.O_RDWR|os.O_CREATE|flag, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		f.Write([]byte("a"))
		f.WriteAt([]byte("b"), 5)
		f.WriteString("c")
		f.Close()
		if h.syncs != want {
			t.Errorf("three writes with flag %#x synced %d times, want %d", flag, h.syncs, want)
		}
	}
}

type countingHost struct {
	fs.Host
	syncs int
}

func (h *countingHost) Open(path string, flag fs.OpenFlag, perm fs.FileMode) (fs.File, error) {
	f, err := h.Host.Open(path, flag, perm)
	if err != nil {
		return nil, err
	}
	return countingFile{f, h}, nil
}

type countingFile struct {
	fs.File
	host *countingHost
}

func (f countingFile) Sync() error {
	f.host.syncs++
	return f.File.Sync()
}

// TestAferosOwnHelpersWork: those that depend on what errors and flags mean.
func TestAferosOwnHelpersWork(t *testing.T) {
	for what, afs := range map[string]afero.Fs{
		"the operating system": aferofs.FromHost(osfs.New()),
		"memory":               aferofs.FromHost(aferofs.Host(afero.NewMemMapFs(), osfs.New())),
	} {
		t.Run(what, func(t *testing.T) {
			a := afero.Afero{Fs: afs}
			root := t.TempDir()
			if err := afs.MkdirAll(root, 0o700); err != nil {
				t.Fatal(err)
			}
			dir, err := a.TempDir(root, "dir")
			if err != nil {
				t.Fatal(err)
			}
			if empty, err := a.IsEmpty(dir); !empty || err != nil {
				t.Errorf("IsEmpty: %t, %v", empty, err)
			}
			made := make(map[string]bool)
			for range 20 {
				f, err := a.TempFile(dir, "file*.txt")
				if err != nil {
					t.Fatal(err)
				}
				made[f.Name()] = true
				f.Close()
			}
			found, err := afero.Glob(afs, filepath.Join(dir, "file*.txt"))
			if err != nil || len(found) != 20 || len(made) != 20 {
				t.Errorf("TempFile made %d names, Glob finds %d, %v, want 20", len(made), len(found), err)
			}
			path := filepath.Join(dir, "deep", "safe")
			if err := a.SafeWriteReader(path, bytes.NewReader([]byte("content"))); err != nil {
				t.Error(err)
			}
			if err := a.SafeWriteReader(path, bytes.NewReader([]byte("other"))); err == nil {
				t.Error("SafeWriteReader replaced a file")
			}
			if has, err := a.FileContainsBytes(path, []byte("tent")); !has || err != nil {
				t.Errorf("FileContainsBytes: %t, %v", has, err)
			}
			if infos, err := a.ReadDir(dir); len(infos) != 21 || infos[0].Name() != "deep" || !infos[0].IsDir() || err != nil {
				t.Errorf("ReadDir: %d names, %v, want 21", len(infos), err)
			}
			if err := fstest.TestFS(afero.NewIOFS(afero.NewBasePathFs(afs, dir)), "deep/safe"); err != nil {
				t.Errorf("through io/fs: %v", err)
			}
			union := afero.NewCopyOnWriteFs(afs, afero.NewMemMapFs())
			if err := afero.WriteFile(union, path, []byte("upper"), 0o600); err != nil {
				t.Errorf("in a CopyOnWriteFs: %v", err)
			}
			if content, err := a.ReadFile(path); string(content) != "content" || err != nil {
				t.Errorf("the lower file has %q, %v", content, err)
			}
			if err := afs.RemoveAll(dir); err != nil {
				t.Error(err)
			}
			if exists, err := a.DirExists(dir); exists || err != nil {
				t.Errorf("after RemoveAll: %t, %v", exists, err)
			}
		})
	}
}
