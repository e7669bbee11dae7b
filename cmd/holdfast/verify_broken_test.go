//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/holdfast-lock/holdfast/cmd/holdfast/internal/kind"
	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/lock"
)

// brokenKinds are locks with the mistakes that such locks have in practice.
var brokenKinds = kind.Table{
	// Lets everybody in.
	{Name: "open", Open: func(path string, opts ...lock.Option) (kind.Lock, error) {
		return private(path, opts)
	}},
	// Lets one in fifty in without asking.
	{Name: "leaky", Open: func(path string, opts ...lock.Option) (kind.Lock, error) {
		l, err := lock.New(path, opts...)
		if err != nil {
			return nil, err
		}
		hole, err := private(path, opts)
		return &leaky{Lock: l, hole: hole}, err
	}},
	// Unlinks the file before it unlocks, and does not look whether the file that it locked still has its name.
	{Name: "unlinking", Open: func(path string, opts ...lock.Option) (kind.Lock, error) {
		u := &unlinking{path: path}
		return guarded(path, opts, u.enter, u.leave)
	}},
	// Is a file that exists while the lock is held, and goes on to exist when its holder is killed.
	{Name: "clinging", Open: func(path string, opts ...lock.Option) (kind.Lock, error) {
		return guarded(path, opts, func() error { return create(path, 0) }, func() { os.Remove(path) })
	}},
	// Takes a holder for dead that has not moved for a while.
	{Name: "hasty", Open: func(path string, opts ...lock.Option) (kind.Lock, error) {
		return guarded(path, opts, func() error { return create(path, 15*time.Millisecond) }, func() { os.Remove(path) })
	}},
	// Takes contention for an error, now and then.
	{Name: "failing", Open: func(path string, opts ...lock.Option) (kind.Lock, error) {
		l, err := lock.New(path, opts...)
		return &failing{Lock: l}, err
	}},
	// Is on a filesystem without locks.
	{Name: "absent", Open: func(path string, opts ...lock.Option) (kind.Lock, error) {
		l, err := lock.New(path, opts...)
		return absent{l}, err
	}},
}

// private is a lock that nobody else has.
func private(path string, opts []lock.Option) (*lock.Lock, error) {
	return lock.New(fmt.Sprintf("%s.of.%d", path, os.Getpid()), opts...)
}

type leaky struct {
	*lock.Lock
	hole *lock.Lock
	n    int
}

func (l *leaky) Acquire(ctx context.Context, opts ...lock.Option) (*lock.Hold, error) {
	if l.n++; l.n%50 == 0 {
		return l.hole.Acquire(ctx, opts...)
	}
	return l.Lock.Acquire(ctx, opts...)
}

// guardedLock is a private lock that is entered through something else.
type guardedLock struct {
	*lock.Lock
	enter func() error
	leave func()
}

func guarded(path string, opts []lock.Option, enter func() error, leave func()) (kind.Lock, error) {
	g := &guardedLock{enter: enter, leave: leave}
	var err error
	g.Lock, err = private(path, append(opts, lock.Observe(g)))
	return g, err
}

func (g *guardedLock) Acquire(ctx context.Context, opts ...lock.Option) (*lock.Hold, error) {
	if err := g.enter(); err != nil {
		return nil, err
	}
	return g.Lock.Acquire(ctx, opts...)
}

func (g *guardedLock) Observe(e lock.Event) {
	if e.Kind == lock.EventReleased {
		g.leave()
	}
}

// create makes the file, and waits while there is one. It removes one that is older than patience, unless that is 0.
func create(path string, patience time.Duration) error {
	for {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL, 0o600)
		if err == nil {
			return f.Close()
		}
		if !errors.Is(err, os.ErrExist) {
			return err
		}
		if info, err := os.Stat(path); patience > 0 && err == nil && time.Since(info.ModTime()) > patience {
			os.Remove(path)
		}
		time.Sleep(200 * time.Microsecond)
	}
}

type unlinking struct {
	path string
	file *os.File
}

func (u *unlinking) enter() (err error) {
	if u.file, err = os.OpenFile(u.path, os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return err
	}
	for {
		if err := unix.Flock(int(u.file.Fd()), unix.LOCK_EX); err != syscall.EINTR {
			return err
		}
	}
}

func (u *unlinking) leave() {
	os.Remove(u.path)
	u.file.Close()
}

type failing struct {
	*lock.Lock
	n int
}

func (f *failing) Acquire(ctx context.Context, opts ...lock.Option) (*lock.Hold, error) {
	if f.n++; f.n == 20 {
		return nil, &lock.Error{Op: "acquire", Path: f.Path(), Err: syscall.EDEADLK}
	}
	return f.Lock.Acquire(ctx, opts...)
}

type absent struct{ *lock.Lock }

func (a absent) Acquire(context.Context, ...lock.Option) (*lock.Hold, error) {
	return nil, &lock.UnsupportedError{Path: a.Path(), Volume: "toy", Err: fmt.Errorf("%w: %w", fs.ErrNoLocks, syscall.ENOLCK)}
}
