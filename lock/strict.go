package lock

import (
	"context"
	"errors"
	"fmt"
	iofs "io/fs"
	"path/filepath"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/lock/internal/claim"
	"github.com/holdfast-lock/holdfast/lock/internal/sidecar"
)

// NewStrict returns a lock that is never taken from anybody: that of Python's filelock.StrictSoftFileLock, by the rule of version 3.31. It needs hard links and directories that show what was done
// before, and no clocks, no file locks, and no knowledge of processes.
//
// At path lies a sentinel, for good. Contenders publish claims in the directory path.filelock/claims, and whoever finds that nobody else's come first is inside until it removes them. What is not
// understood there is a [*ProtocolError], and the lock is not free. So is a claim of a process that has died: nobody takes it away, and the lock stays held until somebody who knows that nobody is inside calls
// [Lock.ForceBreak]. The [TimeoutError] and [Lock.Claims] say whose claims these are, and what can be said of their makers. Use a soft lock or a lease where that is too strict.
//
// On a local filesystem contenders that are Holdfast wait for each other in the kernel, with a lock on the sentinel, so that one at a time publishes claims. Elsewhere they are told of changes by the host, or
// poll. No claim is published while its maker waits.
//
// The two directories must belong to this user or to the superuser, and nobody else may be able to write to them: who can, can take claims away. A [Mode] that lets the group or others write says that they are
// trusted, and the directories are made, and may be found, accordingly.
//
// It does not work on Windows yet. A relative path is made absolute now. [Lifetime], [OnAcquired], [EvictEmpty] and the options of leases are refused with [ErrOption].
func NewStrict(path string, opts ...Option) (*Lock, error) { return openKind(strictKind, path, opts) }

var strictKind = kind{"strict", newStrict, func(o *options) error {
	if err := o.noHook(); err != nil {
		return err
	}
	if o.lifetime != 0 {
		return fmt.Errorf("%w: Lifetime has no use in a strict lock, which is not taken from anybody", ErrOption)
	}
	if o.evictEmpty {
		return fmt.Errorf("%w: EvictEmpty is for soft locks", ErrOption)
	}
	return o.noLease()
}}

// strict is the lock that is held by claims.
type strict struct {
	host   fs.Host
	path   string
	claims string // the directory
	courtesy
	recheck recheck

	file fs.File // the sentinel; nil if it is not open
	id   fs.FileID
	// readOnly: it could be opened for reading only, and network filesystems lock exclusively only what is open for writing.
	readOnly bool
	trusted  fs.Info // the directory of claims when it was last found to be in order
	// gated: this process has the kernel's lock on the sentinel, the gate. It excludes nobody: it makes contenders that are Holdfast come one after the other.
	gated  bool
	bypass bool // the next attempt does without the gate

	token   string          // of the claims that are, or are about to be, published
	mine    []string        // their names, in the order in which they were published
	leaving bool            // a release has begun
	broken  bool            // and has found the claim to be held gone
	left    []string        // claims that could not be removed when their hold, or their attempt, had ended
	known   map[string]bool // claims of others whose record has been read
	private map[string]sightedPrivate

	notice fs.Watch // of changes in the directory of claims; nil if there is none
	deaf   bool     // the host gives no notice
}

func newStrict(host fs.Host, path string) protocol {
	return &strict{host: host, path: path, claims: claimsOf(path), courtesy: courtesy{host: host}, recheck: recheck{host: host}}
}

// claimsOf returns the directory in which the claims of the lock lie.
func claimsOf(path string) string { return filepath.Join(path+claim.Suffix, claim.Directory) }

// outcome is what came of an attempt.
type outcome uint8

const (
	queued   outcome = iota // another process has the gate
	occupied                // there are claims of others
	beaten                  // claims were published, and withdrawn since others came first
	won                     // the lock is held
)

