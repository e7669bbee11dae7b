package osfs

import (
	"io"
	iofs "io/fs"
	"os"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/holdfast-lock/holdfast/fs"
)

// file is an open file.
type file struct {
	name     string
	handle   windows.Handle
	borrowed *os.File // the caller's file, kept reachable so that its handle stays open; nil if the handle is ours

	mu   sync.Mutex // makes a conversion one step for the users of this file
	held map[fs.Region]fs.LockMode
}

// FromFile makes the open file of the caller usable as a [fs.File], so that it can be locked. The caller keeps the file and closes it; Close of the
// result does nothing. The file must stay open while the result is in use. On Windows there should be one result for a file: it is what knows which locks to convert.
func (h *Host) FromFile(f *os.File) fs.File {
	return &file{name: f.Name(), handle: windows.Handle(f.Fd()), borrowed: f, held: make(map[fs.Region]fs.LockMode)}
}

func (f *file) Name() string { return f.name }

func (f *file) Close() error {
	if f.borrowed != nil {
		return nil
	}
	f.unlockAll()
	if err := windows.CloseHandle(f.handle); err != nil {
		return pathError("close", f.name, err)
	}
	return nil
}

func (f *file) Stat() (fs.Info, error) {
	info, err := infoOf(f.handle)
	if err != nil {
		return fs.Info{}, pathError("stat", f.name, err)
	}
	return info, nil
}

// Lstat describes the file that path names.
func (h *Host) Lstat(path string) (fs.Info, error) {
	handle, err := look.open(path)
	if err != nil {
		return fs.Info{}, pathError("lstat", path, err)
	}
	defer windows.CloseHandle(handle)
	info, err := infoOf(handle)
	if err != nil {
		return fs.Info{}, pathError("lstat", path, err)
	}
	return info, nil
}

func infoOf(handle windows.Handle) (fs.Info, error) {
	var st windows.ByHandleFileInformation
	if err := windows.GetFileInformationByHandle(handle, &st); err != nil {
		return fs.Info{}, err
	}
	mode := fs.FileMode(0o666)
	if st.FileAttributes&windows.FILE_ATTRIBUTE_READONLY != 0 {
		mode = 0o444
	}
	if st.FileAttributes&windows.FILE_ATTRIBUTE_DIRECTORY != 0 {
		mode |= iofs.ModeDir | 0o111
	}
	if st.FileAttributes&windows.FILE_ATTRIBUTE_REPARSE_POINT != 0 {
		mode = mode.Perm() | reparseType(handle)
	}
	return fs.Info{
		ID:    fs.FileID{Device: uint64(st.VolumeSerialNumber), Inode: uint64(st.FileIndexHigh)<<32 | uint64(st.FileIndexLow)},
		Mode:  mode,
		Links: uint64(st.NumberOfLinks),
		Size:  int64(st.FileSizeHigh)<<32 | int64(st.FileSizeLow),
		Mtime: time.Unix(0, st.LastWriteTime.Nanoseconds()),
	}, nil
}

// reparseType tells symbolic links from other reparse points, as the mount points of volumes.
func reparseType(handle windows.Handle) fs.FileMode {
	var info struct{ attributes, tag uint32 }
	err := windows.GetFileInformationByHandleEx(handle, windows.FileAttributeTagInfo, (*byte)(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info)))
	if err == nil && info.tag == windows.IO_REPARSE_TAG_SYMLINK {
		return iofs.ModeSymlink
	}
	return iofs.ModeIrregular
}

// maxTransfer is the most that is read or written in one call, which takes a number of 32 bits.
const maxTransfer = 1 << 30

// ReadAt reads. Bytes that another open file has locked exclusively cannot be read: that is [fs.ErrBusy].
func (f *file) ReadAt(p []byte, off int64) (n int, err error) {
	if f.borrowed != nil { // it may have been opened for overlapped transfers, which it knows how to wait for
		n, err = f.borrowed.ReadAt(p, off)
		return n, transferCondition(err)
	}
	for n < len(p) {
		m, err := f.transfer(windows.ReadFile, p[n:], off+int64(n))
		switch {
		case err == windows.ERROR_HANDLE_EOF || err == nil && m == 0:
			return n, io.EOF
		case err != nil:
			return n, pathError("read", f.name, transferCondition(err))
		}
		n += m
	}
	return n, nil
}

