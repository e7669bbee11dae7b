package fs

import "errors"

// The conditions that the engine tells apart, beside io/fs.ErrNotExist, io/fs.ErrExist and io/fs.ErrPermission. An implementation returns
// errors for which errors.Is reports them, see [Mark].
var (
	// ErrUnsupported: the platform, the filesystem or this implementation cannot do the operation at all.
	ErrUnsupported = errors.ErrUnsupported
	// ErrNoLocks: the filesystem, or the kernel on its behalf, has no locks to give on this file (ENOSYS, ENOLCK, EOPNOTSUPP).
	ErrNoLocks = errors.New("the filesystem does not provide this lock")
	// ErrSymlink: the last element of the path is a symbolic link or another reparse point.
	ErrSymlink = errors.New("is a symbolic link")
	// ErrIsDirectory: the path names a directory.
	ErrIsDirectory = errors.New("is a directory")
	// ErrNotDirectory: an element of the path that must be a directory is none.
	ErrNotDirectory = errors.New("is not a directory")
	// ErrNotRegular: something else than a regular file has the name, such as a directory or a FIFO.
	ErrNotRegular = errors.New("is not a regular file")
	// ErrNameTooLong: the filesystem takes no name, or no path, of that length.
	ErrNameTooLong = errors.New("the name is too long")
	// ErrStale: the server no longer knows the file that the client has found under the name. It was removed or, more rarely, the server has forgotten it and will know it again (NFS).
	ErrStale = errors.New("is no longer known to the server")
	// ErrBusy: the file is being opened exclusively or deleted by another process; trying again is worth while (Windows).
	ErrBusy = errors.New("is in use")
)

// Mark returns err such that errors.Is also reports condition. The text stays that of err.
func Mark(err, condition error) error { return &marked{err: err, condition: condition} }

type marked struct{ err, condition error }

func (m *marked) Error() string   { return m.err.Error() }
func (m *marked) Unwrap() []error { return []error{m.err, m.condition} }