func (s *strict) attempt(ctx context.Context, o *options, patient bool) (taken, error) {
	if patient && s.shouldStepBack(s.file) {
		return taken{}, nil
	}
	s.bypass = !patient // whether the lock is free, the gate does not say
	out, err := s.try(ctx, o)
	if out != won {
		s.leaveGate()
	}
	return s.taken(out), err
}

func (s *strict) taken(out outcome) taken {
	if out != won {
		return taken{}
	}
	s.holdBegins()
	return taken{ok: true, file: s.file}
}

// try makes one attempt.
func (s *strict) try(ctx context.Context, o *options) (outcome, error) {
	for range maxReopens {
		if opened, err := s.open(o); !opened || err != nil {
			return occupied, err
		}
		if entered, err := s.enterGate(); !entered || err != nil {
			return queued, err
		}
		out, err := s.contend(ctx, o)
		if out != won || err != nil {
			return out, err
		}
		same, err := s.inPlace(o)
		if same && err == nil {
			return won, nil
		}
		// Without the sentinel, or with another one, a legacy contender may have come in.
		if err := errors.Join(err, s.retreat()); err != nil {
			return beaten, err
		}
		s.letGo()
	}
	return beaten, nil
}

// inPlace reports whether the open sentinel still is what the path leads to, and gives it its mode.
func (s *strict) inPlace(o *options) (bool, error) {
	info, err := s.host.Lstat(s.path)
	switch {
	case errors.Is(err, iofs.ErrNotExist) || err == nil && info.ID != s.id:
		return false, nil
	case err != nil:
		return false, err
	case o.mode != nil && info.Mode.Perm() != *o.mode:
		return true, ignoring(s.file.Chmod(*o.mode), iofs.ErrPermission)
	}
	return true, nil
}

// enterGate reports whether this process may publish claims: it has the gate, there is none, or it does without.
func (s *strict) enterGate() (bool, error) {
	bypass := s.bypass
	s.bypass = false
	if s.gated || !s.canWait {
		return true, nil
	}
	held, err := s.file.TryLock(fs.Whole, fs.LockExclusive)
	s.gated = held
	if s.gateless(err) {
		return true, nil
	}
	return held || bypass, err
}

func (s *strict) leaveGate() {
	if s.gated && s.file.Unlock(fs.Whole) != nil {
		s.letGo() // which leaves it too
	}
	s.gated = false
}

// letGo closes the sentinel.
func (s *strict) letGo() error {
	if s.file == nil {
		return nil
	}
	if s.gated {
		s.file.Unlock(fs.Whole) // a copy of the descriptor in a child of a program that forked would keep it
	}
	err := s.file.Close()
	s.file, s.gated, s.raised = nil, false, false
	return err
}

func (s *strict) wait(ctx context.Context, o *options) (taken, error) {
	defer s.standDown()
	pause, clash := newBackoff(s.host), newBackoff(s.host)
	for {
		if s.file != nil && s.canWait {
			s.raiseFlag(s.file)
		}
		stepped, err := s.stepBack(ctx)
		if err != nil {
			return taken{}, err
		}
		out, err := s.try(ctx, o)
		s.steppedBack(stepped, out == won)
		switch {
		case err != nil || out == won:
			return s.taken(out), err
		case out == queued:
			err = s.queue(ctx)
		case out == beaten:
			// Not told of changes: the next ones are those of the others who were beaten. All of them come back after times of their own.
			err = s.host.Sleep(ctx, clash.next(o.pollInterval()))
		default:
			err = s.pause(ctx, pause.next(o.pollInterval()))
		}
		if err != nil {
			return taken{}, err
		}
	}
}

// standDown ends a wait.
func (s *strict) standDown() {
	s.lowerFlag(s.file)
	s.closeNotice()
	if len(s.mine) == 0 {
		s.leaveGate()
	}
}

