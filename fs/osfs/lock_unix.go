//go:build unix

package osfs

import (
	"context"

	"golang.org/x/sys/unix"

	"github.com/holdfast-lock/holdfast/fs"
)

func flockMode(m fs.LockMode) int {
	if m == fs.LockShared {
		return unix.LOCK_SH
	}
	return unix.LOCK_EX
}

// TryLock makes one attempt with flock(2) or, for a byte range, F_OFD_SETLK.
func (f *file) TryLock(r fs.Region, m fs.LockMode) (bool, error) {
	for {
		var err error
		if r == fs.Whole {
			err = unix.Flock(f.fd, flockMode(m)|unix.LOCK_NB)
		} else {
			err = f.setRange(r, m)
		}
		switch err {
		case nil:
			return true, nil
		case unix.EINTR:
			continue
		case unix.EAGAIN, unix.EACCES:
			return false, nil // EACCES: what some network filesystems say of a lock that another holds
		}
		return false, f.lockError("lock", err)
	}
}

// Unlock drops a lock.
func (f *file) Unlock(r fs.Region) error {
	for {
		var err error
		if r == fs.Whole {
			err = unix.Flock(f.fd, unix.LOCK_UN)
		} else {
			err = f.unsetRange(r)
		}
		switch err {
		case nil:
			return nil
		case unix.EINTR:
			continue
		}
		return f.lockError("unlock", err)
	}
}

// WaitLock waits in the kernel where [fs.Volume.KernelWait] says that it can. Byte ranges cannot be waited for.
func (f *file) WaitLock(ctx context.Context, r fs.Region, m fs.LockMode) (bool, error) {
	if r != fs.Whole {
		return false, pathError("lock", f.name, fs.ErrUnsupported)
	}
	if volume, err := f.Volume(); err != nil || !volume.KernelWait {
		return false, pathError("lock", f.name, fs.ErrUnsupported)
	}
	held, err := waitInKernel(ctx, f.fd, flockMode(m))
	if errno, ok := err.(unix.Errno); ok {
		err = f.lockError("lock", errno)
	}
	return held, err
}

// lockError says of which errors it is known that the filesystem, or the kernel on its behalf, has no lock to give.
func (f *file) lockError(op string, err error) error {
	if err == unix.ENOSYS || err == unix.ENOLCK || err == unix.EOPNOTSUPP || err == unix.ENOTSUP {
		err = fs.Mark(err, fs.ErrNoLocks)
	}
	return pathError(op, f.name, err)
}
