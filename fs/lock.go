package fs

import "context"

// Context is the standard library's context; those that the engine passes were derived through [Tasks].
type Context = context.Context

// LockMode says who may hold a lock at the same time.
type LockMode uint8

const (
	// LockShared excludes exclusive locks only.
	LockShared LockMode = iota + 1
	// LockExclusive excludes every other lock.
	LockExclusive
)

// String returns "shared" or "exclusive".
func (m LockMode) String() string {
	if m == LockShared {
		return "shared"
	}
	return "exclusive"
}

// Region is the part of a file that a lock covers.
type Region struct {
	Offset int64
	Length int64 // bytes; 0 is [Whole]
}

// Whole is the platform's lock on a whole file: flock(2) on Unix, and the byte range [0,1) of LockFileEx on Windows, which is where other
// programs expect it. On Unix it is a lock of another kind than those on byte ranges, see [Volume.SeparateRegions].
var Whole = Region{}

// FileLock are the advisory locks of an open file. A lock belongs to the open file, not to the process: two files that one process opened
// exclude each other, and the lock goes when the last descriptor of the open file is closed or the process dies.
//
// Byte ranges are open-file-description locks on Unix ([ErrUnsupported] where there are none) and LockFileEx ranges on Windows.
type FileLock interface {
	// TryLock makes one attempt, does not wait, and reports whether the lock is now held. [ErrNoLocks] is the filesystem's
	// answer that it has no such locks. Locking [Whole] in another mode while it is held converts the lock, not atomically.
	TryLock(r Region, m LockMode) (bool, error)
	// WaitLock blocks until the lock is held and returns true, or until another attempt is worth making and returns false, or until ctx
	// ends and returns context.Cause(ctx). When ctx ends while the lock is being granted, either may happen; an error always means that the
	// lock is not held. [ErrUnsupported], at once, where the host cannot wait: then the caller polls with TryLock.
	WaitLock(ctx context.Context, r Region, m LockMode) (bool, error)
	// Unlock drops the lock on r. After an error the lock is still held and Unlock can be repeated.
	Unlock(r Region) error
	// Conflict reports whether another open file holds a lock on a byte range r that TryLock with m would conflict with. [ErrUnsupported] for
	// [Whole] and where the platform cannot say.
	Conflict(r Region, m LockMode) (bool, error)
}

// LockTable is what a host can see of the whole-file locks on one file.
type LockTable struct {
	Owners []LockOwner // holders first
	// Complete reports whether a holder would be seen wherever it runs on this machine. From inside a container, processes outside are not
	// seen, and an empty table proves nothing.
	Complete bool
}

// LockOwner is a process that holds a whole-file lock or waits for one.
type LockOwner struct {
	PID     int    // 0 if the process cannot be seen from here, as from another pid namespace
	Command string // the process's short name, if known
	Waiting bool   // waits in the kernel; a process that polls is not seen
	Mode    LockMode
}
