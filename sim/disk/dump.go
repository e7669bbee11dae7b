package disk

import (
	"fmt"
	"io"
	"iter"
	"path"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
)

// Walk returns every name on the disk, a directory before what lies in it, sorted by name in each. The disk must not be changed in between.
func (d *Disk) Walk() iter.Seq2[string, fs.Info] {
	return func(yield func(string, fs.Info) bool) {
		d.walk("/", d.root, func(name string, i *Inode) bool { return yield(name, d.info(i)) })
	}
}

func (d *Disk) walk(name string, i *Inode, visit func(string, *Inode) bool) bool {
	if !visit(name, i) {
		return false
	}
	for _, e := range i.entries {
		if !d.walk(path.Join(name, e.name), e.inode, visit) {
			return false
		}
	}
	return true
}

// dumped bounds how much of a file's content Dump shows, in bytes.
const dumped = 64

// Dump writes a line for every name on the disk, sorted: inode, mode, links, owner, size, time of modification, path, and what is in it. Then one for every unsynced operation,
// the oldest first, with the numbers of those that it depends on.
func (d *Disk) Dump(w io.Writer) error {
	var failed error
	print := func(format string, args ...any) {
		if failed == nil {
			_, failed = fmt.Fprintf(w, format, args...)
		}
	}
	d.walk("/", d.root, func(name string, i *Inode) bool {
		print("%6d %v %d %d %5d %s %q", i.number, i.mode, i.links, i.uid, i.size, time.Unix(0, i.mtime).UTC().Format(time.RFC3339Nano), name)
		switch {
		case i.isSymlink():
			print(" -> %q", i.target)
		case len(i.data) > dumped:
			print(" %q...", i.data[:dumped])
		case i.isRegular():
			print(" %q", i.data)
		}
		for _, l := range i.whole {
			print(" locked %s by %d", l.mode, l.owner)
		}
		for _, l := range i.ranges {
			print(" locked %s [%d,%d] by %d", l.mode, l.from, l.to, l.owner)
		}
		print("\n")
		return failed == nil
	})
	for n, o := range d.pending {
		print("unsynced %d: %v", n, o)
		for k, other := range d.pending[:n] {
			for _, dep := range o.deps {
				if dep == other {
					print(" after %d", k)
				}
			}
		}
		print("\n")
	}
	return failed
}

// String describes the operation.
func (o *op) String() string {
	switch o.kind {
	case allocation:
		return fmt.Sprintf("inode %d %v", o.inode.number, o.mode)
	case content:
		return fmt.Sprintf("inode %d block %d %.64q", o.inode.number, o.block, o.data)
	case described:
		return fmt.Sprintf("inode %d %v %d bytes, modified %s", o.inode.number, o.mode, o.size, time.Unix(0, o.mtime).UTC().Format(time.RFC3339Nano))
	case addition:
		return fmt.Sprintf("inode %d gets the name %q in %d", o.inode.number, o.name, o.dir.number)
	case removal:
		return fmt.Sprintf("inode %d loses the name %q in %d", o.inode.number, o.name, o.dir.number)
	}
	return fmt.Sprintf("inode %d is renamed from %q in %d to %q in %d", o.inode.number, o.name, o.dir.number, o.name2, o.dir2.number)
}
