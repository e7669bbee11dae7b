package osfs

import (
	"errors"
	"path/filepath"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/holdfast-lock/holdfast/fs"
)

const (
	// lockedOut is how an open file lets others open it. Who would delete or rename it has to wait: a file that could lose its name while it is
	// locked would be two locks, as the next one to come makes a new file.
	lockedOut = windows.FILE_SHARE_READ | windows.FILE_SHARE_WRITE
	// A virus scanner or an indexer makes a file that is there for everybody be denied for a moment. Whoever is denied for longer has no right to it.
	deniedPatience = 500 * time.Millisecond
	deniedPause    = 2 * time.Millisecond
)

// Open opens a file by NtCreateFile, which says more precisely than CreateFile why it does not. The handle is not inherited by child processes, and as long as
// it is open nobody can delete or rename the file. NonBlock has no meaning. Of perm counts the owner's right to write: without it the file is made read-only.
// An access that is denied is tried again for half a second.
func (h *Host) Open(path string, flag fs.OpenFlag, perm fs.FileMode) (fs.File, error) {
	o := opening{access: windows.FILE_GENERIC_READ, share: lockedOut, disposition: windows.FILE_OPEN, attributes: windows.FILE_ATTRIBUTE_NORMAL}
	if flag&fs.ReadWrite != 0 {
		o.access |= windows.FILE_GENERIC_WRITE
	}
	switch {
	case flag&(fs.Create|fs.Exclusive) == fs.Create|fs.Exclusive:
		o.disposition = windows.FILE_CREATE
	case flag&fs.Create != 0:
		o.disposition = windows.FILE_OPEN_IF
	}
	if flag&(fs.ReadWrite|fs.Create) != 0 {
		o.options |= windows.FILE_NON_DIRECTORY_FILE
	}
	if flag&fs.Directory != 0 {
		o.options |= windows.FILE_DIRECTORY_FILE
	}
	if flag&fs.NoFollow != 0 || o.disposition == windows.FILE_CREATE {
		o.options |= windows.FILE_OPEN_REPARSE_POINT
	}
	if perm&0o200 == 0 {
		o.attributes = windows.FILE_ATTRIBUTE_READONLY
	}
	handle, err := o.open(path)
	if err == nil && flag&fs.NoFollow != 0 {
		err = refuseReparsePoint(handle)
	}
	if err != nil {
		if flag&fs.NoFollow != 0 && (errors.Is(err, fs.ErrIsDirectory) || errors.Is(err, fs.ErrNotDirectory)) && isReparsePoint(path) {
			err = errReparsePoint
		}
		return nil, pathError("open", path, err)
	}
	return &file{name: path, handle: handle, held: make(map[fs.Region]fs.LockMode)}, nil
}

var errReparsePoint = fs.Mark(errors.New("is a symbolic link or another reparse point"), fs.ErrSymlink)

// refuseReparsePoint closes a handle of a reparse point and returns an error.
func refuseReparsePoint(handle windows.Handle) error {
	var info windows.ByHandleFileInformation
	err := windows.GetFileInformationByHandle(handle, &info)
	if err == nil && info.FileAttributes&windows.FILE_ATTRIBUTE_REPARSE_POINT != 0 {
		err = errReparsePoint
	}
	if err != nil {
		windows.CloseHandle(handle)
	}
	return err
}

func isReparsePoint(path string) bool {
	attributes, ok := attributesOf(path)
	return ok && attributes&windows.FILE_ATTRIBUTE_REPARSE_POINT != 0
}

func attributesOf(path string) (uint32, bool) {
	p, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return 0, false
	}
	attributes, err := windows.GetFileAttributes(p)
	return attributes, err == nil
}

// opening is how a file is to be opened.
type opening struct {
	access, share, disposition, options, attributes uint32
}

