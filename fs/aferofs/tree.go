package aferofs

import (
	"errors"
	iofs "io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

func (h *hostFs) Mkdir(name string, perm os.FileMode) error {
	return osError("mkdir", name, h.host.Mkdir(name, perm))
}

func (h *hostFs) MkdirAll(path string, perm os.FileMode) error {
	switch info, err := h.Stat(path); {
	case err == nil && info.IsDir():
		return nil
	case err == nil:
		return osError("mkdir", path, syscall.ENOTDIR)
	}
	trimmed := strings.TrimRight(path, separator)
	if parent := filepath.Dir(trimmed); parent != trimmed && parent != "." {
		if err := h.MkdirAll(parent, perm); err != nil {
			return err
		}
	}
	err := h.Mkdir(path, perm)
	if errors.Is(err, iofs.ErrExist) {
		// Somebody else made it, or it is spelled "directory/.".
		if info, _, lstatErr := h.LstatIfPossible(path); lstatErr == nil && info.IsDir() {
			return nil
		}
	}
	return err
}

// RemoveAll removes a file or a directory with all that is in it, and does not follow symbolic links. What others put into a directory while it is being
// emptied can make it fail.
func (h *hostFs) RemoveAll(path string) error {
	switch {
	case path == "":
		return nil // as package os has it, because of programs that rely on it
	case path == "." || strings.HasSuffix(path, separator+"."):
		return osError("RemoveAll", path, syscall.EINVAL)
	}
	removeErr := h.Remove(path)
	if removeErr == nil || isNotExist(removeErr) {
		return nil
	}
	info, err := h.host.Lstat(path)
	switch {
	case isNotExist(err):
		return nil
	case err != nil:
		return osError("lstat", path, err)
	case !info.Mode.IsDir():
		return removeErr
	}
	list, err := h.host.ReadDir(path)
	if err != nil && !isNotExist(err) {
		return osError("readdir", path, err)
	}
	for _, e := range list {
		if err := h.RemoveAll(filepath.Join(path, e.Name)); err != nil {
			return err
		}
	}
	if err := h.Remove(path); !isNotExist(err) {
		return err
	}
	return nil
}
