package osfs

import (
	"golang.org/x/sys/unix"

	"github.com/holdfast-lock/holdfast/fs"
)

func rangeLock(r fs.Region, typ int16) unix.Flock_t {
	return unix.Flock_t{Type: typ, Start: r.Offset, Len: r.Length}
}

func rangeType(m fs.LockMode) int16 {
	if m == fs.LockShared {
		return unix.F_RDLCK
	}
	return unix.F_WRLCK
}

func (f *file) setRange(r fs.Region, m fs.LockMode) error {
	l := rangeLock(r, rangeType(m))
	return unix.FcntlFlock(uintptr(f.fd), unix.F_OFD_SETLK, &l)
}

func (f *file) unsetRange(r fs.Region) error {
	l := rangeLock(r, unix.F_UNLCK)
	return unix.FcntlFlock(uintptr(f.fd), unix.F_OFD_SETLK, &l)
}

// Conflict asks with F_OFD_GETLK.
func (f *file) Conflict(r fs.Region, m fs.LockMode) (bool, error) {
	if r == fs.Whole {
		return false, pathError("getlk", f.name, fs.ErrUnsupported) // flock(2) cannot be asked about
	}
	l := rangeLock(r, rangeType(m))
	if err := unix.FcntlFlock(uintptr(f.fd), unix.F_OFD_GETLK, &l); err != nil {
		return false, f.lockError("getlk", err)
	}
	return l.Type != unix.F_UNLCK, nil
}
