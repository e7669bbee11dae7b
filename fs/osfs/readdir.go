package osfs

import (
	"os"

	"github.com/holdfast-lock/holdfast/fs"
)

// ReadDir lists a directory, sorted by name.
func (h *Host) ReadDir(path string) ([]fs.DirEntry, error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, stale(err)
	}
	list := make([]fs.DirEntry, len(entries))
	for i, e := range entries {
		list[i] = fs.DirEntry{Name: e.Name(), Type: e.Type()}
	}
	return list, nil
}
