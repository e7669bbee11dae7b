//go:build !windows

package lock_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/fs/osfs"
	"github.com/holdfast-lock/holdfast/lock"
	"github.com/holdfast-lock/holdfast/lock/internal/marker"
)

func openSoft(t *testing.T, path string, opts ...lock.Option) *lock.Lock {
	t.Helper()
	l, err := lock.NewSoft(path, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// gone returns the record of a process of this machine that has ended: its number is used by a process that began at another time.
func gone(self fs.Identity) marker.Record {
	past := self
	past.Start--
	return marker.Record{Kind: marker.Soft, PID: past.PID, Host: past.Host, Start: marker.StartOf(past)}
}

// TestMarkersOfOthers: who is proven to have ended is evicted, and nobody else.
func TestMarkersOfOthers(t *testing.T) {
	t.Parallel()
	self := osfs.Default().Self()
	encode := func(r marker.Record) string {
		b, err := r.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	here := marker.Record{Kind: marker.Soft, PID: self.PID, Host: self.Host, Start: marker.StartOf(self)}
	elsewhere, unknown := gone(self), here
	elsewhere.Host += "-other"
	unknown.Start = ""
	const evicted = "evicted"
	for name, c := range map[string]struct {
		content string
		want    any // evicted, or the error
	}{
		"a process that has ended":                 {encode(gone(self)), evicted},
		"a process that has ended, in another era": {strings.ReplaceAll(encode(gone(self)), "\n", "\r\n"), evicted},
		"this process":                             {encode(here), lock.ErrTimeout},
		"a process of this number":                 {encode(unknown), lock.ErrTimeout},
		"a process elsewhere":                      {encode(elsewhere), lock.ErrTimeout},
		"nobody":                                   {"", lock.ErrTimeout},
		"no record":                                {"garbage", lock.ErrTimeout},
		"a record that is being written":           {strings.TrimSuffix(encode(gone(self)), "\n"), lock.ErrTimeout},
		"a strict lock":                            {marker.Sentinel, lock.ErrSettings},
		"a lease": {encode(marker.Record{Kind: marker.Lease, PID: self.PID, Host: self.Host, Token: strings.Repeat("a", 32), Duration: 30}),
			lock.ErrSettings},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.want == any(evicted) && self.Start == 0 {
				t.Skip("this platform does not tell processes of the same number apart")
			}
			path := filepath.Join(t.TempDir(), "work.lock")
			if err := os.WriteFile(path, []byte(c.content), 0o444); err != nil { // who may write it makes no difference
				t.Fatal(err)
			}
			var broke string
			l := openSoft(t, path, lock.Observe(observe(func(e lock.Event) {
				if e.Kind == lock.EventBroke {
					broke = e.Evidence
				}
			})))
			h, err := l.TryAcquire(context.Background())
			if c.want == any(evicted) {
				if err != nil || broke == "" {
					t.Fatalf("TryAcquire returned %v, and says of the marker %q", err, broke)
				}
				st, err := l.Status()
				if err != nil || st.State != lock.StateHeld || st.Record.PID != self.PID || st.Record.Holder == fs.Dead {
					t.Errorf("Status is %+v, %v", st, err)
				}
				if err := h.Release(); err != nil {
					t.Error(err)
				}
				wantNames(t, filepath.Dir(path))
				return
			}
			if !errors.Is(err, c.want.(error)) || !strings.Contains(err.Error(), path) {
				t.Errorf("TryAcquire returned %v, want %v", err, c.want)
			}
			if got, err := os.ReadFile(path); string(got) != c.content || err != nil {
				t.Errorf("the marker is %q, %v", got, err)
			}
			wantNames(t, filepath.Dir(path), "work.lock")
		})
	}
}

type observe func(lock.Event)

func (f observe) Observe(e lock.Event) { f(e) }

// wantNames checks what lies in a directory.
func wantNames(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if strings.Join(names, " ") != strings.Join(want, " ") {
		t.Errorf("%s holds %v, want %v", dir, names, want)
	}
}

// TestMarkerThatIsTakenAway: the holder is told at its release, and leaves alone what somebody else has put in the place of its marker.
func TestMarkerThatIsTakenAway(t *testing.T) {
	t.Parallel()
	for _, successor := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "work.lock")
		l, other := openSoft(t, path, lock.Host(osfs.New())), openSoft(t, path, lock.Host(osfs.New()))
		h, err := l.Acquire(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		var next *lock.Hold
		if successor {
			if next, err = other.TryAcquire(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		if err := h.Release(); !errors.Is(err, lock.ErrLost) {
			t.Errorf("Release returned %v, want ErrLost", err)
		}
		if l.HeldHere() {
			t.Error("the lock is held after that")
		}
		if successor {
			if err := next.Release(); err != nil {
				t.Errorf("the successor's marker was touched: %v", err)
			}
		}
		if h, err = l.TryAcquire(context.Background()); err != nil {
			t.Fatal(err)
		}
		h.Release()
	}
}

// TestMarkerStaysWhereItIs when the working directory changes.
func TestMarkerStaysWhereItIs(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	h, err := openSoft(t, "work.lock").Acquire(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if err := h.Release(); err != nil {
		t.Error(err)
	}
	wantNames(t, dir)
}

// TestWhatIsNoMarkerIsRefused, with an error that says what it is.
func TestWhatIsNoMarkerIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, c := range map[string]struct {
		make func(path string) error
		want error
	}{
		"directory": {func(path string) error { return os.Mkdir(path, 0o777) }, fs.ErrNotRegular},
		"link":      {func(path string) error { return os.Symlink("nowhere", path) }, fs.ErrSymlink},
	} {
		path := filepath.Join(dir, name)
		if err := c.make(path); err != nil {
			t.Fatal(err)
		}
		l := openSoft(t, path)
		if _, err := l.Acquire(context.Background()); !errors.Is(err, c.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: Acquire returned %v", name, err)
		}
		if _, err := l.Status(); err == nil {
			t.Errorf("%s: Status returned no error", name)
		}
	}
	wantNames(t, dir, "directory", "link")
}
