package lock_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/fs/osfs"
	"github.com/holdfast-lock/holdfast/lock"
	"github.com/holdfast-lock/holdfast/lock/internal/lifetime"
)

func open(t *testing.T, path string, opts ...lock.Option) *lock.Lock {
	t.Helper()
	l, err := lock.New(path, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// many is an error that cannot be compared.
type many []string

func (m many) Error() string { return strings.Join(m, ", ") }

func TestWaitEndsWithACauseThatCannotBeCompared(t *testing.T) {
	path := filepath.Join(t.TempDir(), "work.lock")
	h, err := open(t, path, lock.Host(osfs.New())).Acquire(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	waits := make(chan struct{}, 1)
	waiter := open(t, path, lock.Host(osfs.New()), lock.Observe(onWait(waits)))
	ctx, cancel := context.WithCancelCause(context.Background())
	go func() {
		<-waits
		cancel(many{"one", "two"})
	}()
	if _, err := waiter.Acquire(ctx); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "one, two") {
		t.Errorf("got error %v", err)
	}
	if err := h.Release(); err != nil {
		t.Fatal(err)
	}
	h, err = waiter.TryAcquire(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	h.Release()
}

type onWait chan struct{}

func (w onWait) Observe(e lock.Event) {
	if e.Kind == lock.EventWait {
		w <- struct{}{}
	}
}

// stuckHost is a host on which unlocking fails once it is told what happens meanwhile.
type stuckHost struct {
	fs.Host
	meanwhile atomic.Pointer[func()]
}

func (h *stuckHost) Open(path string, flag fs.OpenFlag, perm fs.FileMode) (fs.File, error) {
	f, err := h.Host.Open(path, flag, perm)
	if err != nil || filepath.Ext(path) != ".lock" {
		return f, err
	}
	return &stuckFile{f, h}, nil
}

type stuckFile struct {
	fs.File
	host *stuckHost
}

var errStuck = errors.New("stuck")

func (f *stuckFile) Unlock(r fs.Region) error {
	if meanwhile := f.host.meanwhile.Load(); r == fs.Whole && meanwhile != nil {
		(*meanwhile)()
		return errStuck
	}
	return f.File.Unlock(r)
}

// TestHoldIsNotPassedOnWithoutItsLock: a hold expires, unlocking fails, so that the file is closed, and meanwhile another task of the process has come to wait.
func TestHoldIsNotPassedOnWithoutItsLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "work.lock")
	host := &stuckHost{Host: osfs.New()}
	l := open(t, path, lock.Host(host))
	got := make(chan *lock.Hold)
	meanwhile := sync.OnceFunc(func() {
		go func() {
			h, err := l.Acquire(context.Background())
			if err != nil {
				t.Error(err)
			}
			got <- h
		}()
		for { // until it waits
			var timeout *lock.TimeoutError
			if _, err := l.TryAcquire(context.Background()); !errors.As(err, &timeout) || timeout.Waiters > 0 {
				return
			}
			runtime.Gosched()
		}
	})
	host.meanwhile.Store(&meanwhile)
	if _, err := open(t, path, lock.Host(host), lock.Lifetime(50*time.Millisecond)).Acquire(context.Background()); err != nil {
		t.Fatal(err)
	}
	next := <-got
	if other, err := open(t, path, lock.Host(osfs.New())).TryAcquire(context.Background()); err == nil {
		other.Release()
		t.Error("another process gets in beside the next holder")
	}
	host.meanwhile.Store(nil)
	if err := next.Release(); err != nil {
		t.Error(err)
	}
}

func TestDirectoryInWhichNothingCanBeIsAnError(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink(filepath.Join(dir, "nowhere"), filepath.Join(dir, "link")); err != nil {
		t.Skip(err)
	}
	l := open(t, filepath.Join(dir, "link", "work.lock"))
	if _, err := l.Acquire(t.Context()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got error %v", err)
	}
}

func TestLongestLifetimeDoesNotExpireAtOnce(t *testing.T) {
	h, err := open(t, filepath.Join(t.TempDir(), "work.lock"), lock.Lifetime(1<<63-1)).Acquire(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Lost(); err != nil {
		t.Error(err)
	}
	if err := h.Release(); err != nil {
		t.Error(err)
	}
}

// TestRecordOfTheProgramThatThisOneReplacedIsRemoved: after exec the process is the same to the machine, and what the old program wrote down would speak of the new one's hold.
func TestRecordOfTheProgramThatThisOneReplacedIsRemoved(t *testing.T) {
	host := osfs.Default()
	path := filepath.Join(t.TempDir(), "work.lock")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	info, err := host.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	g, err := lifetime.Lock(t.Context(), host, path, nil)
	if err == nil {
		err = errors.Join(g.Write(lifetime.Record{Holder: host.Self(), File: info.ID, Expires: 1, Hold: 1}), g.Unlock())
	}
	if err != nil {
		t.Fatal(err)
	}
	h, err := open(t, path).Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Release()
	if r, ok, err := lifetime.Peek(host, path); ok || err != nil {
		t.Errorf("beside a hold without lifetime stands %+v, %v", r, err)
	}
}

// learnsItself is a host that knows more of its process after a while.
type learnsItself struct {
	fs.Host
	knows atomic.Bool
}

func (h *learnsItself) Self() fs.Identity {
	self := h.Host.Self()
	if !h.knows.Load() {
		self.Start, self.Boot = 0, ""
	}
	return self
}

// TestRecordIsRemovedByAProcessThatKnowsMoreOfItself than when it wrote the record, which would speak of its next hold.
func TestRecordIsRemovedByAProcessThatKnowsMoreOfItself(t *testing.T) {
	host := &learnsItself{Host: osfs.New()}
	path := filepath.Join(t.TempDir(), "work.lock")
	h, err := open(t, path, lock.Host(host), lock.Lifetime(time.Hour)).Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, ok, err := lifetime.Peek(host, path); !ok || err != nil {
		t.Fatalf("there is no record: %v", err)
	}
	host.knows.Store(true)
	if err := h.Release(); err != nil {
		t.Error(err)
	}
	if r, ok, err := lifetime.Peek(host, path); ok || err != nil {
		t.Errorf("after the release stands %+v, %v", r, err)
	}
}

// lateHost is a host on which the timer fires while somebody reads the clock, who is told the time before that.
type lateHost struct {
	fs.Host
	fire    func()
	passed  atomic.Int64 // time beyond that of the host below
	reading func()
}

func (h *lateHost) AfterFunc(_ time.Duration, f func()) fs.Timer {
	h.fire = f
	return h.Host.AfterFunc(time.Hour, func() {})
}

func (h *lateHost) Uptime() (time.Duration, error) {
	t, err := h.Host.Uptime()
	t += time.Duration(h.passed.Load())
	if during := h.reading; during != nil {
		h.reading = nil
		during()
	}
	return t, err
}

// TestHoldThatExpiresWhileItIsReleased had expired: the release read the clock before, and came to the hold after.
func TestHoldThatExpiresWhileItIsReleased(t *testing.T) {
	host := &lateHost{Host: osfs.New()}
	if _, err := host.Uptime(); err != nil {
		t.Skip(err)
	}
	path := filepath.Join(t.TempDir(), "work.lock")
	l := open(t, path, lock.Host(host), lock.Lifetime(time.Minute))
	for what, end := range map[string]func(*lock.Hold) error{"Release": (*lock.Hold).Release, "ReleaseAll": (*lock.Hold).ReleaseAll, "Lost": (*lock.Hold).Lost} {
		h, err := l.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		host.reading = func() {
			host.passed.Add(int64(2 * time.Minute))
			host.fire()
		}
		if err := end(h); !errors.Is(err, lock.ErrExpired) {
			t.Errorf("%s: got error %v", what, err)
		}
		if host.reading != nil {
			t.Fatalf("%s did not read the clock: this test proves nothing", what)
		}
		if l.HeldHere() {
			t.Errorf("%s: the lock is held after that", what)
		}
		want := lock.ErrNotHeld
		if what == "Lost" {
			want = lock.ErrExpired // it is the first release
		}
		if err := h.Release(); !errors.Is(err, want) {
			t.Errorf("after %s: got error %v, want %v", what, err, want)
		}
	}
}
