//go:build !linux

package osfs

import "github.com/holdfast-lock/holdfast/fs"

// Watch is unsupported.
func (h *Host) Watch(path string) (fs.Watch, error) {
	return nil, pathError("watch", path, fs.ErrUnsupported)
}