// look opens a file whatever others do with it, to see what it is.
var look = opening{
	access: windows.FILE_READ_ATTRIBUTES | windows.SYNCHRONIZE, share: windows.FILE_SHARE_READ | windows.FILE_SHARE_WRITE | windows.FILE_SHARE_DELETE,
	disposition: windows.FILE_OPEN, options: windows.FILE_OPEN_REPARSE_POINT,
}

// open opens the file, patiently, and says which condition is behind an error.
func (o opening) open(path string) (windows.Handle, error) {
	var handle windows.Handle
	err := whileDenied(func() (err error) {
		handle, err = o.try(path)
		return err
	}, func() bool { return o.deniedForGood(path) })
	status, ok := err.(windows.NTStatus)
	if !ok {
		return handle, err
	}
	errno := status.Errno()
	switch {
	case status == windows.STATUS_SHARING_VIOLATION:
		return 0, fs.Mark(errno, fs.ErrBusy)
	case status == windows.STATUS_DELETE_PENDING:
		return 0, fs.Mark(windows.ERROR_DELETE_PENDING, fs.ErrBusy)
	case errno == windows.ERROR_FILENAME_EXCED_RANGE, errno == windows.ERROR_INVALID_NAME && len(filepath.Base(path)) > 255:
		return 0, fs.Mark(errno, fs.ErrNameTooLong)
	case status == windows.STATUS_FILE_IS_A_DIRECTORY:
		return 0, fs.Mark(syscall.EISDIR, fs.ErrIsDirectory)
	case status == windows.STATUS_NOT_A_DIRECTORY, errno == windows.ERROR_PATH_NOT_FOUND && isBelowFile(path):
		return 0, fs.Mark(syscall.ENOTDIR, fs.ErrNotDirectory)
	}
	return 0, errno
}

// deniedForGood reports whether a denied access has a reason that does not pass.
func (o opening) deniedForGood(path string) bool {
	attributes, ok := attributesOf(path)
	return ok && o.access&windows.FILE_WRITE_DATA != 0 && attributes&windows.FILE_ATTRIBUTE_READONLY != 0
}

// whileDenied calls again while the access is denied, until it has been for too long or for a reason that does not pass.
func whileDenied(call func() error, forGood func() bool) error {
	begin := time.Now()
	for {
		err := call()
		denied := err == windows.STATUS_ACCESS_DENIED || errors.Is(err, windows.ERROR_ACCESS_DENIED)
		if !denied || time.Since(begin) >= deniedPatience || forGood() {
			return err
		}
		time.Sleep(deniedPause)
	}
}

// isBelowFile reports whether an element of the path that must be a directory is a file. The system says the same as if it were missing.
func isBelowFile(path string) bool {
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		if attributes, ok := attributesOf(dir); ok {
			return attributes&windows.FILE_ATTRIBUTE_DIRECTORY == 0
		}
		if filepath.Dir(dir) == dir {
			return false
		}
	}
}

var freeUnicodeString = windows.NewLazySystemDLL("ntdll.dll").NewProc("RtlFreeUnicodeString")

// try calls NtCreateFile once. Its error is a NTStatus if the system refused.
func (o opening) try(path string) (windows.Handle, error) {
	if path == "" {
		return 0, windows.ERROR_FILE_NOT_FOUND
	}
	p, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return 0, err
	}
	var name windows.NTUnicodeString
	if err := windows.RtlDosPathNameToNtPathName(p, &name, nil, nil); err != nil {
		return 0, err
	}
	defer freeUnicodeString.Call(uintptr(unsafe.Pointer(&name)))
	object := windows.OBJECT_ATTRIBUTES{ObjectName: &name, Attributes: windows.OBJ_CASE_INSENSITIVE}
	object.Length = uint32(unsafe.Sizeof(object))
	var handle windows.Handle
	var status windows.IO_STATUS_BLOCK
	err = windows.NtCreateFile(&handle, o.access, &object, &status, nil, o.attributes, o.share, o.disposition,
		o.options|windows.FILE_SYNCHRONOUS_IO_NONALERT, 0, 0)
	if err != nil {
		return 0, err
	}
	return handle, nil
}
