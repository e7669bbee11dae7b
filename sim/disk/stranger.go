package disk

import (
	"time"

	"github.com/holdfast-lock/holdfast/fs"
)

// WriteFile makes a file with this content, or replaces the content of the one there is.
func (d *Disk) WriteFile(c Cred, path string, content []byte, perm fs.FileMode, now time.Time) error {
	f, err := d.Open(c, path, fs.ReadWrite|fs.Create, perm, now)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Truncate(0, now); err != nil {
		return err
	}
	_, err = f.WriteAt(content, 0, now)
	return err
}

// ReadFile returns the content of a file.
func (d *Disk) ReadFile(c Cred, path string) ([]byte, error) {
	f, err := d.Open(c, path, fs.ReadOnly|fs.NonBlock, 0, time.Time{})
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content := make([]byte, f.inode.size)
	_, err = f.ReadAt(content, 0)
	return content, err
}

// Readlink returns where a symbolic link leads.
func (d *Disk) Readlink(c Cred, path string) (string, error) {
	i, err := d.lookup(&c, path, false)
	if err == nil && !i.isSymlink() {
		err = errInvalid
	}
	if err != nil {
		return "", pathError("readlink", path, err)
	}
	return i.target, nil
}

// RemoveAll removes a path and all that lies below it, and stops at what cannot be removed. What does not exist is no error.
func (d *Disk) RemoveAll(c Cred, path string, now time.Time) error {
	i, err := d.lookup(&c, path, false)
	if err == errNotExist {
		return nil
	}
	if err == nil && i.isDir() {
		entries, err := d.ReadDir(c, path)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := d.RemoveAll(c, path+"/"+e.Name, now); err != nil {
				return err
			}
		}
	}
	return d.Remove(c, path, now)
}
