package osfs

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"

	"github.com/holdfast-lock/holdfast/fs"
)

// Link makes a hard link.
func (h *Host) Link(oldname, newname string) error {
	return nameError(whileDenied(func() error { return os.Link(oldname, newname) }, never))
}

// Rename replaces newname. A file that is open, under either name, is [fs.ErrBusy].
func (h *Host) Rename(oldname, newname string) error {
	busy := false
	err := whileDenied(func() error { return os.Rename(oldname, newname) }, func() bool {
		busy = isOpen(newname)
		return busy || isDirectory(newname)
	})
	if err != nil && busy {
		return fs.Mark(err, fs.ErrBusy)
	}
	return nameError(err)
}

// Remove removes a file or an empty directory. A file that is open is [fs.ErrBusy].
func (h *Host) Remove(path string) error {
	return nameError(whileDenied(func() error { return os.Remove(path) }, never))
}

// Mkdir makes one directory.
func (h *Host) Mkdir(path string, perm fs.FileMode) error {
	return nameError(whileDenied(func() error { return os.Mkdir(path, perm) }, never))
}

func never() bool { return false }

func isDirectory(path string) bool {
	attributes, ok := attributesOf(path)
	return ok && attributes&windows.FILE_ATTRIBUTE_DIRECTORY != 0
}

// isOpen reports whether somebody has the file open without letting others delete it. The system denies its replacement then, as
// if the right to it were missing.
func isOpen(path string) bool {
	o := look
	o.access |= windows.DELETE
	handle, err := o.try(path)
	if err == nil {
		windows.CloseHandle(handle)
	}
	return err == windows.STATUS_SHARING_VIOLATION
}

// nameError adds the portable condition behind an error.
func nameError(err error) error {
	switch {
	case errors.Is(err, windows.ERROR_SHARING_VIOLATION):
		return fs.Mark(err, fs.ErrBusy)
	case errors.Is(err, windows.ERROR_INVALID_FUNCTION), errors.Is(err, windows.ERROR_NOT_SUPPORTED):
		return fs.Mark(err, fs.ErrUnsupported)
	}
	return err
}
