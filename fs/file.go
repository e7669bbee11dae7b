package fs

import (
	"io"
	iofs "io/fs"
	"time"
)

// FileMode is the standard library's file mode.
type FileMode = iofs.FileMode

// OpenFlag says how [Files.Open] opens a file. Every file is opened close-on-exec: a child process never inherits it.
type OpenFlag uint

const (
	// ReadOnly opens for reading. It is the zero flag.
	ReadOnly OpenFlag = 0
	// ReadWrite opens for reading and writing.
	ReadWrite OpenFlag = 1 << iota
	// Create makes the file if the name does not exist.
	Create
	// Exclusive, with Create, fails with an error that is io/fs.ErrExist if the name exists, symbolic links included.
	Exclusive
	// NoFollow fails with [ErrSymlink] if the last element of the path is a symbolic link (on Windows any reparse point).
	NoFollow
	// Directory fails with [ErrNotDirectory] if the path does not name a directory. It goes with ReadOnly.
	Directory
	// NonBlock does not wait for the other end of a FIFO and starts no device.
	NonBlock
)

// FileID identifies a file on one machine while some process has it open: the device and the inode, or the volume and the file index on
// Windows. Numbers can be reused once a file is gone, so an identity is compared only while one side of the comparison is held open.
type FileID struct {
	Device uint64
	Inode  uint64
}

// Info is what a host knows of a file. It is a plain value so that looking at a file allocates nothing.
type Info struct {
	ID    FileID
	Mode  FileMode  // type and permission bits
	Links uint64    // number of hard links; 0 for an open file that no name leads to
	Size  int64     // bytes
	Mtime time.Time // time of last modification, with the filesystem's granularity and by the filesystem's clock
	Owner uint32    // the user that the file belongs to, see [Process.UID]; 0, which is the superuser, also where files have none
}

// DirEntry is one name in a directory.
type DirEntry struct {
	Name string
	Type FileMode // type bits only
}

// Volume describes the filesystem that an open file lies on, as far as locking is concerned.
type Volume struct {
	// Type is the filesystem's name as the operating system gives it, such as "ext4", "tmpfs" or "nfs".
	Type string
	// KernelWait reports whether [File.WaitLock] can wait in the kernel.
	KernelWait bool
	// SeparateRegions reports whether a lock on [Whole] and locks on byte ranges of one file are known to be independent of each other.
	// On some network filesystems both end in the same lock table of the server and conflict.
	SeparateRegions bool
}

// Files are the operations on names. Paths are in the host's own syntax; a relative path is relative to the process's working directory at the
// time of the call.
type Files interface {
	// Open opens a file; perm is used, before the umask, if the call creates it. A directory opened for writing is [ErrIsDirectory],
	// a name that the filesystem does not take for its length [ErrNameTooLong].
	// A file that cannot be opened just now because another process is opening or deleting it is [ErrBusy] (Windows).
	Open(path string, flag OpenFlag, perm FileMode) (File, error)
	// Link makes newname a hard link to oldname, atomically, and fails with io/fs.ErrExist if newname exists. It does not follow a symbolic
	// link at oldname.
	Link(oldname, newname string) error
	// Rename gives the file oldname the name newname and replaces what was there atomically. An interrupted machine shows
	// the old or the new file under newname, which of them only once the directory was synced.
	Rename(oldname, newname string) error
	// Remove removes a file, or an empty directory.
	Remove(path string) error
	// Mkdir makes one directory.
	Mkdir(path string, perm FileMode) error
	// Lstat describes the file that path names, and a symbolic link as itself.
	Lstat(path string) (Info, error)
	// ReadDir lists a directory, sorted by name. Names that come and go during the call may or may not appear.
	ReadDir(path string) ([]DirEntry, error)
	// Canonical returns path as an absolute one with every symbolic link and every spelling of its parent directory resolved. The last
	// element is kept as it is, whatever it names. If the parent does not exist, its existing ancestors are resolved and the rest is cleaned. A path through
	// a file may be [ErrNotDirectory].
	Canonical(path string) (string, error)
	// LockTable says who holds and who waits for whole-file locks on a file, without touching the file or its locks. What it says may be out
	// of date when it returns. The path helps the host to find the file's volume. [ErrUnsupported] if the host cannot say.
	LockTable(path string, id FileID) (LockTable, error)
	// Watch reports changes of the file or directory at path from now on. [ErrUnsupported] is an answer; the caller polls instead.
	Watch(path string) (Watch, error)
}

// File is an open file. Its methods are safe for concurrent use, except that Close must be called once and last.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	FileLock
	// Name returns the path that the file was opened by.
	Name() string
	// Stat describes the open file, whatever has become of its name.
	Stat() (Info, error)
	// Volume describes the filesystem that the file lies on.
	Volume() (Volume, error)
	// Truncate sets the size in bytes.
	Truncate(size int64) error
	// Chmod sets the permission bits of the open file.
	Chmod(perm FileMode) error
	// SetTimes sets the times of last access and modification of the open file. The zero time stands for now, by the filesystem's clock where it has one that can be asked.
	SetTimes(atime, mtime time.Time) error
	// Sync returns when the file's content and size would survive a power failure. For a directory these are its names. The error is [ErrUnsupported] where the filesystem has no such call.
	Sync() error
}

// Watch reports changes of one file or directory.
type Watch interface {
	// Next blocks until something changed since the last call or since the watch began, or until ctx ends, and returns
	// context.Cause(ctx) in that case. Several changes may be reported as one, and a report may be spurious; none is lost.
	Next(ctx Context) error
	// Close ends the watch and frees what it holds.
	Close() error
}
