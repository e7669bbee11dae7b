package python

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/sim"
	"github.com/holdfast-lock/holdfast/sim/disk"
)

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

// TestLifetimes: what has not changed for so long is evicted whatever it is, in versions that do so.
func TestLifetimes(t *testing.T) {
	for _, row := range []struct {
		version string
		class   Class
		evicts  bool
	}{
		{"3.24.0", Soft, true}, {"3.32.3", Soft, true}, {"3.24.0", Native, true}, {"3.29.7", Native, true}, {"3.30.0", Native, false},
	} {
		version, err := ParseVersion(row.version)
		if err != nil {
			t.Fatal(err)
		}
		inWorld(t, func(p *sim.Process) {
			holder := New(p, Settings{Class: row.class, Version: version, Path: lockFile})
			if err := holder.Acquire(0, true); err != nil {
				t.Fatal(err)
			}
			contender := New(p, Settings{Class: row.class, Version: version, Path: lockFile, Lifetime: 5 * time.Second})
			if err := contender.Acquire(0, true); err != ErrTimeout {
				t.Errorf("%s %s: before the lifetime is over: %v", row.class, row.version, err)
			}
			p.Sleep(context.Background(), 6*time.Second)
			if err := contender.Acquire(0, true); (err == nil) != row.evicts {
				t.Errorf("%s %s: after the lifetime: %v", row.class, row.version, err)
			}
		})
	}
}

// TestAFileThatHasLostItsName is locked by a native waiter after it was removed.
func TestAFileThatHasLostItsName(t *testing.T) {
	for _, row := range []struct {
		version string
		takes   bool
	}{{"3.20.3", true}, {"3.20.4", false}, {"3.32.3", false}} {
		version, err := ParseVersion(row.version)
		if err != nil {
			t.Fatal(err)
		}
		inWorld(t, func(p *sim.Process) {
			h := &remover{Host: p}
			l := New(h, Settings{Version: version, Path: lockFile})
			err := l.Acquire(0, true)
			if takes := err == nil; takes != row.takes {
				t.Errorf("%s takes it: %t (%v)", row.version, takes, err)
			}
		})
	}
}

// remover is a host on which somebody removes each file that was opened.
type remover struct{ fs.Host }

func (h *remover) Open(name string, flag fs.OpenFlag, perm fs.FileMode) (fs.File, error) {
	f, err := h.Host.Open(name, flag, perm)
	h.Host.Remove(name)
	return f, err
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
		left     string // what its name begins with
	}{
		{"3.29.1", false, ""},
		{"3.29.2", false, "k.lock.break.101"},
		{"3.29.2", true, ""},
		{"3.29.4", true, "k.lock.break.101"},
		{"3.29.5", true, "k.lock.break.101."},
		{"3.32.3", true, "k.lock.break.101."},
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
			names, _ := p.ReadDir("/data")
			name := ""
			if len(names) > 0 {
				name = names[0].Name
			}
			if nonce, ok := strings.CutPrefix(name, row.left); !ok || len(nonce) != 0 && len(nonce) != 32 || len(nonce) == 32 != strings.HasSuffix(row.left, ".") {
				t.Errorf("%s leaves %q", row.version, name)
			}
		})
	}
}
