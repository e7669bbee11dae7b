package disk

import (
	iofs "io/fs"
	"os"
	"syscall"

	"github.com/holdfast-lock/holdfast/fs"
)

// errno is an error of the operating system as Linux words it. It is not syscall.Errno itself, whose texts and conditions differ per platform, so that a run is the
// same wherever it runs. errors.Is holds for the syscall.Errno of that name and for the condition that Linux sees in it.
type errno struct {
	number    syscall.Errno
	text      string
	condition error
}

func (e *errno) Error() string { return e.text }

func (e *errno) Is(target error) bool {
	return target == error(e.number) || e.condition != nil && target == e.condition
}

// As gives the number to errors.As.
func (e *errno) As(target any) bool {
	number, ok := target.(*syscall.Errno)
	if ok {
		*number = e.number
	}
	return ok
}

var (
	errPermission   = &errno{syscall.EPERM, "operation not permitted", iofs.ErrPermission}
	errNotExist     = &errno{syscall.ENOENT, "no such file or directory", iofs.ErrNotExist}
	errBadFile      = &errno{syscall.EBADF, "bad file descriptor", nil}
	errAccess       = &errno{syscall.EACCES, "permission denied", iofs.ErrPermission}
	errBusy         = &errno{syscall.EBUSY, "device or resource busy", nil}
	errExist        = &errno{syscall.EEXIST, "file exists", iofs.ErrExist}
	errNotDirectory = &errno{syscall.ENOTDIR, "not a directory", nil}
	errIsDirectory  = &errno{syscall.EISDIR, "is a directory", nil}
	errInvalid      = &errno{syscall.EINVAL, "invalid argument", nil}
	errTooLarge     = &errno{syscall.EFBIG, "file too large", nil}
	errNoSpace      = &errno{syscall.ENOSPC, "no space left on device", nil}
	errSeek         = &errno{syscall.ESPIPE, "illegal seek", nil}
	errReadOnly     = &errno{syscall.EROFS, "read-only file system", nil}
	errNameTooLong  = &errno{syscall.ENAMETOOLONG, "file name too long", nil}
	errNoLock       = &errno{syscall.ENOLCK, "no locks available", nil}
	errNotEmpty     = &errno{syscall.ENOTEMPTY, "directory not empty", iofs.ErrExist}
	errLoop         = &errno{syscall.ELOOP, "too many levels of symbolic links", nil}
	errOverflow     = &errno{syscall.EOVERFLOW, "value too large for defined data type", nil}
)

// The same with the portable condition that Open, Canonical and the locks see in them.
var (
	openIsDirectory     = fs.Mark(errIsDirectory, fs.ErrIsDirectory)
	openNotDirectory    = fs.Mark(errNotDirectory, fs.ErrNotDirectory)
	openNameTooLong     = fs.Mark(errNameTooLong, fs.ErrNameTooLong)
	openSymlink         = fs.Mark(errLoop, fs.ErrSymlink)
	openSymlinkNotThere = fs.Mark(errNotDirectory, fs.ErrSymlink)
	lockNoLocks         = fs.Mark(errNoLock, fs.ErrNoLocks)
	syncUnsupported     = fs.Mark(errInvalid, fs.ErrUnsupported)
)

func pathError(op, path string, err error) error {
	return &iofs.PathError{Op: op, Path: path, Err: err}
}

func linkError(op, oldname, newname string, err error) error {
	return &os.LinkError{Op: op, Old: oldname, New: newname, Err: err}
}
