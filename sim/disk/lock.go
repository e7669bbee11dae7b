package disk

import (
	"slices"

	"github.com/holdfast-lock/holdfast/fs"
)

// wholeLock is a lock on a whole file, as flock(2) makes them.
type wholeLock struct {
	file  *File
	mode  fs.LockMode
	owner int
}

// Holder is who took a whole-file lock.
type Holder struct {
	Owner int // as it was given to [File.TryLock]
	Mode  fs.LockMode
}

func conflicts(a, b fs.LockMode) bool { return a == fs.LockExclusive || b == fs.LockExclusive }

// TryLock makes one attempt and reports whether the lock is held. freed reports that others have something to gain from another attempt now: the lock was held
// exclusively and is no longer, or a conversion lost it. owner is for [Disk.Holders].
//
// [fs.Whole] is converted as flock(2) does it: the old lock is dropped first, and is lost if the new one cannot be had. A range that is held is converted in one step, or stays
// as it is. Ranges are exact to the byte: they split and merge.
func (f *File) TryLock(r fs.Region, m fs.LockMode, owner int) (held, freed bool, err error) {
	switch {
	case f.refs == 0:
		return false, false, f.fail("lock", errBadFile)
	case f.disk.options.NoLocks:
		return false, false, f.fail("lock", lockNoLocks)
	case r == fs.Whole && !f.disk.options.NoRegions:
		held, freed = f.lockWhole(m, owner)
		return held, freed, nil
	}
	held, freed, e := f.lockRange(r, m, owner)
	if e != nil {
		return false, false, f.fail("lock", e)
	}
	return held, freed, nil
}

func (f *File) lockWhole(m fs.LockMode, owner int) (held, freed bool) {
	i := f.inode
	own, conflict := -1, false
	for n := range i.whole {
		l := &i.whole[n]
		if l.file == f {
			own = n
		} else if conflicts(l.mode, m) {
			conflict = true
		}
	}
	if own >= 0 {
		if i.whole[own].mode == m {
			return true, false
		}
		i.whole = slices.Delete(i.whole, own, own+1)
		freed = true
	}
	if conflict {
		return false, freed
	}
	if own < 0 {
		f.disk.lockComes(i)
	}
	i.whole = append(i.whole, wholeLock{f, m, owner})
	return true, freed
}

// Unlock drops the lock on r, or as much of it as is held. freed reports whether there was any.
func (f *File) Unlock(r fs.Region) (freed bool, err error) {
	switch {
	case f.refs == 0:
		return false, f.fail("unlock", errBadFile)
	case f.disk.options.NoLocks:
		return false, f.fail("unlock", lockNoLocks)
	case r == fs.Whole && !f.disk.options.NoRegions:
		return f.unlockWhole(), nil
	}
	freed, e := f.unlockRange(r)
	if e != nil {
		return false, f.fail("unlock", e)
	}
	return freed, nil
}

func (f *File) unlockWhole() (freed bool) {
	i := f.inode
	for n := range i.whole {
		if i.whole[n].file == f {
			i.whole = slices.Delete(i.whole, n, n+1)
			f.disk.lockGone(i)
			return true
		}
	}
	return false
}

// Conflict reports whether another open file holds a lock that keeps this one from r. [fs.ErrUnsupported] for [fs.Whole].
func (f *File) Conflict(r fs.Region, m fs.LockMode) (bool, error) {
	switch {
	case r == fs.Whole:
		return false, f.fail("getlk", fs.ErrUnsupported)
	case f.refs == 0:
		return false, f.fail("getlk", errBadFile)
	case f.disk.options.NoLocks:
		return false, f.fail("getlk", lockNoLocks)
	}
	from, to, err := bounds(r)
	if err != nil {
		return false, f.fail("getlk", err)
	}
	return f.inode.conflict(f, from, to, m), nil
}

// dropLocks drops every lock of the file.
func (f *File) dropLocks() (freed bool) {
	i := f.inode
	if len(i.whole)+len(i.ranges) == 0 {
		return false
	}
	freed = f.unlockWhole()
	before := len(i.ranges)
	i.ranges = slices.DeleteFunc(i.ranges, func(l rangeLock) bool { return l.file == f })
	if len(i.ranges) != before {
		freed = true
		f.disk.lockGone(i)
	}
	return freed
}

// lockComes and lockGone keep the list of inodes that have locks.
func (d *Disk) lockComes(i *Inode) {
	if len(i.whole)+len(i.ranges) == 0 {
		d.locked = append(d.locked, i)
	}
}

func (d *Disk) lockGone(i *Inode) {
	if len(i.whole)+len(i.ranges) > 0 {
		return
	}
	if n := slices.Index(d.locked, i); n >= 0 {
		d.locked = slices.Delete(d.locked, n, n+1)
	}
}

// Holders returns who holds whole-file locks on a file, in the order in which they got them.
func (d *Disk) Holders(id fs.FileID) []Holder {
	if id.Device != d.options.Device {
		return nil
	}
	n := slices.IndexFunc(d.locked, func(i *Inode) bool { return i.number == id.Inode })
	if n < 0 {
		return nil
	}
	i := d.locked[n]
	var holders []Holder
	for _, l := range i.whole {
		holders = append(holders, Holder{l.owner, l.mode})
	}
	for _, l := range i.ranges { // where the two share a table
		if d.options.NoRegions && l.from == 0 && l.to == lastByte {
			holders = append(holders, Holder{l.owner, l.mode})
		}
	}
	return holders
}
