package aferofs

import (
	"errors"
	"io"
	iofs "io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
)

// handle is an open file of a host with what the seam leaves out: a position.
type handle struct {
	fs   *hostFs
	file fs.File
	name string
	flag int

	mu     sync.Mutex // held across no call of the host
	users  int        // calls under way; the file stays open until the last has ended
	closed bool

	position turn // taken to use what follows
	offset   int64
	listing  []fs.DirEntry // what Readdir has still to return
	listed   bool
}

var _ iofs.ReadDirFile = (*handle)(nil)

func newHandle(h *hostFs, f fs.File, name string, flag int) *handle {
	return &handle{fs: h, file: f, name: name, flag: flag}
}

func (f *handle) Name() string { return f.name }

// do calls call with the file kept open.
func (f *handle) do(op string, call func() error) error {
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		return osError(op, f.name, os.ErrClosed)
	}
	f.users++
	f.mu.Unlock()
	defer f.done()
	err := call()
	if err == io.EOF {
		return err
	}
	return osError(op, f.name, err)
}

func (f *handle) done() {
	f.mu.Lock()
	f.users--
	last := f.closed && f.users == 0
	f.mu.Unlock()
	if last {
		f.file.Close()
	}
}

// Close closes the file once the calls that are under way have ended, and does not wait for them.
func (f *handle) Close() error {
	f.mu.Lock()
	again, idle := f.closed, f.users == 0
	f.closed = true
	f.mu.Unlock()
	switch {
	case again:
		return osError("close", f.name, os.ErrClosed)
	case idle:
		return osError("close", f.name, f.file.Close())
	}
	return nil
}

// doAtPosition is do for calls that use the position. They happen one after the other.
func (f *handle) doAtPosition(op string, call func() error) error {
	return f.do(op, func() error {
		f.position.take(f.fs.host)
		defer f.position.give()
		return call()
	})
}

// mayRead minds no buffer without room: nothing is read then, not even from what cannot be.
func (f *handle) mayRead(p []byte) error {
	if f.flag&os.O_WRONLY != 0 && len(p) > 0 {
		return syscall.EBADF
	}
	return nil
}

func (f *handle) mayWrite() error {
	if f.flag&(os.O_WRONLY|os.O_RDWR) == 0 {
		return syscall.EBADF
	}
	return nil
}

func (f *handle) Read(p []byte) (n int, err error) {
	err = f.doAtPosition("read", func() error {
		if err := f.mayRead(p); err != nil || len(p) == 0 {
			return err
		}
		var err error
		n, err = f.file.ReadAt(p, f.offset)
		f.offset += int64(n)
		if n > 0 && err == io.EOF {
			return nil
		}
		return err
	})
	return n, err
}

func (f *handle) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, osError("read", f.name, errNegative)
	}
	err = f.do("read", func() error {
		if err := f.mayRead(p); err != nil || len(p) == 0 {
			return err
		}
		var err error
		n, err = f.file.ReadAt(p, off)
		return err
	})
	return n, err
}

var (
	errNegative = errors.New("negative offset")
	errAppends  = errors.New("WriteAt of a file that was opened with O_APPEND")
)

func (f *handle) Write(p []byte) (n int, err error) {
	err = f.doAtPosition("write", func() error {
		if err := f.mayWrite(); err != nil || len(p) == 0 {
			return err
		}
		if f.flag&os.O_APPEND != 0 {
			f.fs.appends.take(f.fs.host)
			defer f.fs.appends.give()
			info, err := f.file.Stat()
			if err != nil {
				return err
			}
			f.offset = info.Size
		}
		var err error
		n, err = f.file.WriteAt(p, f.offset)
		f.offset += int64(n)
		return f.written(err)
	})
	return n, err
}

func (f *handle) WriteAt(p []byte, off int64) (n int, err error) {
	if f.flag&os.O_APPEND != 0 {
		return 0, errAppends
	}
	if off < 0 {
		return 0, osError("write", f.name, errNegative)
	}
	err = f.do("write", func() error {
		if err := f.mayWrite(); err != nil {
			return err
		}
		var err error
		n, err = f.file.WriteAt(p, off)
		return f.written(err)
	})
	return n, err
}

// written does after a write what O_SYNC asks for.
func (f *handle) written(err error) error {
	if err == nil && os.O_SYNC != 0 && f.flag&os.O_SYNC == os.O_SYNC {
		return f.file.Sync()
	}
	return err
}

func (f *handle) WriteString(s string) (int, error) { return f.Write([]byte(s)) }

