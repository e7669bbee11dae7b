package python

import (
	"errors"
	iofs "io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/fs/osfs"
	"github.com/holdfast-lock/holdfast/sim"
	"github.com/holdfast-lock/holdfast/sim/disk"
)

// tracer is a host that writes down the calls about one file.
type tracer struct {
	fs.Host
	path  string
	calls []string
}

func (h *tracer) say(err error, words ...string) {
	for _, e := range []struct {
		err  error
		name string
	}{{iofs.ErrExist, "EEXIST"}, {iofs.ErrNotExist, "ENOENT"}} {
		if errors.Is(err, e.err) {
			words = append(words, e.name)
		}
	}
	h.calls = append(h.calls, strings.Join(words, " "))
}

func (h *tracer) about(name string) bool {
	return name == h.path || strings.HasPrefix(name, h.path+".break.")
}

func (h *tracer) name(name string) string {
	if name == h.path {
		return "name"
	}
	return strings.TrimPrefix(name, h.path+".") // with its nonce cut short
}

func (h *tracer) Open(name string, flag fs.OpenFlag, perm fs.FileMode) (fs.File, error) {
	f, err := h.Host.Open(name, flag, perm)
	words := []string{"open", h.name(name)}
	for _, w := range []struct {
		flag fs.OpenFlag
		name string
	}{{fs.Create, "create"}, {fs.Exclusive, "excl"}} {
		if flag&w.flag != 0 {
			words = append(words, w.name)
		}
	}
	h.say(err, words...)
	if err != nil {
		return nil, err
	}
	return &tracedFile{f, h}, nil
}

func (h *tracer) Lstat(name string) (fs.Info, error) {
	info, err := h.Host.Lstat(name)
	if h.about(name) {
		h.say(err, "look", h.name(name))
	}
	return info, err
}

func (h *tracer) Remove(name string) error {
	err := h.Host.Remove(name)
	h.say(err, "remove", h.name(name))
	return err
}

func (h *tracer) Rename(oldname, newname string) error {
	err := h.Host.Rename(oldname, newname)
	h.say(err, "rename", h.name(oldname), h.name(newname)[:len("break.")])
	return err
}

func (h *tracer) Liveness(id fs.Identity) fs.Liveness {
	h.say(nil, "kill")
	return h.Host.Liveness(id)
}

type tracedFile struct {
	fs.File
	h *tracer
}

func (f *tracedFile) TryLock(r fs.Region, m fs.LockMode) (bool, error) {
	held, err := f.File.TryLock(r, m)
	if f.h.say(err, "flock", m.String()); !held {
		f.h.calls[len(f.h.calls)-1] += " EAGAIN"
	}
	return held, err
}

func (f *tracedFile) Unlock(r fs.Region) error {
	err := f.File.Unlock(r)
	f.h.say(err, "flock free")
	return err
}

func (f *tracedFile) Close() error {
	f.h.say(nil, "close ")
	return f.File.Close()
}

func (f *tracedFile) Truncate(size int64) error {
	f.h.say(nil, "truncate")
	return f.File.Truncate(size)
}

func (f *tracedFile) Chmod(perm fs.FileMode) error {
	f.h.say(nil, "chmod")
	return f.File.Chmod(perm)
}

func (f *tracedFile) Stat() (fs.Info, error) {
	f.h.say(nil, "stat")
	return f.File.Stat()
}

func (f *tracedFile) ReadAt(b []byte, off int64) (int, error) {
	f.h.say(nil, "read")
	return f.File.ReadAt(b, off)
}

func (f *tracedFile) WriteAt(b []byte, off int64) (int, error) {
	f.h.say(nil, "write")
	return f.File.WriteAt(b, off)
}

// cycle is what testdata/trace.py does: an acquisition, an attempt of somebody else, and a release.
func cycle(t *testing.T, h *tracer, s Settings) {
	t.Helper()
	l := New(h, s)
	if err := l.Acquire(0, false); err != nil {
		t.Fatal(err)
	}
	if err := New(h, s).Acquire(0, true); err == ErrTimeout {
		h.calls = append(h.calls, "Timeout")
	} else {
		t.Errorf("one attempt: %v", err)
	}
	if err := l.Release(); err != nil {
		t.Error(err)
	}
}

// installed is the version that Debian ships.
var installed = First

