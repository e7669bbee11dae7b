package python

import (
	"context"
	"errors"
	iofs "io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

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

// TestMarkersOfEachEra has the bytes that holders write.
func TestMarkersOfEachEra(t *testing.T) {
	for _, row := range []struct {
		version string
		class   Class
		want    string
	}{
		{"3.21.0", Soft, ""},
		{"3.22.0", Soft, "101\nm1\n"},
		{"3.29.7", Soft, "101\nm1\n"},
		{"3.30.0", Soft, "101\nm1\nSTART\n"},
		{"3.32.3", Lease, "filelock/2\npid=101\nhost=m1\nmode=lease\ntoken=TOKEN\nduration=30.0\nstart=START\n"},
	} {
		version, err := ParseVersion(row.version)
		if err != nil {
			t.Fatal(err)
		}
		inWorld(t, func(p *sim.Process) {
			l := New(p, Settings{Class: row.class, Version: version, Path: lockFile})
			if err := l.Acquire(0, true); err != nil {
				t.Fatal(err)
			}
			content := make([]byte, maxRecord)
			n, _ := l.file.ReadAt(content, 0)
			want := strings.ReplaceAll(row.want, "START", startToken(p.Self()))
			if l.beat != nil {
				want = strings.ReplaceAll(want, "TOKEN", l.beat.token)
			}
			if got := string(content[:n]); got != want {
				t.Errorf("%s %s writes %q, not %q", row.class, row.version, got, want)
			}
			if err := l.Release(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestWhatEachEraEvicts lets a contender of each era find markers, and tells after how long polling it had evicted them.
func TestWhatEachEraEvicts(t *testing.T) {
	const never = -1
	live := "101\nm1\n"
	for _, row := range []struct {
		version string
		class   Class
		marker  string
		evicts  time.Duration // after it was made; never
		fails   error
	}{
		{"3.21.0", Soft, "99\nm1\n", never, nil},
		{"3.22.0", Soft, "", never, nil},
		{"3.22.0", Soft, live, never, nil},
		{"3.22.0", Soft, "99\nm1\n", 0, nil},
		{"3.22.0", Soft, "99\nm2\n", never, nil},
		{"3.28.0", Soft, "99\nm1\n1\n", never, nil}, // a third line is none of its own
		{"3.22.0", Soft, "x\nm1\n", never, errValue},
		{"3.24.4", Soft, "x\nm1\n", never, nil},
		{"3.29.0", Soft, "x\nm1\n", never, nil},
		{"3.29.2", Soft, "x\nm1\n", 2 * time.Second, nil},
		{"3.29.0", Soft, "", 2 * time.Second, nil},
		{"3.29.0", Soft, "99\nm1\n1\n", 0, nil},
		{"3.29.7", Soft, "101\nm1\n1\n", never, nil}, // the start is not compared
		{"3.30.0", Soft, "101\nm1\n1\n", 0, nil},
		{"3.30.0", Soft, "101\nm1\nSTART\n", never, nil},
		{"3.29.2", Soft, "-1\nm1\n", never, nil},
		{"3.29.2", Soft, "2147483648\nm1\n", never, errOverflow},
		{"3.29.3", Soft, "2147483648\nm1\n", 2 * time.Second, nil},
		{"3.29.3", Soft, "-1\nm1\n", 2 * time.Second, nil},
		{"3.29.7", Soft, sentinel, never, nil}, // a machine of that name is no machine
		{"3.32.3", Soft, sentinel, never, nil},
		{"3.32.3", Soft, "1\n2\n3\n4\n", 2 * time.Second, nil},
		{"3.32.3", Soft, "filelock/2\npid=101\nhost=m1\nmode=lease\ntoken=t\nduration=30.0\n", 2 * time.Second, nil},
		{"3.32.3", Lease, "filelock/2\npid=101\nhost=m1\nmode=lease\ntoken=t\nduration=30.0\n", 30 * time.Second, nil},
		{"3.32.3", Lease, "filelock/2\npid=99\nhost=m1\nmode=lease\ntoken=t\nduration=30.0\n", 0, nil},
		{"3.32.3", Lease, "filelock/2\npid=99\nhost=m2\nmode=other\n", never, nil},
		{"3.32.3", Lease, "filelock/2\npid=101\nhost=m1\nmode=lease\ntoken=t\nduration=31.0\n", never, ErrMismatch},
		{"3.32.3", Lease, "filelock/2\npid=101\nhost=m1\nmode=lease\ntoken=t\nduration=x\n", 2 * time.Second, nil},
		{"3.32.3", Lease, "99\nm1\n", 0, nil},
		{"3.32.3", Lease, live, never, nil},
	} {
		version, err := ParseVersion(row.version)
		if err != nil {
			t.Fatal(err)
		}
		inWorld(t, func(p *sim.Process) {
			f, err := p.Open(lockFile, fs.ReadWrite|fs.Create, 0o666)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			content := strings.ReplaceAll(row.marker, "START", startToken(p.Self()))
			f.WriteAt([]byte(content), 0)
			l := New(p, Settings{Class: row.class, Version: version, Path: lockFile})
			begun := p.Monotonic()
			err = l.Acquire(2*time.Minute, false)
			took := p.Monotonic() - begun
			switch {
			case row.fails != nil || row.evicts == never:
				if want := cmpOr(row.fails, ErrTimeout); !errors.Is(err, want) {
					t.Errorf("%s %s on %q: %v, not %v", row.class, row.version, row.marker, err, want)
				}
				return
			case err != nil:
				t.Errorf("%s %s on %q: %v", row.class, row.version, row.marker, err)
				return
			case took < row.evicts || took > row.evicts+3*PollInterval:
				t.Errorf("%s %s on %q: evicted after %v, not %v", row.class, row.version, row.marker, took, row.evicts)
			}
			if err := l.Release(); err != nil {
				t.Error(err)
			}
			if names, _ := p.ReadDir("/data"); len(names) > 0 {
				t.Errorf("%s %s on %q leaves %v", row.class, row.version, row.marker, names)
			}
		})
	}
}

func cmpOr(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// TestAMarkerThatWasReplacedIsEvictedByEarlyErasOnly: what a contender moved aside is not what it judged.
func TestAMarkerThatWasReplacedIsEvictedByEarlyErasOnly(t *testing.T) {
	for _, row := range []struct {
		version  string
		sameTime bool
		left     bool
	}{
		{"3.29.1", false, false},
		{"3.29.2", false, true},
		{"3.29.2", true, false},
		{"3.29.4", true, true},
		{"3.32.3", true, true},
	} {
		version, err := ParseVersion(row.version)
		if err != nil {
			t.Fatal(err)
		}
		onDisk(t, disk.Options{Granularity: time.Second}, func(p *sim.Process) {
			l := New(p, Settings{Class: Soft, Version: version, Path: lockFile})
			old, _ := p.Open(lockFile, fs.ReadWrite|fs.Create, 0o666)
			info, _ := old.Stat()
			seen := sighting{id: info.ID, mtime: info.Mtime}
			p.Remove(lockFile)
			if !row.sameTime {
				p.Sleep(context.Background(), time.Second)
			}
			next, _ := p.Open(lockFile, fs.ReadWrite|fs.Create, 0o666)
			l.evict(seen)
			old.Close()
			next.Close()
			if names, _ := p.ReadDir("/data"); len(names) > 0 != row.left {
				t.Errorf("%s leaves %v", row.version, names)
			}
		})
	}
}

// TestLeaseIsRefreshedAndItsLossTold covers the heartbeat.
func TestLeaseIsRefreshedAndItsLossTold(t *testing.T) {
	for _, row := range []struct {
		name string
		do   func(p *sim.Process)
		want string
	}{
		{"left alone", func(*sim.Process) {}, ""},
		{"removed", func(p *sim.Process) { p.Remove(lockFile) }, "marker-missing"},
		{"replaced", func(p *sim.Process) {
			f, _ := p.Open("/data/other", fs.ReadWrite|fs.Create, 0o666)
			f.Close()
			p.Rename("/data/other", lockFile)
		}, "owner-changed"},
	} {
		inWorld(t, func(p *sim.Process) {
			l := New(p, Settings{Class: Lease, Version: Last, Path: lockFile, Lifetime: 3 * time.Second})
			if err := l.Acquire(0, true); err != nil {
				t.Fatal(err)
			}
			p.Sleep(context.Background(), 10*time.Second)
			if info, err := p.Lstat(lockFile); err != nil || p.Now().Sub(info.Mtime) > 2*time.Second {
				t.Errorf("%s: not refreshed: %v, %v", row.name, info.Mtime, err)
			}
			row.do(p)
			p.Sleep(context.Background(), 2*time.Second)
			if got := l.Compromised(); got != row.want {
				t.Errorf("%s: the holder is told %q, not %q", row.name, got, row.want)
			}
			if err := l.Release(); err != nil {
				t.Error(err)
			}
			if left := len(p.Tasks()); left > 1 {
				t.Errorf("%s: %d tasks are left", row.name, left)
			}
		})
	}
}

func TestVersions(t *testing.T) {
	for _, text := range []string{"3.9.0", "3.29.3", "3.32.3"} {
		if v, err := ParseVersion(text); err != nil || v.String() != text {
			t.Errorf("%s: %v %v", text, v, err)
		}
	}
	for _, text := range []string{"", "3", "3.29", "3.8.2", "3.32.4", "3.33.0", "4.0.0", "2.30.0", "3.029.1", "3.29.x", "3.29.1 ", "3.29.1.1", "3.29.-1"} {
		if v, err := ParseVersion(text); err == nil {
			t.Errorf("%q is read as %v", text, v)
		}
	}
	for _, row := range []struct {
		s  Settings
		ok bool
	}{
		{Settings{Class: Lease, Version: Version{29, 7}}, false},
		{Settings{Class: Lease, Version: Version{30, 0}}, true},
		{Settings{Class: Soft, Version: Version{23, 0}, Lifetime: time.Second}, false},
		{Settings{Class: Soft, Version: Version{24, 0}, Lifetime: time.Second}, true},
		{Settings{Class: Native, Version: Version{23, 0}, Lifetime: time.Second}, false},
	} {
		if err := row.s.Check(); (err == nil) != row.ok {
			t.Errorf("%+v: %v", row.s, err)
		}
	}
}
