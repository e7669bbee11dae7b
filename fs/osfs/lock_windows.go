package osfs

import (
	"context"
	"errors"
	"runtime"

	"golang.org/x/sys/windows"

	"github.com/holdfast-lock/holdfast/fs"
)

// Locks are those of LockFileEx. They belong to the handle, as those of flock(2) belong to the open file, and differ from them:
//
//   - They are mandatory. What is locked exclusively cannot be read through another handle, what is locked at all cannot be written. [fs.Whole] is the first byte,
//     as for other programs that lock files on Windows; the rest of the file stays open to everybody.
//   - A handle conflicts with its own locks where ranges overlap, and a range is unlocked only as it was locked. That a lock which is taken again is one, and that
//     another mode converts it, is done here.
//   - A wait cannot be ended without closing the handle.

// TryLock makes one attempt with LockFileEx. A range that overlaps another one which this file has locked, and is not the same, counts as held by another. A
// conversion drops the lock first, and it is lost if the other mode is refused.
func (f *file) TryLock(r fs.Region, m fs.LockMode) (bool, error) {
	r = byteRange(r)
	f.mu.Lock()
	defer f.mu.Unlock()
	if mode, held := f.held[r]; held {
		if mode == m {
			return true, nil
		}
		if err := f.unlock(r); err != nil {
			return false, f.lockError("unlock", err)
		}
	}
	err := f.lock(r, m)
	if err == windows.ERROR_LOCK_VIOLATION {
		return false, nil
	}
	if err != nil {
		return false, f.lockError("lock", err)
	}
	f.held[r] = m
	return true, nil
}

// byteRange returns the bytes that a region stands for.
func byteRange(r fs.Region) fs.Region {
	if r == fs.Whole {
		return fs.Region{Offset: 0, Length: 1}
	}
	return r
}

func (f *file) lock(r fs.Region, m fs.LockMode) error {
	flags := uint32(windows.LOCKFILE_FAIL_IMMEDIATELY)
	if m != fs.LockShared {
		flags |= windows.LOCKFILE_EXCLUSIVE_LOCK
	}
	return f.complete(r, func(where *windows.Overlapped) error {
		return windows.LockFileEx(f.handle, flags, 0, uint32(r.Length), uint32(r.Length>>32), where)
	})
}

// unlock drops the lock on a range. One that is not held is none to drop; whether a file of the caller's holds it, the system knows better.
func (f *file) unlock(r fs.Region) error {
	if _, held := f.held[r]; !held && f.borrowed == nil {
		return nil
	}
	err := f.complete(r, func(where *windows.Overlapped) error {
		return windows.UnlockFileEx(f.handle, 0, uint32(r.Length), uint32(r.Length>>32), where)
	})
	if err == windows.ERROR_NOT_LOCKED {
		err = nil
	}
	if err == nil {
		delete(f.held, r)
	}
	return err
}

// complete makes a call about a range and waits until it is done. The call returns earlier on a file that the caller opened with FILE_FLAG_OVERLAPPED.
func (f *file) complete(r fs.Region, call func(*windows.Overlapped) error) error {
	if r.Length <= 0 || r.Offset < 0 {
		return windows.ERROR_INVALID_PARAMETER
	}
	where := at(r.Offset)
	if f.borrowed == nil {
		return call(where)
	}
	event, err := windows.CreateEvent(nil, 1, 0, nil)
	if err != nil {
		return err
	}
	defer windows.CloseHandle(event)
	where.HEvent = event
	var pinned runtime.Pinner
	pinned.Pin(where)
	defer pinned.Unpin()
	if err = call(where); err == windows.ERROR_IO_PENDING {
		var n uint32
		err = windows.GetOverlappedResult(f.handle, where, &n, true)
	}
	return err
}

// Unlock drops a lock.
func (f *file) Unlock(r fs.Region) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.unlock(byteRange(r)); err != nil {
		return f.lockError("unlock", err)
	}
	return nil
}

// unlockAll drops all locks. The system does so when a handle is closed as well, but takes its time.
func (f *file) unlockAll() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for r := range f.held {
		f.unlock(r)
	}
}

// WaitLock is unsupported.
func (f *file) WaitLock(context.Context, fs.Region, fs.LockMode) (bool, error) {
	return false, pathError("lock", f.name, fs.ErrUnsupported)
}

// Conflict is unsupported: a range can be asked about only by locking it, which others would see.
func (f *file) Conflict(fs.Region, fs.LockMode) (bool, error) {
	return false, pathError("getlk", f.name, fs.ErrUnsupported)
}

// lockError says of which errors it is known that the filesystem has no lock to give.
func (f *file) lockError(op string, err error) error {
	if err == windows.ERROR_INVALID_FUNCTION || err == windows.ERROR_NOT_SUPPORTED {
		err = fs.Mark(err, fs.ErrNoLocks)
	}
	return pathError(op, f.name, err)
}

// transferCondition adds [fs.ErrBusy] to the error of a transfer that another's lock forbids.
func transferCondition(err error) error {
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return fs.Mark(err, fs.ErrBusy)
	}
	return err
}
