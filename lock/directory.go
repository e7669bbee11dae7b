package lock

import (
	"encoding/hex"
	"errors"
	iofs "io/fs"
	"path/filepath"

	"github.com/holdfast-lock/holdfast/fs"
)

// makeDir makes a directory and its parents unless they are there.
func makeDir(host fs.Host, dir string) error {
	err := host.Mkdir(dir, 0o777)
	if errors.Is(err, iofs.ErrNotExist) && filepath.Dir(dir) != dir {
		if err := makeDir(host, filepath.Dir(dir)); err != nil {
			return err
		}
		err = host.Mkdir(dir, 0o777)
	}
	if errors.Is(err, iofs.ErrExist) {
		return nil
	}
	return err
}

// privatePrefix begins the names of files that are nobody's but their maker's, for a moment.
const privatePrefix = ".holdfast-"

// privateName returns a name for a file beside that at path which nobody has used. It is not made of that file's name, which may be as long as the filesystem allows.
func privateName(host fs.Random, path string) string {
	var random [8]byte
	host.Random(random[:])
	return filepath.Join(filepath.Dir(path), privatePrefix+hex.EncodeToString(random[:]))
}
