package python

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	iofs "io/fs"
	"path"
	"slices"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
)

// Class is a class of filelock.
type Class string

// The classes that are followed. They have the names that a scenario has for kinds of locks.
const (
	Native Class = ""       // UnixFileLock
	Soft   Class = "soft"   // SoftFileLock
	Lease  Class = "lease"  // SoftFileLease
	Strict Class = "strict" // StrictSoftFileLock, from 3.31.0 on
)

// IsClass reports whether there is a class of that name.
func IsClass(name string) bool {
	return slices.Contains([]Class{Native, Soft, Lease, Strict}, Class(name))
}

// What filelock does by default.
const (
	PollInterval  = 50 * time.Millisecond
	LeaseDuration = 30 * time.Second
)

// Settings are what an object is made with.
type Settings struct {
	Class    Class
	Version  Version
	Path     string
	Timeout  time.Duration // 0: none
	NoWait   bool
	Poll     time.Duration // 0: PollInterval
	Lifetime time.Duration // of a lease its duration, 0: LeaseDuration; else 0: none
	Mode     fs.FileMode   // 0: that of the version
}

// Check refuses what the version does not have.
func (s *Settings) Check() error {
	switch e := eraOf(s.Version); {
	case s.Class == Lease && !e.lease:
		return fmt.Errorf("python: filelock %v has no SoftFileLease: write a version from 3.30.0 on", s.Version)
	case s.Class == Strict && !e.strict:
		return fmt.Errorf("python: the StrictSoftFileLock of filelock %v is not followed: write a version from 3.31.0 on", s.Version)
	case s.Class == Strict && s.Lifetime > 0:
		return errors.New("python: the holds of a StrictSoftFileLock have no lifetime")
	case s.Class != Lease && s.Lifetime > 0 && !e.lifetime:
		return fmt.Errorf("python: filelock %v has no lifetime: write a version from 3.24.0 on", s.Version)
	}
	return nil
}

// The ways in which an acquisition fails that are no error of the system.
var (
	ErrTimeout  = errors.New("python: Timeout")
	ErrMismatch = errors.New("python: LeaseSettingsMismatch: the holder's lease has another duration")
	ErrNotHeld  = errors.New("python: released what is not held")
	errValue    = errors.New("python: ValueError: the record has a number that is none")
	errOverflow = errors.New("python: OverflowError: the record has a number that no process can have")
)

// Lock is an object, as one thread has it: it is used by one task at a time.
type Lock struct {
	host fs.Host
	Settings
	era   era
	file  fs.File // while it is held
	id    fs.FileID
	beat  *heartbeat // of a lease that is held
	token string     // of a strict lock, in the names of its claims
}

// New makes an object. It makes no call of the host.
func New(host fs.Host, s Settings) *Lock {
	if s.Poll == 0 {
		s.Poll = PollInterval
	}
	if s.Class == Lease && s.Lifetime == 0 {
		s.Lifetime = LeaseDuration
	}
	l := &Lock{host: host, Settings: s, era: eraOf(s.Version)}
	if s.Mode != 0 {
		l.era.mode = s.Mode
	}
	return l
}

// Held reports whether the object says that it holds the lock.
func (l *Lock) Held() bool { return l.file != nil }

// File returns the identity of the file by which the lock is held.
func (l *Lock) File() fs.FileID { return l.id }

// Acquire polls until the lock is held, or the timeout has passed when an attempt fails; 0 is the timeout of the object. It makes one attempt if once, or the object, says so.
func (l *Lock) Acquire(timeout time.Duration, once bool) error {
	if timeout == 0 {
		timeout = l.Timeout
	}
	begun := l.host.Monotonic()
	for attempt := 0; ; attempt++ {
		if attempt > 0 {
			l.pause(l.poll(attempt - 1))
		}
		if l.Lifetime > 0 && l.Class != Lease && (l.Class == Soft || l.era.breaksNative) {
			l.evictAged()
		}
		held, err := l.attempt()
		switch {
		case held || err != nil:
			return err
		case once || l.NoWait, timeout > 0 && l.host.Monotonic()-begun > timeout:
			return ErrTimeout
		}
	}
}

func (l *Lock) attempt() (bool, error) {
	switch l.Class {
	case Native:
		return l.tryNative()
	case Strict:
		return l.tryStrict()
	}
	return l.trySoft()
}

func (l *Lock) pause(d time.Duration) { l.host.Sleep(context.Background(), d) }

// poll returns the pause after an attempt, of which the first has the number 0. That of a strict lock is longer by chance, where it is shorter than what chance is bounded by.
func (l *Lock) poll(attempt int) time.Duration {
	if l.Class != Strict || l.Poll >= longestPause {
		return l.Poll
	}
	var b [8]byte
	l.host.Random(b[:])
	most := min(longestPause, l.Poll<<min(attempt, 20))
	return max(l.Poll, time.Duration(binary.LittleEndian.Uint64(b[:])%uint64(most)))
}

// Release gives the lock up. Of an error [Lock.Held] tells whether it was an end all the same.
func (l *Lock) Release() error {
	switch {
	case l.file == nil:
		return ErrNotHeld
	case l.Class == Native:
		return l.releaseNative()
	case l.Class == Strict:
		return l.releaseStrict()
	}
	if l.beat != nil {
		l.beat.end(l.host)
		l.beat = nil
	}
	return l.releaseSoft()
}

// Compromised returns why the holder of a lease was told that it has lost it, "" if it was not.
func (l *Lock) Compromised() string {
	if l.beat == nil {
		return ""
	}
	return l.beat.why
}

// makeParents makes the directories that the path needs.
func (l *Lock) makeParents() error {
	if !l.era.parents {
		return nil
	}
	return l.makeDir(path.Dir(l.Path), 0o777)
}

func (l *Lock) makeDir(dir string, perm fs.FileMode) error {
	err := l.host.Mkdir(dir, perm)
	switch {
	case errors.Is(err, iofs.ErrNotExist) && path.Dir(dir) != dir:
		if err := l.makeDir(path.Dir(dir), perm); err != nil {
			return err
		}
		return l.makeDir(dir, perm)
	case err == nil:
		return nil
	}
	if info, lookErr := l.host.Lstat(dir); lookErr == nil && info.Mode.IsDir() { // links to directories are none of a simulated disk
		return nil
	}
	return err
}

// flags returns flags with what the version refuses.
func (l *Lock) flags(f fs.OpenFlag) fs.OpenFlag {
	if l.era.noFollow {
		f |= fs.NoFollow
	}
	return f
}