// queue waits for the gate. Whoever has it and is stopped, while nobody holds the lock, is passed by.
func (s *strict) queue(ctx context.Context) error {
	s.raiseFlag(s.file) // it may be another one than before the attempt
	id := s.id
	free := 0
	watched, stop := s.recheck.watch(ctx, false, func() (time.Duration, error) {
		if same, err := sidecar.InPlace(s.host, s.path, id); err == nil && !same {
			return 0, errMoved
		}
		if entries, err := s.host.ReadDir(s.claims); err != nil || hasClaims(entries) {
			free = 0
		} else if free++; free == 2 {
			return 0, errDue
		}
		return RecheckInterval, nil
	})
	held, err := s.file.WaitLock(watched, fs.Whole, fs.LockExclusive)
	stop()
	switch {
	case held && err == nil:
		s.gated = true
	case err == errMoved:
		s.letGo()
		return nil
	case err == errDue:
		s.bypass = true
		return nil
	case err != nil && sameError(err, context.Cause(ctx)):
	case s.gateless(err):
		return nil
	}
	return err
}

// gateless reports whether an error of the gate says that there is none, and takes note of it.
func (s *strict) gateless(err error) bool {
	if err == nil || !noLocks(err) && !s.readOnly {
		return false
	}
	s.canWait = false
	return true
}

// pause returns after d, or as soon as the host says that something has happened to the claims.
func (s *strict) pause(ctx context.Context, d time.Duration) error {
	if s.notice == nil && !s.deaf {
		notice, err := s.host.Watch(s.claims)
		if err == nil {
			s.notice = notice
			return nil // something may have happened before
		}
		s.deaf = !errors.Is(err, iofs.ErrNotExist)
	}
	if s.notice == nil {
		return s.host.Sleep(ctx, d)
	}
	if s.canWait { // a filesystem of this machine, of whose changes none is missed
		d = RecheckInterval
	}
	timed, cancel := s.host.WithTimeout(ctx, d, errLook)
	defer cancel()
	err := s.notice.Next(timed)
	switch {
	case err == nil || err == errLook:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	s.closeNotice()
	s.deaf = true
	return nil
}

func (s *strict) closeNotice() {
	if s.notice != nil {
		s.notice.Close()
		s.notice = nil
	}
}

// mayPass also looks for the claim: whoever has lost the lock is told so by its release.
func (s *strict) mayPass() bool {
	if len(s.mine) == 0 || !s.mayKeep(s.file) {
		return false
	}
	excludes, err := s.excludes()
	return excludes && err == nil
}

// excludes reports whether the claim to be held is there. The intent that is left without it keeps out whoever begins later, but not a contender whose name comes first and who has looked before.
func (s *strict) excludes() (bool, error) {
	_, err := s.host.Lstat(s.claimPath(claim.Name(claim.Held, s.token)))
	return !errors.Is(err, iofs.ErrNotExist), ignoring(err, iofs.ErrNotExist)
}

func (s *strict) pass(_ context.Context, _ *options) (taken, error) {
	if excludes, _ := s.excludes(); !excludes {
		err := s.retreat() // somebody has broken the hold
		s.leaveGate()
		return taken{}, err
	}
	s.holdBegins()
	return taken{ok: true, file: s.file}, nil
}

// errBroken is the end of a hold whose claims somebody else has removed.
var errBroken = fmt.Errorf("%w: its claims were removed", ErrLost)

func (s *strict) release() error {
	if len(s.mine) == 0 {
		return nil
	}
	if !s.leaving { // once: a removal that is told to have failed may have been done
		excludes, _ := s.excludes()
		s.leaving, s.broken = true, !excludes
	}
	if err := s.withdraw(); err != nil {
		return err
	}
	s.leaveGate()
	s.holdEnds()
	if s.broken {
		return errBroken
	}
	return nil
}

func (s *strict) close() error {
	s.recheck.close()
	s.closeNotice()
	held := len(s.mine) > 0
	err := s.retreat()
	if len(s.left) > 0 {
		s.removeLeft()
	}
	err = errors.Join(err, s.letGo())
	if held {
		s.holdEnds()
	}
	return err
}
