package lock

import (
	"errors"
	"fmt"
	iofs "io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
)

// The sentinels that errors.Is finds in what this package returns.
var (
	// ErrTimeout: the wait ended without the lock, or the single attempt failed. See [TimeoutError].
	ErrTimeout = errors.New("timed out")
	// ErrCanceled: the function given to [CancelWhen] ended the wait.
	ErrCanceled = errors.New("the wait was canceled")
	// ErrDeadlock: the caller is inside a hold of the same path, taken through another [Lock], and would wait for itself without end.
	ErrDeadlock = errors.New("would wait for a hold of its own")
	// ErrNotHeld: the hold was released before.
	ErrNotHeld = errors.New("is not held")
	// ErrReleased is the cause with which [Hold.Context] ends when the hold is released.
	ErrReleased = errors.New("the hold was released")
	// ErrLost: the hold ended without being released. ErrExpired is a special case of it.
	ErrLost = errors.New("the hold was lost")
	// ErrExpired: the hold's [Lifetime] has passed, or its lease could not be renewed in time.
	ErrExpired = fmt.Errorf("%w: its time is over", ErrLost)
	// ErrDropped: the program let go of the [Hold] without releasing it, so that it was released by the garbage collector.
	ErrDropped = fmt.Errorf("%w: it was dropped without being released", ErrLost)
	// ErrClosed: the [Lock] was closed.
	ErrClosed = errors.New("the lock is closed")
	// ErrOption: an option that is out of range or in the wrong place.
	ErrOption = errors.New("invalid option")
	// ErrOtherProcess: the hold belongs to another process, of which this one is a copy.
	ErrOtherProcess = errors.New("is held by another process, of which this one is a copy")
	// ErrSettings: the path is in use with other settings. See [SettingsError].
	ErrSettings = errors.New("settings differ")
)

// Error is what every operation on a lock returns that fails, except for the cases that have an error of their own. What went wrong stands in Err, errors of
// the operating system included, so that errors.Is(err, syscall.EROFS), io/fs.ErrPermission, context.Canceled and the sentinels of this package work.
type Error struct {
	Op   string // acquire, release, close, inspect, open
	Path string
	Wait time.Duration // how long an acquisition had waited
	Err  error
}

func (e *Error) Error() string {
	text := e.Err.Error()
	// The operating system's error names the path again.
	if p, ok := e.Err.(*iofs.PathError); ok && p.Path == e.Path {
		text = p.Op + ": " + p.Err.Error()
	}
	return fmt.Sprintf("lock: %s %s: %s%s", e.Op, e.Path, text, waited(e.Wait))
}

func (e *Error) Unwrap() error { return e.Err }

// TimeoutError says that an acquisition gave up, and who was in the way. errors.Is reports it as [ErrTimeout]; and as context.DeadlineExceeded if the deadline of the
// caller's context ended the wait. errors.As with net.Error's Timeout method works.
type TimeoutError struct {
	Path    string
	Wait    time.Duration // how long it had waited; 0 for a single attempt
	Holders []fs.LockOwner
	Beside  string  // the file that the Holders hold in place of the lock, which was free: one that is kept beside it and is needed for a hold; usually ""
	Record  *Record // what lies at the path of a soft lock or lease, or the claim of who holds a strict lock; nil if there is nothing
	Waiters int     // how many others were waiting, as far as it is known
	cause   error   // what ended the wait: nil or the context's cause
	self    int     // the number of this process
}

func (e *TimeoutError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "lock: acquire %s: ", e.Path)
	holders := "a process that cannot be seen from here"
	switch {
	case e.Record != nil && e.Record.claim != "" && !e.Record.Own:
		holders = e.Record.obstructs()
	case len(e.Holders) > 0:
		holders = describeOwners(e.Holders, e.self)
	case e.Record != nil:
		holders = e.Record.String()
	}
	if e.Beside == "" {
		b.WriteString("held by " + holders)
	} else {
		fmt.Fprintf(&b, "%s is kept locked by %s: end it or, if it is stopped, let it go on, and let nobody but Holdfast lock this file", e.Beside, holders)
	}
	switch {
	case e.Waiters == 1:
		b.WriteString(", 1 other waits")
	case e.Waiters > 1:
		fmt.Fprintf(&b, ", %d others wait", e.Waiters)
	}
	if e.cause != nil {
		fmt.Fprintf(&b, ": %v", e.cause)
	}
	if e.Wait == 0 {
		b.WriteString(" (one attempt)")
	}
	b.WriteString(waited(e.Wait))
	return b.String()
}

