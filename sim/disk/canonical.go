package disk

import (
	"path"
	"strings"
)

// maxLinksCanonical bounds the symbolic links that Canonical follows, which the operating system's host resolves with filepath.EvalSymlinks and not in the kernel.
const maxLinksCanonical = 255

// Canonical returns a path as an absolute one whose parent directory is resolved, see [fs.Files.Canonical]. What does not exist of it is cleaned.
func (d *Disk) Canonical(c Cred, name string) (string, error) {
	abs := name
	if !path.IsAbs(name) {
		abs = c.WorkDir + "/" + name
	}
	dir, element := splitLast(abs)
	if element == ".." { // no name that could be kept
		dir, element = abs, ""
	}
	parent, err := d.resolveExisting(&c, dir)
	if err != nil {
		return "", pathError("canonical", name, err)
	}
	return path.Join(parent, element), nil
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
	w := walk{d, c.UID, maxLinksCanonical}
	i, err := w.follow(d.root, dir, true)
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
