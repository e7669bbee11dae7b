package disk

import (
	"path"
	"strings"
)

// maxLinksCanonical bounds the symbolic links that Canonical follows.
const maxLinksCanonical = 255

// Canonical returns a path as an absolute one whose parent directory is resolved, see [fs.Files.Canonical]. What does not exist of it is cleaned.
func (d *Disk) Canonical(c Cred, name string) (string, error) {
	abs := name
	if !path.IsAbs(name) {
		abs = c.WorkDir + "/" + name
	}
	dir, element := splitLast(abs)
	parent, err := d.resolveExisting(&c, dir)
	switch {
	case err == errNotDirectory:
		return "", pathError("canonical", name, openNotDirectory)
	case err != nil:
		return "", pathError("canonical", name, err)
	}
	return path.Join(parent, element), nil // ".." too: the parent has no symbolic links
}

// splitLast cuts the last element off an absolute path, "." and repeated slashes aside.
func splitLast(name string) (dir, element string) {
	for {
		dir, element = path.Split(name)
		if element != "" && element != "." || len(dir) <= 1 {
			return dir, element
		}
		name = dir[:len(dir)-1]
	}
}

// resolveExisting resolves the symbolic links of an absolute path as far as it exists.
func (d *Disk) resolveExisting(c *Cred, dir string) (string, *errno) {
	i, err := d.evaluate(c, dir)
	if err == nil {
		return d.pathOf(i), nil
	}
	up, element := splitLast(dir)
	if err != errNotExist || element == "" || element == "." {
		return "", err
	}
	up, err = d.resolveExisting(c, up)
	if err != nil {
		return "", err
	}
	return path.Join(up, element), nil
}

// evaluate resolves an absolute path as filepath.EvalSymlinks does, by which the operating system's host does it: "." and ".." are not looked up, and need no
// permission.
func (d *Disk) evaluate(c *Cred, name string) (*Inode, *errno) {
	i, links := d.root, 0
	for name != "" {
		element, rest, more := strings.Cut(name, "/")
		switch {
		case element == "" || element == ".":
		case element == "..":
			i = i.parent
		case len(element) > maxName:
			return nil, errNameTooLong
		case !i.allows(c.UID, maySearch):
			return nil, errAccess
		default:
			below := i.get(element)
			switch {
			case below == nil:
				return nil, errNotExist
			case below.isSymlink():
				if links++; links > maxLinksCanonical {
					return nil, errLoop
				}
				if path.IsAbs(below.target) {
					i = d.root
				}
				name = below.target
				if more {
					name += "/" + rest
				}
				continue
			case more && !below.isDir():
				return nil, errNotDirectory
			}
			i = below
		}
		name = rest
	}
	return i, nil
}

// pathOf returns the path of a directory.
func (d *Disk) pathOf(i *Inode) string {
	if i == d.root {
		return "/"
	}
	var elements []string
	for ; i != d.root; i = i.parent {
		for _, e := range i.parent.entries {
			if e.inode == i {
				elements = append(elements, e.name)
				break
			}
		}
	}
	var b strings.Builder
	for n := len(elements) - 1; n >= 0; n-- {
		b.WriteByte('/')
		b.WriteString(elements[n])
	}
	return b.String()
}
