package disk

import (
	"bytes"
	"slices"

	"github.com/holdfast-lock/holdfast/fs"
)

// op is a change that is not durable yet. It becomes so only together with all that it depends on, which is older.
type op struct {
	kind  opKind
	order uint64
	inode *Inode // what was allocated, written, described; what was given a name or lost one
	deps  []*op
	done  bool // durable, or pointless; nothing waits for it
	kept  bool // in the set that is being put together
	at    int  // its place among the pending ones, while their subsets are gone through

	dir, dir2   *Inode // where the name is; of a move where it was, and where it is
	name, name2 string
	replaced    *Inode // what a move took the name from
	now         int64  // the time of modification of the directories

	block int64
	data  []byte
	attributes
	cut bool
}

type opKind uint8

const (
	allocation opKind = iota // makes the inode, empty
	content                  // writes one block
	described                // sets size, mode and time of modification, which are one record on the medium
	addition                 // gives the inode a name
	removal                  // takes a name
	movement                 // takes a name and gives another one
)

type attributes struct {
	mode  fs.FileMode
	size  int64
	mtime int64
}

func (i *Inode) attributes() attributes { return attributes{i.mode, i.size, i.mtime} }

// after makes the operation depend on another one, if that is not durable.
func (o *op) after(other *op) {
	if other != nil && !other.done && !slices.Contains(o.deps, other) {
		o.deps = append(o.deps, other)
	}
}

func (d *Disk) record(o *op) {
	d.recorded++
	o.order = d.recorded
	d.pending = append(d.pending, o)
	if len(d.pending) > d.options.Writeback {
		for _, o := range d.pending[:max(1, d.options.Writeback/4)] {
			o.kept = true
		}
		d.settle()
	}
}

func (d *Disk) recordAllocation(i *Inode, after []*op) {
	i.recorded = i.attributes()
	o := &op{kind: allocation, inode: i, attributes: i.recorded}
	for _, other := range after {
		o.after(other) // no two inodes have the same number
	}
	i.allocation = o
	d.record(o)
}

// recordContent notes the blocks that a write touched, but for the first ones if these are the same as before.
func (d *Disk) recordContent(i *Inode, off int64, n, same int) {
	if i.unreachable() {
		return
	}
	size := int64(d.options.Block)
	for block := off/size + int64(same); block*size < off+int64(n); block++ {
		o := &op{kind: content, inode: i, block: block, data: bytes.Clone(i.data[block*size : min((block+1)*size, int64(len(i.data)))])}
		o.after(i.allocation)
		if i.cut != nil && i.cut.size < (block+1)*size {
			o.after(i.cut)
		}
		for _, other := range slices.Backward(d.pending) {
			if other.inode == i && other.kind == content && other.block == block {
				o.after(other)
				break
			}
		}
		d.record(o)
	}
}

// recordAttributes notes the size, the mode and the time. They are written in their order: the latest that is durable counts.
func (d *Disk) recordAttributes(i *Inode, cut bool) {
	a := i.attributes()
	if i.unreachable() || a == i.recorded && !cut && !i.isDir() { // the time of a directory changes with its names too
		return
	}
	i.recorded = a
	o := &op{kind: described, inode: i, attributes: a, cut: cut}
	o.after(i.allocation)
	o.after(i.described)
	i.described = o
	if cut {
		i.cut = o
	}
	d.record(o)
}

// afterName makes the operation depend on the last one that concerned a name.
func (d *Disk) afterName(o *op, dir *Inode, name string) {
	o.after(dir.allocation)
	for _, other := range slices.Backward(d.pending) {
		if other.dir == dir && other.name == name || other.dir2 == dir && other.name2 == name {
			o.after(other)
			return
		}
	}
}

// afterNamesIn makes the operation, which takes away a directory, depend on all that concern names in it: what is durable of it must be empty.
func (d *Disk) afterNamesIn(o *op, dir *Inode) {
	if !dir.isDir() {
		return
	}
	for _, other := range d.pending {
		if other.dir == dir || other.dir2 == dir {
			o.after(other)
		}
	}
}

func (d *Disk) recordAddition(dir *Inode, name string, i *Inode) {
	o := &op{kind: addition, inode: i, dir: dir, name: name, now: dir.mtime}
	o.after(i.allocation)
	d.afterName(o, dir, name)
	i.adds++
	d.record(o)
}

func (d *Disk) recordRemoval(dir *Inode, name string, i *Inode) {
	o := &op{kind: removal, inode: i, dir: dir, name: name, now: dir.mtime}
	d.afterName(o, dir, name)
	d.afterNamesIn(o, i)
	d.noteRemoval(i, o)
	d.record(o)
}

func (d *Disk) recordMove(from, to last, i, replaced *Inode) {
	o := &op{kind: movement, inode: i, dir: from.dir, name: from.name, dir2: to.dir, name2: to.name, replaced: replaced, now: to.dir.mtime}
	o.after(i.allocation)
	d.afterName(o, from.dir, from.name)
	d.afterName(o, to.dir, to.name)
	if replaced != nil {
		d.afterNamesIn(o, replaced)
		d.noteRemoval(replaced, o)
	}
	if i.isDir() {
		o.after(d.moved) // else two of them could each put a directory into the other one
		d.moved = o
	}
	i.adds++
	d.record(o)
}

// noteRemoval keeps what the number of an inode must wait for before it is used again.
func (d *Disk) noteRemoval(i *Inode, o *op) {
	if d.options.ReuseInodes {
		i.removedBy = append(slices.DeleteFunc(i.removedBy, func(o *op) bool { return o.done }), o)
	}
}

// unreachable reports whether no image can have a name for the inode.
func (i *Inode) unreachable() bool { return i.links == 0 && i.savedLinks == 0 && i.adds == 0 }

// concerns reports whether Sync of an inode makes the operation durable.
func (o *op) concerns(i *Inode) bool {
	switch o.kind {
	case allocation, content, described:
		return o.inode == i
	}
	return o.dir == i || o.dir2 == i
}

func (d *Disk) unsynced(i *Inode) bool {
	return slices.ContainsFunc(d.pending, func(o *op) bool { return o.concerns(i) })
}

// sync makes what concerns an inode durable.
func (d *Disk) sync(i *Inode) {
	any := false
	for _, o := range d.pending {
		if o.concerns(i) {
			o.kept, any = true, true
		}
	}
	if any {
		d.settle()
	}
}

// SyncAll makes everything durable, as sync(2) does.
func (d *Disk) SyncAll() {
	for _, o := range d.pending {
		o.kept = true
	}
	d.settle()
}

// settle makes the operations that are marked as kept durable, and what they depend on.
func (d *Disk) settle() {
	for _, o := range slices.Backward(d.pending) {
		if o.kept {
			for _, other := range o.deps {
				other.kept = !other.done
			}
		}
	}
	for _, o := range d.pending {
		if o.kept {
			d.save(o)
		}
	}
	d.pending = slices.DeleteFunc(d.pending, func(o *op) bool {
		if !o.done && o.pointless() {
			o.done, o.deps = true, nil
		}
		return o.done
	})
}

// pointless reports whether no image shows a difference any more, because none can have a name for the file.
func (o *op) pointless() bool {
	return (o.kind == content || o.kind == described) && o.inode.unreachable()
}

// loseContent drops the unsynced content of an inode.
func (d *Disk) loseContent(i *Inode) {
	i.lost = true
	d.pending = slices.DeleteFunc(d.pending, func(o *op) bool {
		lost := o.kind == content && o.inode == i
		if lost {
			o.done, o.deps = true, nil
		}
		return lost
	})
}
