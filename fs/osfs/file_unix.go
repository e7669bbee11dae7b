//go:build unix

package osfs

import (
	"io"
	iofs "io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/holdfast-lock/holdfast/fs"
)

// Open opens a file with O_CLOEXEC.
func (h *Host) Open(path string, flag fs.OpenFlag, perm fs.FileMode) (fs.File, error) {
	mode := unix.O_CLOEXEC
	if flag&fs.ReadWrite != 0 {
		mode |= unix.O_RDWR
	}
	if flag&fs.Create != 0 {
		mode |= unix.O_CREAT
	}
	if flag&fs.Exclusive != 0 {
		mode |= unix.O_EXCL
	}
	if flag&fs.NoFollow != 0 {
		mode |= unix.O_NOFOLLOW
	}
	if flag&fs.Directory != 0 {
		mode |= unix.O_DIRECTORY
	}
	if flag&fs.NonBlock != 0 {
		mode |= unix.O_NONBLOCK
	}
	var fd int
	err := retryInterrupted(func() (err error) {
		fd, err = unix.Open(path, mode, uint32(perm.Perm()))
		return err
	})
	if err != nil {
		return nil, pathError("open", path, openCondition(path, flag, err))
	}
	return &file{name: path, fd: fd, host: h}, nil
}

// openCondition adds the portable condition behind an error of open.
func openCondition(path string, flag fs.OpenFlag, err error) error {
	switch {
	case err == unix.ENAMETOOLONG:
		return fs.Mark(err, fs.ErrNameTooLong)
	case err == unix.EISDIR:
		return fs.Mark(err, fs.ErrIsDirectory)
	case err == unix.ENOTDIR && flag&(fs.Directory|fs.NoFollow) == fs.Directory|fs.NoFollow && isSymlink(path):
		return fs.Mark(err, fs.ErrSymlink) // what Linux says of a symbolic link where a directory must be
	case err == unix.ENOTDIR:
		return fs.Mark(err, fs.ErrNotDirectory)
	case flag&fs.NoFollow != 0 && err == refusedSymlink && isSymlink(path):
		return fs.Mark(err, fs.ErrSymlink)
	}
	return err
}

func isSymlink(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode().Type() == iofs.ModeSymlink
}

// lstatLong is Lstat for a path of any length.
func lstatLong(path string) (fs.Info, error) {
	var st unix.Stat_t
	if err := retryInterrupted(func() error { return unix.Lstat(path, &st) }); err != nil {
		return fs.Info{}, pathError("lstat", path, err)
	}
	return infoOf(&st), nil
}

// Link makes a hard link.
func (h *Host) Link(oldname, newname string) error {
	if err := unix.Linkat(unix.AT_FDCWD, oldname, unix.AT_FDCWD, newname, 0); err != nil {
		return &os.LinkError{Op: "link", Old: oldname, New: newname, Err: stale(err)}
	}
	return nil
}

// Rename replaces newname atomically.
func (h *Host) Rename(oldname, newname string) error { return os.Rename(oldname, newname) }

// Remove removes a file or an empty directory.
func (h *Host) Remove(path string) error { return os.Remove(path) }

// Mkdir makes one directory.
func (h *Host) Mkdir(path string, perm fs.FileMode) error { return os.Mkdir(path, perm) }

// file is an open file. It holds the bare descriptor: the runtime's poller has no part in regular files, and a lock must not change hands
// between descriptors.
type file struct {
	name     string
	fd       int
	host     *Host
	borrowed *os.File // the caller's file, kept reachable so that its descriptor stays open; nil if the descriptor is ours
}

// FromFile makes the open file of the caller usable as a [fs.File], so that it can be locked. The caller keeps the file and closes it; Close of the
// result does nothing. The file must stay open while the result is in use.
func (h *Host) FromFile(f *os.File) fs.File {
	return &file{name: f.Name(), fd: int(f.Fd()), host: h, borrowed: f}
}

func (f *file) Name() string { return f.name }

func (f *file) Close() error {
	if f.borrowed != nil {
		return nil
	}
	// Not repeated on EINTR: the descriptor is gone by then, and its number may be another file's.
	if err := unix.Close(f.fd); err != nil && err != unix.EINTR {
		return pathError("close", f.name, err)
	}
	return nil
}

func (f *file) Stat() (fs.Info, error) {
	var st unix.Stat_t
	if err := retryInterrupted(func() error { return unix.Fstat(f.fd, &st) }); err != nil {
		return fs.Info{}, pathError("stat", f.name, err)
	}
	return infoOf(&st), nil
}

func (f *file) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		m, err := unix.Pread(f.fd, p[n:], off+int64(n))
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return n, pathError("read", f.name, err)
		case m == 0:
			return n, io.EOF
		}
		n += m
	}
	return n, nil
}

func (f *file) WriteAt(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		m, err := unix.Pwrite(f.fd, p[n:], off+int64(n))
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return n, pathError("write", f.name, err)
		case m == 0:
			return n, pathError("write", f.name, io.ErrShortWrite)
		}
		n += m
	}
	return n, nil
}

func (f *file) Truncate(size int64) error {
	return f.call("truncate", func() error { return unix.Ftruncate(f.fd, size) })
}

func (f *file) Chmod(perm fs.FileMode) error {
	return f.call("chmod", func() error { return unix.Fchmod(f.fd, uint32(perm.Perm())) })
}

func (f *file) Sync() error {
	return f.call("sync", func() error {
		err := fsync(f.fd)
		if err == unix.EINVAL { // a filesystem without a sync of directories, such as squashfs
			return fs.Mark(err, fs.ErrUnsupported)
		}
		return err
	})
}

func (f *file) SetTimes(atime, mtime time.Time) error {
	return f.call("settimes", func() error { return setTimes(f.fd, atime, mtime) })
}

func (f *file) call(op string, call func() error) error {
	if err := retryInterrupted(call); err != nil {
		return pathError(op, f.name, err)
	}
	return nil
}

func infoOf(st *unix.Stat_t) fs.Info {
	return fs.Info{
		ID:    fs.FileID{Device: uint64(st.Dev), Inode: uint64(st.Ino)},
		Mode:  fileMode(uint32(st.Mode)),
		Links: uint64(st.Nlink),
		Size:  st.Size,
		Mtime: time.Unix(st.Mtim.Unix()),
		Owner: st.Uid,
	}
}

func fileMode(mode uint32) fs.FileMode {
	m := fs.FileMode(mode & 0o777)
	switch mode & unix.S_IFMT {
	case unix.S_IFDIR:
		m |= iofs.ModeDir
	case unix.S_IFLNK:
		m |= iofs.ModeSymlink
	case unix.S_IFIFO:
		m |= iofs.ModeNamedPipe
	case unix.S_IFSOCK:
		m |= iofs.ModeSocket
	case unix.S_IFBLK:
		m |= iofs.ModeDevice
	case unix.S_IFCHR:
		m |= iofs.ModeDevice | iofs.ModeCharDevice
	}
	for _, b := range []struct {
		bit  uint32
		mode fs.FileMode
	}{{unix.S_ISUID, iofs.ModeSetuid}, {unix.S_ISGID, iofs.ModeSetgid}, {unix.S_ISVTX, iofs.ModeSticky}} {
		if mode&b.bit != 0 {
			m |= b.mode
		}
	}
	return m
}

func retryInterrupted(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}