// TestCallsAreThoseOfTheRealOne compares the calls with those that the installed filelock makes.
func TestCallsAreThoseOfTheRealOne(t *testing.T) {
	const python = "/usr/bin/python3"
	for _, class := range []Class{Native, Soft} {
		t.Run("class "+string(class), func(t *testing.T) {
			dir, err := filepath.EvalSymlinks(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, "k.lock")
			out, err := exec.Command(python, "testdata/trace.py", installed.String(), string(class), path).CombinedOutput()
			if err != nil {
				text := "%s has no filelock %v to compare with: %v\n%s"
				if os.Getenv("HOLDFAST_REQUIRE_PEERS") == "1" {
					t.Fatalf(text, python, installed, err, out)
				}
				t.Skipf(text, python, installed, err, out)
			}
			os.Remove(path)
			h := &tracer{Host: osfs.New(), path: path}
			cycle(t, h, Settings{Class: class, Version: installed, Path: path})
			var calls []string
			for _, c := range h.calls { // fstat, of which it can do without, is not traced
				if c != "stat" {
					calls = append(calls, c)
				}
			}
			if got, want := strings.Join(calls, "\n")+"\n", string(out); got != want {
				t.Errorf("the calls are\n%sthose of filelock %v are\n%s", got, installed, want)
			}
		})
	}
}

// inWorld runs a program in a simulated machine.
func inWorld(t *testing.T, main func(p *sim.Process)) { onDisk(t, disk.Options{}, main) }

func onDisk(t *testing.T, o disk.Options, main func(p *sim.Process)) {
	t.Helper()
	w := sim.New(sim.Config{})
	d := disk.New(o)
	if err := d.Mkdir(disk.Cred{}, "/data", 0o777, sim.Epoch); err != nil {
		t.Fatal(err)
	}
	w.NewMachine("m1", sim.Clock{}, d).Start("a", main)
	if err := w.Run(); err != nil {
		t.Error(err)
	}
}

const lockFile = "/data/k.lock"

// TestCallsOfEachEra has the calls in their order, so that a change of one is seen.
func TestCallsOfEachEra(t *testing.T) {
	for _, row := range []struct {
		versions string
		class    Class
		calls    string // of an acquisition, an attempt of somebody else, and a release
	}{
		{"3.13.2 3.20.3", Native, "look name ENOENT, open name create, truncate, chmod, flock exclusive, stat, look name, open name, truncate, chmod, flock exclusive EAGAIN, close, Timeout, flock free, close"},
		{"3.20.4 3.29.4", Native, "open name create, truncate, chmod, flock exclusive, stat, open name create, truncate, chmod, flock exclusive EAGAIN, close, Timeout, remove name, flock free, close"},
		{"3.29.5 3.29.7", Native, "open name create, truncate, chmod, flock exclusive, stat, open name create, truncate, chmod, flock exclusive EAGAIN, close, Timeout, flock free, close"},
		{"3.30.0 3.32.3", Native, "open name create, flock exclusive, stat, truncate, open name create, flock exclusive EAGAIN, close, Timeout, flock free, close"},
		{"3.9.0 3.21.9", Soft, "look name ENOENT, open name create excl, look name, open name create excl EEXIST, Timeout, close, remove name"},
		{"3.22.0 3.29.1", Soft, "look name ENOENT, open name create excl, write, look name, open name create excl EEXIST, open name, stat, read, close, kill, Timeout, close, remove name"},
		{"3.29.2 3.29.7", Soft, "look name ENOENT, open name create excl, write, look name, open name create excl EEXIST, look name, open name, stat, read, close, kill, Timeout, close, remove name"},
		{"3.30.0 3.32.3", Soft, "look name ENOENT, open name create excl, stat, write, look name, open name create excl EEXIST, look name, open name, stat, read, close, kill, Timeout, stat, close, look name, remove name"},
		{"3.30.0 3.32.3", Lease, "look name ENOENT, open name create excl, stat, write, look name, open name create excl EEXIST, look name, open name, stat, read, close, kill, Timeout, stat, close, look name, remove name"},
	} {
		for _, text := range strings.Fields(row.versions) {
			t.Run(string(row.class)+" "+text, func(t *testing.T) {
				version, err := ParseVersion(text)
				if err != nil {
					t.Fatal(err)
				}
				inWorld(t, func(p *sim.Process) {
					h := &tracer{Host: p, path: lockFile}
					cycle(t, h, Settings{Class: row.class, Version: version, Path: lockFile})
					if got := strings.ReplaceAll(strings.Join(h.calls, ", "), "close ", "close"); got != row.calls {
						t.Errorf("the calls are\n%s, not\n%s", got, row.calls)
					}
				})
			})
		}
	}
}
