package fstest

import (
	"math"

	"github.com/holdfast-lock/holdfast/fs"
)

var regionFaults = []fault{
	{"a lock on a range covers all ranges", locking(func(f fs.File, l *locks) {
		all := func(r fs.Region) fs.Region {
			if r == fs.Whole {
				return r
			}
			return fs.Region{Length: math.MaxInt64}
		}
		l.tryLock = func(r fs.Region, m fs.LockMode) (bool, error) { return f.TryLock(all(r), m) }
		l.unlock = func(r fs.Region) error { return f.Unlock(all(r)) }
	}), []string{"RangesConflictWhereTheyOverlap", "RangesAreDroppedOneByOne"}},
	{"two ranges are two locks even where they overlap", lockingBy(func(f fs.File, r fs.Region) any {
		return heldLock{nil, r, 0}
	}), []string{"RangesConflictWhereTheyOverlap"}},
	{"Unlock drops all ranges", locking(func(f fs.File, l *locks) {
		l.unlock = func(fs.Region) error { return f.Unlock(fs.Region{Length: math.MaxInt64}) }
	}), []string{"RangesAreDroppedOneByOne"}},
	{"the whole file is its first byte", locking(func(f fs.File, l *locks) {
		first := func(r fs.Region) fs.Region {
			if r == fs.Whole {
				r.Length = 1
			}
			return r
		}
		l.tryLock = func(r fs.Region, m fs.LockMode) (bool, error) { return f.TryLock(first(r), m) }
		l.unlock = func(r fs.Region) error { return f.Unlock(first(r)) }
	}), []string{"WholeAndRangesAreSeparate"}},
	{"Conflict sees nothing", locking(func(f fs.File, l *locks) {
		l.conflict = func(fs.Region, fs.LockMode) (bool, error) { return false, nil }
	}), []string{"ConflictSeesTheLocksOfOthers", "ConflictOnTheWholeFileIsUnsupported"}},
	{"Conflict sees the lock of the same open file", locking(func(f fs.File, l *locks) {
		var held bool
		l.tryLock = func(r fs.Region, m fs.LockMode) (bool, error) {
			got, err := f.TryLock(r, m)
			held = held || got
			return got, err
		}
		l.conflict = func(r fs.Region, m fs.LockMode) (bool, error) {
			conflict, err := f.Conflict(r, m)
			return conflict || held, err
		}
	}), []string{"ConflictIsNotWithOnesOwnLock"}},
	{"Conflict tries, and keeps what it got", locking(func(f fs.File, l *locks) {
		l.conflict = func(r fs.Region, m fs.LockMode) (bool, error) {
			held, err := f.TryLock(r, m)
			return !held, err
		}
	}), []string{"ConflictChangesNothing"}},
	{"Conflict tries, and drops what the file had", locking(func(f fs.File, l *locks) {
		l.conflict = func(r fs.Region, m fs.LockMode) (bool, error) {
			conflict, err := f.Conflict(r, m)
			f.Unlock(r)
			return conflict, err
		}
	}), []string{"ConflictChangesNothing"}},
}
