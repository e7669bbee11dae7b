package disk

import "strings"

const (
	maxName  = 255
	maxPath  = 4095
	maxLinks = 40 // symbolic links on the way
)

// walk is one resolution of a path, as the kernel does it.
type walk struct {
	disk  *Disk
	uid   int
	links int // symbolic links that may still be followed
}

// last is where the resolution of a path arrives before its last element.
type last struct {
	dir   *Inode
	name  string // "", "." and ".." are no names; "" is the root
	slash bool   // something that must be a directory follows
}

func (l *last) isName() bool { return l.name != "" && l.name != "." && l.name != ".." }

// begin checks a path and returns where it begins.
func (d *Disk) begin(c *Cred, path string) (walk, *Inode, *errno) {
	w := walk{d, c.UID, maxLinks}
	switch {
	case path == "":
		return w, nil, errNotExist
	case len(path) > maxPath:
		return w, nil, errNameTooLong
	case hasNUL(path):
		return w, nil, errInvalid
	case path[0] == '/' || c.WorkDir == "" || c.WorkDir == "/":
		return w, d.root, nil
	}
	dir, err := w.follow(d.root, c.WorkDir, true)
	if err == nil && !dir.isDir() {
		err = errNotDirectory
	}
	w.links = maxLinks
	return w, dir, err
}

// hasNUL reports whether a path cannot be handed to the system, which is found out before anything else is looked at.
func hasNUL(path string) bool { return strings.IndexByte(path, 0) >= 0 }

// parent follows all elements of a path but the last one.
func (w *walk) parent(dir *Inode, path string) (last, *errno) {
	at := 0
	if path[0] == '/' {
		dir = w.disk.root
	}
	for {
		for at < len(path) && path[at] == '/' {
			at++
		}
		if at == len(path) { // nothing but slashes
			return last{dir, "", true}, nil
		}
		end := at
		for end < len(path) && path[end] != '/' {
			end++
		}
		name, next := path[at:end], end
		for next < len(path) && path[next] == '/' {
			next++
		}
		if !dir.allows(w.uid, maySearch) {
			return last{}, errAccess
		}
		if next == len(path) {
			return last{dir, name, end < next}, nil
		}
		inode, err := w.step(dir, name)
		if err == nil && inode == nil {
			err = errNotExist
		}
		if err == nil && inode.isSymlink() {
			inode, err = w.through(dir, inode)
		}
		if err != nil {
			return last{}, err
		}
		if !inode.isDir() {
			return last{}, errNotDirectory
		}
		dir, at = inode, next
	}
}

// step looks an element up. Of a name that does not exist it returns nil.
func (w *walk) step(dir *Inode, name string) (*Inode, *errno) {
	switch {
	case name == "" || name == ".":
		return dir, nil
	case name == "..":
		return dir.parent, nil
	case len(name) > maxName:
		return nil, errNameTooLong
	}
	return dir.get(name), nil
}

// through follows a symbolic link in dir to its end.
func (w *walk) through(dir, link *Inode) (*Inode, *errno) {
	if w.links == 0 {
		return nil, errLoop
	}
	w.links--
	return w.follow(dir, link.target, true)
}

// follow resolves a path that begins in dir, the last element too. If that is a symbolic link it is followed if links is set or the path ends in a slash.
func (w *walk) follow(dir *Inode, path string, links bool) (*Inode, *errno) {
	mustBeDir := false
	for {
		at, err := w.parent(dir, path)
		if err != nil {
			return nil, err
		}
		inode, err := w.step(at.dir, at.name)
		switch {
		case err != nil:
			return nil, err
		case inode == nil:
			return nil, errNotExist
		}
		mustBeDir = mustBeDir || at.slash
		if !inode.isSymlink() || !links && !at.slash {
			if mustBeDir && !inode.isDir() {
				return nil, errNotDirectory
			}
			return inode, nil
		}
		if err := w.descend(at.dir, inode); err != nil {
			return nil, err
		}
		dir, path, links = at.dir, inode.target, true
	}
}

// descend counts a symbolic link that stands last, and says whether it may be followed.
func (w *walk) descend(dir, link *Inode) *errno {
	if w.links == 0 {
		return errLoop
	}
	w.links--
	if w.disk.options.ProtectedSymlinks && dir.common() && link.uid != w.uid && link.uid != dir.uid {
		return errAccess
	}
	return nil
}

// lookup resolves a path, and a symbolic link at its end if follow is set.
func (d *Disk) lookup(c *Cred, path string, follow bool) (*Inode, *errno) {
	w, dir, err := d.begin(c, path)
	if err != nil {
		return nil, err
	}
	return w.follow(dir, path, follow)
}

// Lookup returns what a path leads to, and a symbolic link as itself.
func (d *Disk) Lookup(c Cred, path string) (*Inode, error) {
	i, err := d.lookup(&c, path, false)
	if err != nil {
		return nil, pathError("lookup", path, err)
	}
	return i, nil
}
