//go:build unix && !(linux && (amd64 || arm64))

package osfs

import "github.com/holdfast-lock/holdfast/fs"

// Lstat describes the file that path names.
func (h *Host) Lstat(path string) (fs.Info, error) { return lstatLong(path) }
