package aferofs

import (
	"context"
	"errors"
	"io"
	iofs "io/fs"
	"os"
	"syscall"
	"time"

	"github.com/spf13/afero"
	"github.com/spf13/afero/mem"

	"github.com/holdfast-lock/holdfast/fs"
)

// file is an open file of an Fs.
type file struct {
	name     string // as Open was given it
	path     string // as the Fs knows it
	host     host
	file     afero.File
	machines *os.File      // the file, if it is one of the operating system's
	memory   *mem.FileData // the file, if it is one in memory
	writable bool
	use      turn // to read and write: many Fs move the position for it
}

func newFile(h host, f afero.File, name, path string, flag fs.OpenFlag) *file {
	for {
		inner, ok := f.(*afero.BasePathFile)
		if !ok {
			break
		}
		f = inner.File
	}
	opened := &file{name: name, path: path, host: h, file: f, writable: flag&fs.ReadWrite != 0}
	switch f := f.(type) {
	case *os.File:
		opened.machines = f
	case *mem.File:
		opened.memory = f.Data()
	}
	return opened
}

func (f *file) Name() string { return f.name }

func (f *file) Close() error {
	if f.memory != nil {
		return nil // there is nothing to free, and it would count as a modification
	}
	return seamError("close", f.name, f.file.Close())
}

func (f *file) Stat() (fs.Info, error) {
	fi, err := f.file.Stat()
	if err != nil {
		return fs.Info{}, seamError("stat", f.name, err)
	}
	return infoOf(fi), nil
}

func (f *file) Volume() (fs.Volume, error) { return fs.Volume{Type: f.host.volume.Name()}, nil }

func (f *file) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, seamError("read", f.name, syscall.EINVAL)
	}
	if f.memory != nil && mem.GetFileInfo(f.memory).IsDir() {
		return 0, seamError("read", f.name, syscall.EISDIR)
	}
	done := f.begin()
	defer done()
	for n := 0; ; {
		if n == len(p) {
			return n, nil
		}
		m, err := f.file.ReadAt(p[n:], off+int64(n))
		n += m
		switch {
		case n == len(p):
			return n, nil
		case err == io.EOF, err == io.ErrUnexpectedEOF, m == 0 && err == nil: // what some Fs say of the end
			return n, io.EOF
		case err != nil:
			return n, seamError("read", f.name, err)
		}
	}
}

func (f *file) WriteAt(p []byte, off int64) (int, error) {
	if !f.writable {
		return 0, seamError("write", f.name, syscall.EBADF)
	}
	if off < 0 {
		return 0, seamError("write", f.name, syscall.EINVAL)
	}
	if len(p) == 0 {
		return 0, nil // some Fs would extend the file to reach off
	}
	done := f.begin()
	defer done()
	n, err := f.file.WriteAt(p, off)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	return n, seamError("write", f.name, err)
}

func (f *file) Truncate(size int64) error {
	if !f.writable {
		return seamError("truncate", f.name, syscall.EINVAL)
	}
	done := f.begin()
	defer done()
	return seamError("truncate", f.name, f.file.Truncate(size))
}

func (f *file) Sync() error {
	done := f.begin()
	defer done()
	return seamError("sync", f.name, f.file.Sync())
}

// begin keeps other tasks from the file where they would be in each other's way, and returns what ends that.
func (f *file) begin() func() {
	if f.machines != nil {
		return func() {}
	}
	f.use.take(f.host)
	return f.use.give
}

func (f *file) Chmod(perm fs.FileMode) error {
	if f.memory != nil {
		mem.SetMode(f.memory, mem.GetFileInfo(f.memory).Mode()&^iofs.ModePerm|perm.Perm())
		return nil
	}
	if open, ok := f.file.(interface{ Chmod(perm os.FileMode) error }); ok {
		return seamError("chmod", f.name, open.Chmod(perm.Perm()))
	}
	return f.byName("chmod", func() error { return f.host.volume.Chmod(f.path, perm.Perm()) })
}

func (f *file) SetTimes(atime, mtime time.Time) error {
	if atime.IsZero() {
		atime = f.host.Now()
	}
	if mtime.IsZero() {
		mtime = f.host.Now()
	}
	if f.memory != nil {
		mem.SetModTime(f.memory, mtime)
		return nil
	}
	if open, ok := f.file.(*handle); ok {
		return seamError("settimes", f.name, open.setTimes(atime, mtime))
	}
	if f.machines != nil {
		if err := setTimes(f.machines, atime, mtime); !errors.Is(err, errors.ErrUnsupported) {
			return seamError("settimes", f.name, err)
		}
	}
	return f.byName("settimes", func() error { return f.host.volume.Chtimes(f.path, atime, mtime) })
}

// byName changes the file of the open file's name, if it still is the open file. Another one must not be changed in its place.
func (f *file) byName(op string, change func() error) error {
	defer f.host.volume.lockNames(f.host)()
	open, err := f.file.Stat()
	if err != nil {
		return seamError(op, f.name, err)
	}
	named, _, err := f.host.lstat(f.path)
	if isNotExist(err) || err == nil && !sameFile(open, named) {
		return unsupported(op, f.name, "the file has lost its name, and an afero.Fs changes files by name")
	} else if err != nil {
		return seamError(op, f.name, err)
	}
	return seamError(op, f.name, change())
}

// errNoLocks is both: nothing can be locked, and there is no use in asking again.
var errNoLocks = fs.Mark(fs.Mark(errors.New("an afero.Fs has no file locks"), fs.ErrNoLocks), fs.ErrUnsupported)

func (f *file) TryLock(fs.Region, fs.LockMode) (bool, error) {
	return false, seamError("lock", f.name, errNoLocks)
}

func (f *file) WaitLock(context.Context, fs.Region, fs.LockMode) (bool, error) {
	return false, seamError("lock", f.name, errNoLocks)
}

func (f *file) Unlock(fs.Region) error { return seamError("unlock", f.name, errNoLocks) }

func (f *file) Conflict(fs.Region, fs.LockMode) (bool, error) {
	return false, seamError("lock", f.name, errNoLocks)
}
