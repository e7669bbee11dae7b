package campaign

import (
	"errors"
	iofs "io/fs"
	"os"
	"path/filepath"
)

// Room makes sure that the folders of findings can be written below a directory, before a campaign that may find something after days. It makes the directory if it is not there; tidy removes
// again what it made, unless something was written there.
func Room(dir string) (tidy func(), err error) {
	var made []string // the deepest first
	for d := filepath.Clean(dir); ; d = filepath.Dir(d) {
		if _, err := os.Stat(d); !errors.Is(err, iofs.ErrNotExist) || d == filepath.Dir(d) {
			break
		}
		made = append(made, d)
	}
	tidy = func() {
		for _, d := range made {
			os.Remove(d) // fails if something is there
		}
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		tidy()
		return nil, err
	}
	probe, err := os.MkdirTemp(dir, "probe-")
	if err != nil {
		tidy()
		return nil, err
	}
	os.Remove(probe)
	return tidy, nil
}
