package osfs

import (
	"errors"
	iofs "io/fs"
	"path/filepath"
)

// Canonical resolves the parent directory and keeps the last element as it is.
func (h *Host) Canonical(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	parent, err := resolveExisting(filepath.Dir(abs))
	if err != nil {
		return "", err
	}
	return filepath.Join(parent, filepath.Base(abs)), nil
}

// resolveExisting resolves the symbolic links of a clean absolute path as far as it exists.
func resolveExisting(dir string) (string, error) {
	resolved, err := filepath.EvalSymlinks(dir)
	if err == nil {
		return resolved, nil
	}
	up := filepath.Dir(dir)
	if !errors.Is(err, iofs.ErrNotExist) || up == dir {
		return "", err
	}
	up, err = resolveExisting(up)
	if err != nil {
		return "", err
	}
	return filepath.Join(up, filepath.Base(dir)), nil
}
