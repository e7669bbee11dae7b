package disk

import (
	"errors"
	iofs "io/fs"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
)

// ErrWaits is the answer of [Disk.Open] where the operating system would wait: for a FIFO that is opened for reading without [fs.NonBlock].
var ErrWaits = errors.New("waits for the other end of the FIFO")

// Open opens a file, with the permissions perm, before the umask, if the call creates it. Its errors are those of the operating system's host, [fs.Files.Open].
func (d *Disk) Open(c Cred, path string, flag fs.OpenFlag, perm fs.FileMode, now time.Time) (*File, error) {
	i, err := d.open(&c, path, flag, perm.Perm(), now)
	if err != nil {
		return nil, pathError("open", path, d.openCondition(&c, path, flag, err))
	}
	if i.mode&iofs.ModeNamedPipe != 0 && flag&(fs.ReadWrite|fs.NonBlock) == 0 {
		return nil, pathError("open", path, ErrWaits)
	}
	i.opens++
	return &File{disk: d, inode: i, name: path, uid: c.UID, write: flag&fs.ReadWrite != 0, refs: 1}, nil
}

// openCondition adds the portable condition behind an error of open.
func (d *Disk) openCondition(c *Cred, path string, flag fs.OpenFlag, err *errno) error {
	isSymlink := func() bool {
		i, err := d.lookup(c, path, false)
		return err == nil && i.isSymlink()
	}
	switch {
	case err == errNameTooLong:
		return openNameTooLong
	case err == errIsDirectory:
		return openIsDirectory
	case err == errNotDirectory && flag&fs.Directory != 0 && flag&fs.NoFollow != 0 && isSymlink():
		return openSymlinkNotThere
	case err == errNotDirectory:
		return openNotDirectory
	case err == errLoop && flag&fs.NoFollow != 0 && isSymlink():
		return openSymlink
	}
	return err
}

func (d *Disk) open(c *Cred, path string, flag fs.OpenFlag, perm fs.FileMode, now time.Time) (*Inode, *errno) {
	create, exclusive := flag&fs.Create != 0, flag&fs.Exclusive != 0
	if create && flag&fs.Directory != 0 {
		return nil, errInvalid
	}
	follow := flag&fs.NoFollow == 0 && !(create && exclusive)
	mustBeDir := flag&fs.Directory != 0
	w, dir, err := d.begin(c, path)
	if err != nil {
		return nil, err
	}
	for rest := path; ; {
		at, err := w.parent(dir, rest)
		switch {
		case err != nil:
			return nil, err
		case at.isName() && at.slash && create:
			return nil, errIsDirectory
		case at.slash:
			mustBeDir, follow = true, true
		}
		inode, err := w.step(at.dir, at.name)
		switch {
		case err != nil:
			return nil, err
		case inode == nil && !create:
			return nil, errNotExist
		case inode == nil:
			if err := d.mayAdd(c, at.dir); err != nil {
				return nil, err
			}
			stamp := d.stamp(now)
			inode = d.allocate(c, perm&^c.Umask, "", stamp)
			d.add(at.dir, at.name, inode, stamp)
			return inode, nil
		case inode.isSymlink() && follow:
			if err := w.descend(at.dir, inode); err != nil {
				return nil, err
			}
			dir, rest = at.dir, inode.target
			continue
		case create && exclusive:
			return nil, errExist
		case create && inode.isDir():
			return nil, errIsDirectory
		case create && d.options.ProtectedRegular && at.dir.common() && inode.uid != at.dir.uid && inode.uid != c.UID:
			return nil, errAccess
		case mustBeDir && !inode.isDir():
			return nil, errNotDirectory
		case inode.isSymlink():
			return nil, errLoop
		}
		return inode, d.mayOpen(c, inode, flag)
	}
}

func (d *Disk) mayOpen(c *Cred, i *Inode, flag fs.OpenFlag) *errno {
	want := fs.FileMode(mayRead)
	if flag&fs.ReadWrite != 0 {
		want |= mayWrite
	}
	switch {
	case want&mayWrite != 0 && i.isDir():
		return errIsDirectory
	case want&mayWrite != 0 && d.readOnly && i.isRegular():
		return errReadOnly
	case !i.allows(c.UID, want):
		return errAccess
	}
	return nil
}
