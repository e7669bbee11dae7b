package disk

import "time"

// Rename gives a file another name as os.Rename does it: like [Disk.Move], except that it refuses to replace a directory, though an empty one.
func (d *Disk) Rename(c Cred, oldname, newname string, now time.Time) error {
	err := d.mayRename(&c, oldname, newname)
	if err == nil {
		err = d.move(&c, oldname, newname, now)
	}
	if err != nil {
		return linkError("rename", oldname, newname, err)
	}
	return nil
}

func (d *Disk) mayRename(c *Cred, oldname, newname string) *errno {
	there, err := d.lookup(c, newname, false)
	if err != nil || !there.isDir() {
		return nil
	}
	i, err := d.lookup(c, oldname, false)
	if err == nil && (i != there || oldname == newname) {
		err = errExist
	}
	return err
}

// Move is rename(2). It replaces a file, or a directory if it is a directory itself and the other is empty.
func (d *Disk) Move(c Cred, oldname, newname string, now time.Time) error {
	if err := d.move(&c, oldname, newname, now); err != nil {
		return linkError("rename", oldname, newname, err)
	}
	return nil
}

func (d *Disk) move(c *Cred, oldname, newname string, now time.Time) *errno {
	if hasNUL(newname) {
		return errInvalid
	}
	w, dir, err := d.begin(c, oldname)
	if err != nil {
		return err
	}
	from, err := w.parent(dir, oldname)
	if err != nil {
		return err
	}
	w, dir, err = d.begin(c, newname)
	if err != nil {
		return err
	}
	to, err := w.parent(dir, newname)
	switch {
	case err != nil:
		return err
	case !from.isName() || !to.isName():
		return errBusy
	case d.readOnly:
		return errReadOnly
	}
	i, err := w.step(from.dir, from.name)
	switch {
	case err != nil:
		return err
	case i == nil:
		return errNotExist
	}
	there, err := w.step(to.dir, to.name)
	if err != nil {
		return err
	}
	if err := d.mayMove(c, from, to, i, there); err != nil || i == there {
		return err
	}
	d.relocate(from, to, i, there, d.stamp(now))
	return nil
}

// mayMove says why a file cannot be renamed.
func (d *Disk) mayMove(c *Cred, from, to last, i, there *Inode) *errno {
	switch {
	case !i.isDir() && (from.slash || to.slash):
		return errNotDirectory
	case i.isDir() && to.dir.below(i):
		return errInvalid
	case there != nil && there.isDir() && from.dir.below(there):
		return errNotEmpty
	case i == there:
		return nil
	}
	if err := d.mayTake(c, from.dir, i); err != nil {
		return err
	}
	if there == nil {
		if err := d.mayAdd(c, to.dir); err != nil {
			return err
		}
	} else if err := d.mayTake(c, to.dir, there); err != nil {
		return err
	}
	switch {
	case there != nil && i.isDir() && !there.isDir():
		return errNotDirectory
	case there != nil && !i.isDir() && there.isDir():
		return errIsDirectory
	case i.isDir() && from.dir != to.dir && !i.allows(c.UID, mayWrite):
		return errAccess
	case there != nil && len(there.entries) > 0:
		return errNotEmpty
	}
	return nil
}

// below reports whether a directory is another one or lies in it.
func (i *Inode) below(dir *Inode) bool {
	for i != dir {
		if i == i.parent {
			return false
		}
		i = i.parent
	}
	return true
}

func (d *Disk) relocate(from, to last, i, there *Inode, now int64) {
	from.dir.unset(from.name)
	to.dir.set(to.name, i)
	if there != nil {
		d.unlink(to.dir, there)
	}
	if i.isDir() {
		i.parent = to.dir
		from.dir.links--
		to.dir.links++
	}
	from.dir.mtime, to.dir.mtime = now, now
	from.dir.changes++
	to.dir.changes++
	i.changes++
	if d.graph {
		d.recordMove(from, to, i, there)
	}
	if there != nil {
		d.release(there)
	}
}