// WriteAt writes. Bytes that another open file has locked cannot be written: that is [fs.ErrBusy].
func (f *file) WriteAt(p []byte, off int64) (n int, err error) {
	if f.borrowed != nil {
		n, err = f.borrowed.WriteAt(p, off)
		return n, transferCondition(err)
	}
	for n < len(p) {
		m, err := f.transfer(windows.WriteFile, p[n:], off+int64(n))
		if err == nil && m == 0 {
			err = io.ErrShortWrite
		}
		if err != nil {
			return n, pathError("write", f.name, transferCondition(err))
		}
		n += m
	}
	return n, nil
}

func (f *file) transfer(call func(windows.Handle, []byte, *uint32, *windows.Overlapped) error, p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, windows.ERROR_NEGATIVE_SEEK
	}
	var done uint32
	err := call(f.handle, p[:min(len(p), maxTransfer)], &done, at(off))
	return int(done), err
}

// at says where in the file a call works.
func at(off int64) *windows.Overlapped {
	return &windows.Overlapped{Offset: uint32(off), OffsetHigh: uint32(off >> 32)}
}

func (f *file) Truncate(size int64) error {
	return f.call("truncate", func() error { return windows.Ftruncate(f.handle, size) })
}

// basicInfo is FILE_BASIC_INFO. A time that is 0 stays as it is.
type basicInfo struct {
	created, accessed, written, changed int64 // 100 ns since 1601
	attributes                          uint32
	_                                   uint32
}

func (f *file) setBasicInfo(info basicInfo) error {
	return windows.SetFileInformationByHandle(f.handle, windows.FileBasicInfo, (*byte)(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info)))
}

// Chmod makes the file writable, or read-only if perm does not let the owner write. The other bits have no meaning.
func (f *file) Chmod(perm fs.FileMode) error {
	return f.call("chmod", func() error {
		var st windows.ByHandleFileInformation
		if err := windows.GetFileInformationByHandle(f.handle, &st); err != nil {
			return err
		}
		attributes := st.FileAttributes &^ windows.FILE_ATTRIBUTE_READONLY
		if perm&0o200 == 0 {
			attributes |= windows.FILE_ATTRIBUTE_READONLY
		}
		if attributes == st.FileAttributes {
			return nil
		}
		if attributes == 0 {
			attributes = windows.FILE_ATTRIBUTE_NORMAL // 0 would change nothing
		}
		return f.setBasicInfo(basicInfo{attributes: attributes})
	})
}

// SetTimes sets the times to 100 nanoseconds. The file must be open for writing. Now is by this machine's clock.
func (f *file) SetTimes(atime, mtime time.Time) error {
	return f.call("settimes", func() error { return f.setBasicInfo(basicInfo{accessed: filetime(atime), written: filetime(mtime)}) })
}

func filetime(t time.Time) int64 {
	if t.IsZero() {
		t = time.Now()
	}
	ft := windows.NsecToFiletime(t.UnixNano())
	return int64(ft.HighDateTime)<<32 | int64(ft.LowDateTime)
}

// Sync writes a file out, which must be open for writing. Of a directory it is unsupported.
func (f *file) Sync() error {
	return f.call("sync", func() error {
		err := windows.FlushFileBuffers(f.handle)
		if err == nil {
			return nil
		}
		if info, statErr := infoOf(f.handle); statErr == nil && info.Mode.IsDir() {
			return fs.Mark(err, fs.ErrUnsupported)
		}
		return err
	})
}

func (f *file) call(op string, call func() error) error {
	if err := call(); err != nil {
		return pathError(op, f.name, transferCondition(err))
	}
	return nil
}
