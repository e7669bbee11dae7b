//go:build !linux

package osfs

import "github.com/holdfast-lock/holdfast/fs"

// LockTable is unsupported: no interface of this platform tells who holds a lock.
func (h *Host) LockTable(path string, _ fs.FileID) (fs.LockTable, error) {
	return fs.LockTable{}, pathError("locktable", path, fs.ErrUnsupported)
}
