package lock

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
)

// Locker is what can be acquired. [Do] takes one.
type Locker interface {
	Acquire(ctx context.Context, opts ...Option) (*Hold, error)
}

// Lock is a lock on one file. It is safe for concurrent use. Locks on the same file exclude each other, in one process as between processes.
//
// A Lock keeps its file open between acquisitions. Close frees it; a Lock that the program no longer references is closed by the garbage collector.
type Lock struct {
	opts     *options
	single   *options // the same for TryAcquire
	site     *site
	closed   atomic.Bool
	fellBack atomic.Bool  // FallbackTo was used, and said so
	refs     atomic.Int64 // 1 while not closed, and 1 for every acquisition under way or held; at 0 the site is let go
	users    int          // of a singleton: calls of New less calls of Close; under sites.mu
}

// New returns the platform's native lock on the file at path: flock(2) on Unix and byte 0 of LockFileEx on Windows, the same that Python's
// filelock.FileLock takes. It touches neither the file nor its directory; both are created by the first acquisition if they are missing.
//
// A relative path is made absolute now, and the symbolic links of its directory are resolved now. The errors are those of
// resolving the path, [ErrOption], and [*SettingsError] with [Singleton].
func New(path string, opts ...Option) (*Lock, error) { return openKind(nativeKind, path, opts) }

// kind is a way to lock: a protocol, and the options that it has a use for.
type kind struct {
	name     string
	protocol func(fs.Host, string) protocol
	check    func(*options) error // refuses the other options
}

func openKind(k kind, path string, opts []Option) (*Lock, error) {
	o, err := newOptions(opts)
	if err == nil {
		err = k.check(o)
	}
	if err != nil {
		return nil, &Error{Op: "open", Path: path, Err: err}
	}
	if path == "" {
		return nil, &Error{Op: "open", Path: `""`, Err: errNoPath}
	}
	canonical, err := o.host.Canonical(path)
	if err != nil {
		return nil, &Error{Op: "open", Path: path, Err: err}
	}
	return open(siteKey{o.host, k.name, canonical}, o, k.protocol)
}

// Path returns the absolute path of the lock file.
func (l *Lock) Path() string { return l.site.path }

// Acquire blocks until the lock is held, the wait has lasted for the lock's [Timeout], or ctx ends, and returns the hold. An error means that the lock is not held
// through this call: [*TimeoutError], [*Error] with the context's cause, ErrDeadlock or an error of the operating system, [*UnsupportedError]. Errors of the operating system
// end the wait at once.
//
// If ctx descends from the [Hold.Context] of a hold of this Lock, the hold goes one level deeper. If it descends from a hold of the same path through another Lock, and
// nothing bounds the wait, the error is [ErrDeadlock] at once.
//
// Keep the Hold until it is released: one that nothing refers to any more is released by the garbage collector.
//
// Waiters of one process are served first in, first out. When ctx ends, Acquire returns within a millisecond where the kernel is
// waited in, as after it was polled, and leaves no goroutine and no thread behind.
func (l *Lock) Acquire(ctx context.Context, opts ...Option) (*Hold, error) {
	o := l.opts
	if len(opts) > 0 {
		var err error
		if o, err = o.with(opts); err != nil {
			return nil, &Error{Op: "acquire", Path: l.Path(), Err: err}
		}
	}
	return l.acquire(ctx, o)
}

// TryAcquire makes one attempt to acquire the lock and does not wait, whatever Timeout says. If the lock is held, or others in this process wait for it, the
// error is a [*TimeoutError].
func (l *Lock) TryAcquire(ctx context.Context, opts ...Option) (*Hold, error) {
	o := l.single
	if len(opts) > 0 {
		var err error
		if o, err = o.with(opts); err != nil {
			return nil, &Error{Op: "acquire", Path: l.Path(), Err: err}
		}
	}
	return l.acquire(ctx, o)
}

// SetPollInterval changes what [PollInterval] set, also for waits that are under way.
func (l *Lock) SetPollInterval(d time.Duration) error {
	if d <= 0 {
		return &Error{Op: "open", Path: l.Path(), Err: PollInterval(d)(&options{})}
	}
	l.opts.poll.Store(int64(d))
	return nil
}

// Depth returns how many levels deep the caller is inside the lock: the number of unreleased acquisitions through this Lock if ctx descends from the context of one of them,
// or with [SharedOwnership], and 0 otherwise.
func (l *Lock) Depth(ctx context.Context) int {
	outer, _ := ctx.Value(l.site).(*Hold)
	s := l.site
	s.mu.Lock()
	defer s.mu.Unlock()
	g := &s.grant
	if g.id == 0 || g.owner != l || g.releasing {
		return 0
	}
	if l.opts.shared || outer != nil && outer.id == g.id {
		return g.depth
	}
	return 0
}

// HeldHere reports whether this process holds the lock, through this Lock or another one on the same file. It may have changed when it returns.
func (l *Lock) HeldHere() bool {
	s := l.site
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.grant.id != 0
}

// Status looks at the lock without disturbing it: it takes no lock and opens no file that is locked.
func (l *Lock) Status() (Status, error) {
	st, err := l.site.proto.inspect()
	if err != nil {
		return Status{}, &Error{Op: "inspect", Path: l.Path(), Err: err}
	}
	return st, nil
}

// Close frees what the Lock keeps. Acquisitions that begin later fail with [ErrClosed], unless they go one level deeper into a hold that is out; a hold that is out stays valid until it is released. Close of a lock that is closed
// does nothing and returns nil.
func (l *Lock) Close() error {
	if l.opts.singleton && !l.site.of.dropUser(l) {
		return nil // others still use it
	}
	return l.close()
}

func (l *Lock) close() error {
	if l.closed.Swap(true) {
		return nil
	}
	l.opts.host.OnDropped(l, nil)
	return l.drop()
}

// dropped is called when the program has lost its last reference to a Lock.
func dropped(obj any) {
	l := obj.(*Lock)
	l.opts.host.Go("close dropped lock", func() { l.close() })
}

// retain keeps the site for the time of an acquisition and its hold.
func (l *Lock) retain() bool {
	for {
		n := l.refs.Load()
		if n == 0 || l.closed.Load() {
			return false
		}
		if l.refs.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// drop undoes one retain.
func (l *Lock) drop() error {
	if l.refs.Add(-1) > 0 {
		return nil
	}
	if err := l.site.of.leave(l.site); err != nil {
		return &Error{Op: "close", Path: l.Path(), Err: err}
	}
	return nil
}

func (l *Lock) describe() string {
	if l == nil {
		return "none"
	}
	return l.Path()
}