// Seek sets the position. That of a directory can only be set to its beginning, and the directory is then read again.
func (f *handle) Seek(offset int64, whence int) (position int64, err error) {
	err = f.doAtPosition("seek", func() error {
		from, err := f.seekFrom(whence)
		if err != nil {
			return err
		}
		if from+offset < 0 {
			return syscall.EINVAL
		}
		f.offset = from + offset
		f.listing, f.listed = nil, false
		position = f.offset
		return nil
	})
	return position, err
}

func (f *handle) seekFrom(whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
		return 0, nil
	case io.SeekCurrent:
		return f.offset, nil
	case io.SeekEnd:
		info, err := f.file.Stat()
		return info.Size, err
	}
	return 0, syscall.EINVAL
}

func (f *handle) Stat() (fi os.FileInfo, err error) {
	err = f.do("stat", func() error {
		info, err := f.file.Stat()
		fi = described{filepath.Base(f.name), info}
		return err
	})
	if err != nil {
		return nil, err
	}
	return fi, nil
}

func (f *handle) Sync() error { return f.do("sync", f.file.Sync) }

func (f *handle) Truncate(size int64) error {
	return f.do("truncate", func() error {
		if size < 0 || f.mayWrite() != nil {
			return syscall.EINVAL
		}
		return f.file.Truncate(size)
	})
}

// Chmod sets the permission bits of the open file.
func (f *handle) Chmod(mode os.FileMode) error {
	return f.do("chmod", func() error { return chmod(f.file, mode) })
}

func (f *handle) setTimes(atime, mtime time.Time) error {
	return f.do("chtimes", func() error { return f.file.SetTimes(atime, mtime) })
}

// list reads the directory, by its name if that is still its own.
func (f *handle) list() ([]fs.DirEntry, error) {
	info, err := f.file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode.IsDir() {
		return nil, syscall.ENOTDIR
	}
	named, err := f.fs.Stat(f.name)
	if err != nil {
		return nil, err
	}
	if named.(described).info.ID != info.ID {
		return nil, iofs.ErrNotExist // and another one's names must not be taken for its
	}
	return f.fs.host.ReadDir(f.name)
}

// next returns the next names of the directory: all that are left if count is not positive.
func (f *handle) next(count int) (list []fs.DirEntry, err error) {
	err = f.doAtPosition("readdir", func() error {
		if !f.listed {
			listing, err := f.list()
			if err != nil {
				return err
			}
			f.listing, f.listed = listing, true
		}
		n := len(f.listing)
		if count > 0 {
			n = min(n, count)
		}
		list, f.listing = f.listing[:n:n], f.listing[n:]
		if count > 0 && n == 0 {
			return io.EOF
		}
		return nil
	})
	return list, err
}

// Readdir describes names of a directory, symbolic links as themselves. A name that has gone meanwhile is left out.
func (f *handle) Readdir(count int) ([]os.FileInfo, error) {
	for {
		list, err := f.next(count)
		infos := make([]os.FileInfo, 0, len(list))
		for _, e := range list {
			info, err := f.info(e.Name)
			if err == nil {
				infos = append(infos, info)
			} else if !isNotExist(err) {
				return infos, err
			}
		}
		// None of several names left would look like the end.
		if err != nil || count <= 0 || len(infos) > 0 {
			return infos, err
		}
	}
}

func (f *handle) info(name string) (os.FileInfo, error) {
	info, _, err := f.fs.LstatIfPossible(filepath.Join(f.name, name))
	return info, err
}

func (f *handle) Readdirnames(count int) ([]string, error) {
	list, err := f.next(count)
	names := make([]string, len(list))
	for i, e := range list {
		names[i] = e.Name
	}
	return names, err
}

// ReadDir is Readdir without a description of each file until it is asked for.
func (f *handle) ReadDir(count int) ([]iofs.DirEntry, error) {
	list, err := f.next(count)
	entries := make([]iofs.DirEntry, len(list))
	for i, e := range list {
		entries[i] = entry{f, e}
	}
	return entries, err
}

// entry is a name in a directory, for package io/fs.
type entry struct {
	in *handle
	fs.DirEntry
}

func (e entry) Name() string                 { return e.DirEntry.Name }
func (e entry) Type() os.FileMode            { return e.DirEntry.Type }
func (e entry) IsDir() bool                  { return e.DirEntry.Type.IsDir() }
func (e entry) Info() (iofs.FileInfo, error) { return e.in.info(e.DirEntry.Name) }
func (e entry) String() string               { return iofs.FormatDirEntry(e) }
