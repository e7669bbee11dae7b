//go:build !windows

package lock_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/fs/osfs"
	"github.com/holdfast-lock/holdfast/lock"
	"github.com/holdfast-lock/holdfast/lock/internal/marker"
)

func openLease(t *testing.T, path string, opts ...lock.Option) *lock.Lock {
	t.Helper()
	l, err := lock.NewLease(path, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func TestLeaseOptions(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "work.lock")
	for name, opts := range map[string][]lock.Option{
		"no duration":                      {lock.LeaseDuration(0)},
		"no heartbeat":                     {lock.Heartbeat(-1)},
		"a heartbeat as long as the lease": {lock.LeaseDuration(time.Second), lock.Heartbeat(time.Second)},
		"a heartbeat of nine tenths of it": {lock.LeaseDuration(time.Second), lock.Heartbeat(900 * time.Millisecond)},
		"a lifetime":                       {lock.Lifetime(time.Hour)},
		"a hook":                           {lock.OnAcquired(func(fs.File) error { return nil })},
	} {
		if _, err := lock.NewLease(path, opts...); !errors.Is(err, lock.ErrOption) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, open := range map[string]func(string, ...lock.Option) (*lock.Lock, error){"New": lock.New, "NewSoft": lock.NewSoft} {
		for _, opt := range []lock.Option{lock.LeaseDuration(time.Hour), lock.Heartbeat(time.Hour)} {
			if _, err := open(path, opt); !errors.Is(err, lock.ErrOption) {
				t.Errorf("%s with what is for leases: %v", name, err)
			}
		}
	}
	if _, err := lock.NewLease(path, lock.LeaseDuration(time.Second), lock.Heartbeat(899*time.Millisecond)); err != nil {
		t.Error(err)
	}
}

// TestMarkersBesideLeases: a lease knows those of its own contract, and of its own duration, alone.
func TestMarkersBesideLeases(t *testing.T) {
	t.Parallel()
	self := osfs.Default().Self()
	record := func(change func(*marker.Record)) string {
		r := marker.Record{Kind: marker.Lease, PID: self.PID, Host: self.Host, Start: marker.StartOf(self), Token: strings.Repeat("a", 32), Duration: 30}
		change(&r)
		b, err := r.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	for name, c := range map[string]struct {
		content string
		want    error
	}{
		"a holder that lives":  {record(func(*marker.Record) {}), lock.ErrTimeout},
		"a holder elsewhere":   {record(func(r *marker.Record) { r.Host += "-other" }), lock.ErrTimeout},
		"a holder that ended":  {record(func(r *marker.Record) { r.Start = gone(self).Start }), nil},
		"another duration":     {record(func(r *marker.Record) { r.Duration = 30.5 }), lock.ErrSettings},
		"a soft lock":          {record(func(r *marker.Record) { r.Kind, r.Token, r.Duration = marker.Soft, "", 0 }), lock.ErrSettings},
		"a strict lock":        {marker.Sentinel, lock.ErrSettings},
		"nobody, for a moment": {"", lock.ErrTimeout},
		"no record":            {"garbage", lock.ErrTimeout},
		"an endless lease":     {strings.ReplaceAll(record(func(*marker.Record) {}), "=30.0", "=inf"), lock.ErrTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.want == nil && self.Start == 0 {
				t.Skip("this platform does not tell processes of the same number apart")
			}
			path := filepath.Join(t.TempDir(), "work.lock")
			if err := os.WriteFile(path, []byte(c.content), 0o644); err != nil {
				t.Fatal(err)
			}
			_, err := openLease(t, path).TryAcquire(t.Context())
			if !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
			if c.want == nil {
				return
			}
			if content, err := os.ReadFile(path); string(content) != c.content {
				t.Errorf("the marker has %q now, %v", content, err)
			}
		})
	}
}

// TestLeaseIsRefreshed: the time of the marker moves on by itself, a lock that passes from task to task is refreshed as well, and a release ends it.
func TestLeaseIsRefreshed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "work.lock")
	l := openLease(t, path, lock.LeaseDuration(time.Hour), lock.Heartbeat(time.Millisecond))
	h, err := l.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	refreshed := func() {
		t.Helper()
		before, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		for end := time.Now().Add(time.Minute); ; {
			if now, err := os.Stat(path); err != nil || now.ModTime().After(before.ModTime()) {
				break
			}
			if time.Now().After(end) {
				t.Fatal("not refreshed within a minute")
			}
			time.Sleep(time.Millisecond)
		}
	}
	refreshed()
	next := make(chan *lock.Hold)
	go func() {
		h, err := l.Acquire(context.Background())
		if err != nil {
			t.Error(err)
		}
		next <- h
	}()
	if err := h.Release(); err != nil {
		t.Fatal(err)
	}
	h = <-next
	refreshed()
	if err := h.Lost(); err != nil {
		t.Error(err)
	}
	if err := h.Release(); err != nil {
		t.Fatal(err)
	}
	wantNames(t, filepath.Dir(path))
}
