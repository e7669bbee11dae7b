package osfs

import (
	"errors"
	iofs "io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	"github.com/holdfast-lock/holdfast/fs"
)

// Canonical resolves the parent directory and keeps the last element as it is.
func (h *Host) Canonical(path string) (string, error) {
	abs, err := absolute(path)
	if err != nil {
		return "", err
	}
	dir, last := splitLast(abs)
	if last == ".." { // no name that could be kept
		return resolveExisting(abs)
	}
	parent, err := resolveExisting(dir)
	if err != nil {
		return "", err
	}
	return filepath.Join(parent, last), nil
}

// absolute does not clean the path: behind a symbolic link ".." is the parent of the link's target. Windows, though, cleans every path before it looks at links.
func absolute(path string) (string, error) {
	if runtime.GOOS == "windows" {
		return filepath.Abs(path)
	}
	if filepath.IsAbs(path) {
		return path, nil
	}
	dir, err := os.Getwd()
	return dir + string(filepath.Separator) + path, err
}

// splitLast cuts the last element off an absolute path, "." and repeated separators aside.
func splitLast(path string) (dir, last string) {
	root := len(filepath.VolumeName(path)) + 1
	for {
		dir, last = filepath.Split(path)
		if last != "" && last != "." || len(dir) <= root {
			return dir, last
		}
		path = dir[:len(dir)-1]
	}
}

// resolveExisting resolves the symbolic links of an absolute path as far as it exists.
func resolveExisting(dir string) (string, error) {
	resolved, err := filepath.EvalSymlinks(dir)
	if err == nil {
		return resolved, nil
	}
	if errors.Is(err, syscall.ENOTDIR) {
		return "", fs.Mark(err, fs.ErrNotDirectory)
	}
	up, last := splitLast(dir)
	if !errors.Is(err, iofs.ErrNotExist) || last == "" || last == "." {
		return "", err
	}
	up, err = resolveExisting(up)
	if err != nil {
		return "", err
	}
	return filepath.Join(up, last), nil
}
