package disk

import (
	"math"
	"slices"

	"github.com/holdfast-lock/holdfast/fs"
)

// rangeLock is a lock on the bytes from..to, as F_OFD_SETLK makes them. Those of one file do not overlap, and do not touch unless their modes differ.
type rangeLock struct {
	file     *File
	from, to int64
	mode     fs.LockMode
	owner    int
}

const lastByte = math.MaxInt64

// bounds returns the first and the last byte of a region. A length of 0 reaches to the end of all files, a negative one lies before the offset.
func bounds(r fs.Region) (from, to int64, err *errno) {
	switch {
	case r.Offset < 0:
		return 0, 0, errInvalid
	case r.Length > 0:
		if r.Length-1 > lastByte-r.Offset {
			return 0, 0, errOverflow
		}
		return r.Offset, r.Offset + r.Length - 1, nil
	case r.Length < 0:
		if r.Offset+r.Length < 0 {
			return 0, 0, errInvalid
		}
		return r.Offset + r.Length, r.Offset - 1, nil
	}
	return r.Offset, lastByte, nil
}

// conflict reports whether another file than f has a lock in the way.
func (i *Inode) conflict(f *File, from, to int64, m fs.LockMode) bool {
	for n := range i.ranges {
		l := &i.ranges[n]
		if l.file != f && l.from <= to && from <= l.to && conflicts(l.mode, m) {
			return true
		}
	}
	return false
}

func (f *File) lockRange(r fs.Region, m fs.LockMode, owner int) (held, freed bool, err *errno) {
	from, to, err := bounds(r)
	switch {
	case err != nil:
		return false, false, err
	case m == fs.LockExclusive && !f.write:
		return false, false, errBadFile
	}
	i := f.inode
	if i.conflict(f, from, to, m) {
		return false, false, nil
	}
	f.disk.lockComes(i)
	_, freed = i.carve(f, from, to)
	// Grow over the neighbours of the same mode, which are then carved out too.
	first, end := from, to
	for n := range i.ranges {
		l := &i.ranges[n]
		if l.file != f || l.mode != m {
			continue
		}
		if from > 0 && l.to == from-1 {
			first = l.from
		}
		if to < lastByte && l.from == to+1 {
			end = l.to
		}
	}
	if first != from || end != to {
		i.carve(f, first, end)
	}
	i.ranges = append(i.ranges, rangeLock{f, first, end, m, owner})
	return true, freed && m == fs.LockShared, nil
}

func (f *File) unlockRange(r fs.Region) (freed bool, err *errno) {
	from, to, err := bounds(r)
	if err != nil {
		return false, err
	}
	freed, _ = f.inode.carve(f, from, to)
	if freed {
		f.disk.lockGone(f.inode)
	}
	return freed, nil
}

// carve drops what a file holds of a range, and splits the locks that reach beyond it.
func (i *Inode) carve(f *File, from, to int64) (any, exclusive bool) {
	for n := 0; n < len(i.ranges); n++ {
		l := i.ranges[n]
		if l.file != f || l.from > to || from > l.to {
			continue
		}
		any = true
		exclusive = exclusive || l.mode == fs.LockExclusive
		before, behind := l, l
		before.to, behind.from = from-1, to+1
		switch {
		case l.from < from && l.to > to:
			i.ranges[n] = before
			i.ranges = slices.Insert(i.ranges, n+1, behind)
		case l.from < from:
			i.ranges[n] = before
		case l.to > to:
			i.ranges[n] = behind
		default:
			i.ranges = slices.Delete(i.ranges, n, n+1)
			n--
		}
	}
	return any, exclusive
}