// Unwrap makes errors.Is find ErrTimeout and the context's cause.
func (e *TimeoutError) Unwrap() []error {
	if e.cause == nil {
		return []error{ErrTimeout}
	}
	return []error{ErrTimeout, e.cause}
}

// Timeout returns true.
func (e *TimeoutError) Timeout() bool { return true }

func describeOwners(owners []fs.LockOwner, self int) string {
	var names []string
	for _, o := range owners {
		name := describeProcess(o.PID, o.Command)
		if o.PID == self {
			name = "this process, " + name
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

func describeProcess(pid int, command string) string {
	name := "an unknown process"
	if pid != 0 {
		name = "pid " + strconv.Itoa(pid)
	}
	if command != "" {
		name += " (" + printable(command) + ")"
	}
	return name
}

func waited(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return fmt.Sprintf(" (waited %v)", roundForPeople(d))
}

// roundForPeople keeps three digits.
func roundForPeople(d time.Duration) time.Duration {
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit)
}

// UnsupportedError says that the filesystem has no lock to give. errors.Is reports it as [fs.ErrNoLocks] and as the operating system's error.
type UnsupportedError struct {
	Path   string
	Volume string // the filesystem's type, "" if unknown
	Err    error
}

func (e *UnsupportedError) Error() string {
	volume := "the filesystem"
	if e.Volume != "" {
		volume = "the " + e.Volume + " filesystem"
	}
	return fmt.Sprintf("lock: acquire %s: %s gives no file locks (%v): use a path on a local filesystem, have the locks of this one switched on (mount options, lock daemon), or name another lock with FallbackTo", e.Path, volume, causeOf(e.Err))
}

func (e *UnsupportedError) Unwrap() error { return e.Err }

func causeOf(err error) error {
	if p, ok := errors.AsType[*iofs.PathError](err); ok {
		return p.Err
	}
	return err
}

// SettingsError says that a path is in use with settings other than those asked for. errors.Is reports it as [ErrSettings].
type SettingsError struct {
	Path        string
	Differences []Difference
}

// Difference is one setting.
type Difference struct{ Option, Have, Want string }

func (e *SettingsError) Error() string {
	var parts []string
	for _, d := range e.Differences {
		parts = append(parts, fmt.Sprintf("%s is %s, asked for %s", d.Option, d.Have, d.Want))
	}
	return fmt.Sprintf("lock: open %s: exists with other settings: %s", e.Path, strings.Join(parts, "; "))
}

// Unwrap makes errors.Is find ErrSettings.
func (e *SettingsError) Unwrap() error { return ErrSettings }

// ErrProtocol is what errors.Is reports a [ProtocolError] as.
var ErrProtocol = errors.New("protocol violated")

// ProtocolError says that something is in the way of a strict lock that its protocol does not allow for, so that it is not known whether anybody is inside. The lock is not free until somebody has looked into it.
type ProtocolError struct {
	File   string // what is in the way
	Err    error
	Advice string // what to do about it
}

func (e *ProtocolError) Error() string { return fmt.Sprintf("%s: %v: %s", e.File, e.Err, e.Advice) }

// Unwrap makes errors.Is find ErrProtocol and the error of the operating system.
func (e *ProtocolError) Unwrap() []error { return []error{ErrProtocol, e.Err} }

// ContractError says that a path is in use by another kind of lock than the one that was asked for. errors.Is reports it as [ErrSettings].
type ContractError struct{ Path, Found, Asked string }

func (e *ContractError) Error() string {
	return fmt.Sprintf("lock: acquire %s: the path is in use by %s, asked for %s: use one kind of lock for a path", e.Path, e.Found, e.Asked)
}

// Unwrap makes errors.Is find ErrSettings.
func (e *ContractError) Unwrap() error { return ErrSettings }
