package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/holdfast-lock/holdfast/cmd/holdfast/internal/kind"
	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/lock"
)

// signalled is the cause with which a signal ends a wait.
type signalled struct{ signal os.Signal }

func (s *signalled) Error() string { return "ended by a signal: " + s.signal.String() }

// exitOf is the end of the program by that signal.
func (s *signalled) exitOf(err error) error {
	n, _ := s.signal.(syscall.Signal)
	return &exit{exitSignal + int(n), err}
}

// withLock calls do with the lock at path and the signals that this process gets, while out writes to what --json names.
func (f *lockFlags) withLock(cmd *cobra.Command, path string, out *events, do func(kind.Lock, <-chan os.Signal) error) error {
	if err := f.check(cmd); err != nil {
		return err
	}
	l, err := f.open(cmd, path, lock.Observe(out))
	if err != nil {
		return err
	}
	defer l.Close()
	if err := out.open(cmd, f.json); err != nil {
		return err
	}
	err = do(l, catchSignals())
	if failed := out.close(); err == nil {
		err = failed
	}
	return err
}

// take acquires a lock. A signal ends the wait and then the program, with the lock not held.
func (f *lockFlags) take(ctx context.Context, cmd *cobra.Command, l kind.Lock, out *events, signals <-chan os.Signal) (*lock.Hold, error) {
	if f.endless(cmd) {
		if err := heldByAncestor(l, out); err != nil {
			return nil, err
		}
	}
	ctx, stop := untilSignal(ctx, signals)
	h, err := l.Acquire(ctx)
	stop()
	if s, ok := context.Cause(ctx).(*signalled); ok {
		if h != nil {
			if err := h.Release(); err != nil {
				return nil, lockExit(err)
			}
		}
		return nil, s.exitOf(fmt.Errorf("acquire %s: %w: nothing is left behind", l.Path(), s))
	}
	switch {
	case errors.Is(err, lock.ErrTimeout):
		return nil, f.late(err)
	case err != nil:
		return nil, lockExit(err)
	}
	return h, nil
}

// untilSignal derives a context that a signal ends which would end the program. After stop, signals are left in the channel.
func untilSignal(ctx context.Context, signals <-chan os.Signal) (_ context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	stopped, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stopped:
				return
			case s := <-signals:
				if ends(s) {
					cancel(&signalled{s})
					return
				}
			}
		}
	}()
	return ctx, func() {
		close(stopped)
		<-done
	}
}

// heldByAncestor is ErrDeadlock if a process holds the lock that this one descends from: that one waits, as a rule, for what it has started.
// Where the holder is not known, it is not found out.
func heldByAncestor(l kind.Lock, out *events) error {
	st, err := l.Status()
	if err != nil || st.State != lock.StateHeld {
		return nil // the acquisition will tell
	}
	above := ancestors()
	i := slices.IndexFunc(st.Holders, func(h fs.LockOwner) bool { return slices.Contains(above, h.PID) })
	if i < 0 {
		return nil
	}
	err = &lock.Error{Op: "acquire", Path: l.Path(), Err: fmt.Errorf("%w: pid %d (%s), from which this process descends, holds it",
		lock.ErrDeadlock, st.Holders[i].PID, st.Holders[i].Command)}
	out.Observe(lock.Event{Kind: lock.EventFailed, Path: l.Path(), Time: time.Now(), Err: err})
	return lockExit(err)
}
