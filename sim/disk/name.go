package disk

import (
	iofs "io/fs"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
)

// add gives an inode a name in a directory.
func (d *Disk) add(dir *Inode, name string, i *Inode, now int64) {
	dir.set(name, i)
	i.links++
	if i.isDir() {
		i.links++ // its own "."
		i.parent = dir
		dir.links++ // its ".."
	}
	dir.mtime = now
	dir.changes++
	i.changes++
	if d.graph {
		d.recordAddition(dir, name, i)
	}
}

// take removes a name from a directory.
func (d *Disk) take(dir *Inode, name string, now int64) {
	i := dir.unset(name)
	d.unlink(dir, i)
	dir.mtime = now
	dir.changes++
	if d.graph {
		d.recordRemoval(dir, name, i)
	}
	d.release(i)
}

// unlink counts a name of an inode that is gone.
func (d *Disk) unlink(dir, i *Inode) {
	if i.isDir() {
		dir.links--
		i.links--
	}
	i.links--
	i.changes++
}

// Link makes a hard link, and of a symbolic link a second one.
func (d *Disk) Link(c Cred, oldname, newname string, now time.Time) error {
	if err := d.link(&c, oldname, newname, now); err != nil {
		return linkError("link", oldname, newname, err)
	}
	return nil
}

func (d *Disk) link(c *Cred, oldname, newname string, now time.Time) *errno {
	if hasNUL(newname) {
		return errInvalid
	}
	i, err := d.lookup(c, oldname, false)
	if err != nil {
		return err
	}
	at, err := d.vacant(c, newname, false)
	switch {
	case err != nil:
		return err
	case d.options.ProtectedHardlinks && c.UID != 0 && c.UID != i.uid && !(i.isRegular() && i.allows(c.UID, mayRead|mayWrite)):
		return errPermission
	}
	if err := d.mayAdd(c, at.dir); err != nil {
		return err
	}
	if i.isDir() {
		return errPermission
	}
	d.add(at.dir, at.name, i, d.stamp(now))
	return nil
}

// vacant resolves a path whose last element must not exist yet.
func (d *Disk) vacant(c *Cred, path string, forDir bool) (last, *errno) {
	w, dir, err := d.begin(c, path)
	if err != nil {
		return last{}, err
	}
	at, err := w.parent(dir, path)
	switch {
	case err != nil:
		return last{}, err
	case !at.isName():
		return last{}, errExist
	}
	there, err := w.step(at.dir, at.name)
	switch {
	case err != nil:
		return last{}, err
	case there != nil:
		return last{}, errExist
	case at.slash && !forDir:
		return last{}, errNotExist
	}
	return at, nil
}

// Mkdir makes a directory.
func (d *Disk) Mkdir(c Cred, path string, perm fs.FileMode, now time.Time) error {
	mode := iofs.ModeDir | perm&(iofs.ModePerm|iofs.ModeSticky)&^c.Umask.Perm()
	return d.make(&c, "mkdir", path, mode, now)
}

// Mkfifo makes a named pipe.
func (d *Disk) Mkfifo(c Cred, path string, perm fs.FileMode, now time.Time) error {
	return d.make(&c, "mkfifo", path, iofs.ModeNamedPipe|perm.Perm()&^c.Umask, now)
}

// Symlink makes a symbolic link.
func (d *Disk) Symlink(c Cred, target, path string, now time.Time) error {
	var err *errno
	switch {
	case hasNUL(target) || hasNUL(path):
		err = errInvalid
	case target == "":
		err = errNotExist
	case len(target) > maxPath:
		err = errNameTooLong
	}
	if err != nil {
		return linkError("symlink", target, path, err)
	}
	if err := d.place(&c, path, iofs.ModeSymlink|0o777, target, now); err != nil {
		return linkError("symlink", target, path, err)
	}
	return nil
}

func (d *Disk) make(c *Cred, op, path string, mode fs.FileMode, now time.Time) error {
	if err := d.place(c, path, mode, "", now); err != nil {
		return pathError(op, path, err)
	}
	return nil
}

// place makes a file that is no regular one.
func (d *Disk) place(c *Cred, path string, mode fs.FileMode, target string, now time.Time) *errno {
	at, err := d.vacant(c, path, mode.IsDir())
	if err != nil {
		return err
	}
	if err := d.mayAdd(c, at.dir); err != nil {
		return err
	}
	stamp := d.stamp(now)
	i := d.allocate(c, mode, target, stamp)
	d.add(at.dir, at.name, i, stamp)
	return nil
}

// Remove removes a file or an empty directory. It is unlink and, if that fails, rmdir, as os.Remove is.
func (d *Disk) Remove(c Cred, path string, now time.Time) error {
	at, i, err := d.occupied(&c, path)
	if err == nil {
		err = d.mayRemove(&c, at, i)
	}
	if err != nil {
		return pathError("remove", path, err)
	}
	d.take(at.dir, at.name, d.stamp(now))
	return nil
}

// occupied resolves a path whose last element is to be taken away.
func (d *Disk) occupied(c *Cred, path string) (last, *Inode, *errno) {
	w, dir, err := d.begin(c, path)
	if err != nil {
		return last{}, nil, err
	}
	at, err := w.parent(dir, path)
	if err != nil {
		return last{}, nil, err
	}
	switch at.name { // what rmdir says
	case "":
		return last{}, nil, errBusy
	case ".":
		return last{}, nil, errInvalid
	case "..":
		return last{}, nil, errNotEmpty
	}
	if d.readOnly {
		return last{}, nil, errReadOnly
	}
	i, err := w.step(at.dir, at.name)
	if err == nil && i == nil {
		err = errNotExist
	}
	return at, i, err
}

func (d *Disk) mayRemove(c *Cred, at last, i *Inode) *errno {
	if at.slash && !i.isDir() {
		return errNotDirectory
	}
	if err := d.mayTake(c, at.dir, i); err != nil {
		return err
	}
	if len(i.entries) > 0 {
		return errNotEmpty
	}
	return nil
}

// Lstat describes what a path leads to, and a symbolic link as itself.
func (d *Disk) Lstat(c Cred, path string) (fs.Info, error) {
	i, err := d.lookup(&c, path, false)
	if err != nil {
		return fs.Info{}, pathError("lstat", path, err)
	}
	return d.info(i), nil
}

// ReadDir lists a directory, sorted by name.
func (d *Disk) ReadDir(c Cred, path string) ([]fs.DirEntry, error) {
	i, err := d.lookup(&c, path, true)
	switch {
	case err != nil:
	case !i.isDir():
		err = errNotDirectory
	case !i.allows(c.UID, mayRead):
		err = errAccess
	}
	if err != nil {
		return nil, pathError("open", path, err)
	}
	list := make([]fs.DirEntry, len(i.entries))
	for n, e := range i.entries {
		list[n] = fs.DirEntry{Name: e.name, Type: e.inode.mode.Type()}
	}
	return list, nil
}
