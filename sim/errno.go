package sim

import (
	iofs "io/fs"
	"syscall"

	"github.com/holdfast-lock/holdfast/fs"
)

// errnos are the errors that a fault can bring about, and the condition of the seam that each stands for.
var errnos = []struct {
	name      string
	number    syscall.Errno
	condition error
}{
	{"EACCES", syscall.EACCES, nil},
	{"EBADF", syscall.EBADF, nil},
	{"EBUSY", syscall.EBUSY, nil},
	{"EDQUOT", syscall.EDQUOT, nil},
	{"EEXIST", syscall.EEXIST, nil},
	{"EINTR", syscall.EINTR, nil},
	{"EINVAL", syscall.EINVAL, nil},
	{"EIO", syscall.EIO, nil},
	{"EISDIR", syscall.EISDIR, fs.ErrIsDirectory},
	{"ELOOP", syscall.ELOOP, fs.ErrSymlink},
	{"EMFILE", syscall.EMFILE, nil},
	{"ENAMETOOLONG", syscall.ENAMETOOLONG, fs.ErrNameTooLong},
	{"ENFILE", syscall.ENFILE, nil},
	{"ENOENT", syscall.ENOENT, nil},
	{"ENOLCK", syscall.ENOLCK, fs.ErrNoLocks},
	{"ENOMEM", syscall.ENOMEM, nil},
	{"ENOSPC", syscall.ENOSPC, nil},
	{"ENOSYS", syscall.ENOSYS, fs.ErrNoLocks},
	{"ENOTDIR", syscall.ENOTDIR, fs.ErrNotDirectory},
	{"ENOTEMPTY", syscall.ENOTEMPTY, nil},
	{"EOPNOTSUPP", syscall.EOPNOTSUPP, fs.ErrNoLocks},
	{"EPERM", syscall.EPERM, nil},
	{"EROFS", syscall.EROFS, nil},
	{"ESTALE", syscall.ESTALE, fs.ErrStale},
	{"ETIMEDOUT", syscall.ETIMEDOUT, nil},
	{"EXDEV", syscall.EXDEV, nil},
}

// ParseErrno returns the error number with the given name, such as "ENOSPC".
func ParseErrno(name string) (syscall.Errno, bool) {
	for _, e := range errnos {
		if e.name == name {
			return e.number, true
		}
	}
	return 0, false
}

// ErrnoName returns the name of an error number that a fault can have, "" for another one.
func ErrnoName(number syscall.Errno) string {
	for _, e := range errnos {
		if e.number == number {
			return e.name
		}
	}
	return ""
}

// failure is the error of a call that a fault let fail, or that this machine cannot do.
func failure(op Op, path string, number syscall.Errno) error {
	err := error(number)
	for _, e := range errnos {
		if e.number == number && e.condition != nil {
			err = fs.Mark(err, e.condition)
		}
	}
	return &iofs.PathError{Op: op.String(), Path: path, Err: err}
}
