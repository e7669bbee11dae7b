//go:build unix && !linux

package osfs

import "github.com/holdfast-lock/holdfast/fs"

// Locks of fcntl(2) that belong to the open file do not exist here, or only for the vendor's own programs (macOS). Those of POSIX belong to the process: it
// loses them all as soon as any part of it closes the file. They are no substitute.

func (f *file) setRange(fs.Region, fs.LockMode) error { return fs.ErrUnsupported }

func (f *file) unsetRange(fs.Region) error { return fs.ErrUnsupported }

// Conflict is unsupported, as there are no locks on byte ranges.
func (f *file) Conflict(fs.Region, fs.LockMode) (bool, error) {
	return false, pathError("getlk", f.name, fs.ErrUnsupported)
}
