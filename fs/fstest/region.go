package fstest

import (
	"errors"
	"fmt"
	"math"

	"github.com/holdfast-lock/holdfast/fs"
)

// span is the part of a file from one offset up to another.
func span(from, to int64) part {
	return part{fmt.Sprintf("[%d,%d)", from, to), fs.Region{Offset: from, Length: to - from}, Ranges, WaitRange}
}

var regionChecks = []check{
	{"RangesConflictWhereTheyOverlap", func(p *probe) {
		a, b := p.open("file"), p.open("file")
		held := span(10, 20)
		for _, asked := range []struct {
			part
			free bool
		}{
			{span(0, 10), true}, {span(20, 30), true}, {span(0, 1), true}, {span(math.MaxInt64-10, math.MaxInt64), true},
			{span(0, 11), false}, {span(19, 30), false}, {span(12, 13), false}, {span(0, 30), false}, {span(10, 20), false},
		} {
			p.lock(a, held, fs.LockExclusive)
			got := p.tryLock(b, asked.part, fs.LockExclusive)
			if got != asked.free {
				p.Errorf("TryLock of %s beside a lock on %s = %v, want %v", asked.name, held.name, got, asked.free)
			}
			if got {
				p.unlock(b, asked.part)
			}
			p.unlock(a, held)
		}
	}},
	{"RangesAreDroppedOneByOne", func(p *probe) {
		f := p.open("file")
		first, second := span(10, 20), span(30, 40)
		p.lock(f, first, fs.LockExclusive)
		p.lock(f, second, fs.LockShared)
		p.unlock(f, first)
		p.wantFree("after Unlock of one of two ranges", "file", first)
		p.want(false, "after Unlock of the other range", "file", second, fs.LockExclusive)
		p.want(true, "after Unlock of the other range", "file", second, fs.LockShared)
	}},
	{"WholeAndRangesAreSeparate", func(p *probe) {
		a, b := p.open("file"), p.open("file")
		volume, err := a.Volume()
		p.must(err)
		if !volume.SeparateRegions {
			p.skip(SeparateRegions, errors.New("the volume says so"))
		}
		whole, first := parts[0], span(0, 1)
		p.lock(a, whole, fs.LockExclusive)
		p.lock(b, first, fs.LockExclusive)
		p.unlock(b, first)
		p.wantHeld("after Unlock of a range", "file", whole)
		p.unlock(a, whole)
		p.lock(b, first, fs.LockExclusive)
		p.lock(a, whole, fs.LockExclusive)
		p.unlock(a, whole)
		p.wantHeld("after Unlock of the whole file", "file", first)
	}},
	{"WaitLockLocksTheRangeOnly", func(p *probe) {
		p.needsWait(parts[1])
		p.must(p.acquire(p.ctx, p.open("file"), span(10, 20), fs.LockExclusive))
		p.wantHeld("after WaitLock", "file", span(19, 20))
		p.wantFree("before the range that WaitLock got,", "file", span(0, 10))
		p.wantFree("behind the range that WaitLock got,", "file", span(20, 30))
	}},
	{"ConflictSeesTheLocksOfOthers", func(p *probe) {
		a, b := p.open("file"), p.open("file")
		r := span(10, 20)
		for _, asked := range modes {
			p.wantConflict(b, r, asked, false, "a free range")
			for _, held := range modes {
				p.lock(a, r, held)
				p.wantConflict(b, r, asked, !compatible(held, asked), "beside a "+held.String()+" lock")
				p.unlock(a, r)
			}
		}
		p.lock(a, r, fs.LockExclusive)
		p.wantConflict(b, span(0, 11), fs.LockShared, true, "beside a lock that overlaps")
		p.wantConflict(b, span(20, 30), fs.LockExclusive, false, "beside a lock that does not overlap")
	}},
	{"ConflictIsNotWithOnesOwnLock", func(p *probe) {
		f := p.open("file")
		r := span(10, 20)
		p.lock(f, r, fs.LockExclusive)
		p.wantConflict(f, r, fs.LockExclusive, false, "with the lock of the same open file")
	}},
	{"ConflictChangesNothing", func(p *probe) {
		a, b := p.open("file"), p.open("file")
		r := span(10, 20)
		p.wantConflict(b, r, fs.LockExclusive, false, "a free range")
		p.wantFree("after Conflict of a free range", "file", r)
		p.lock(a, r, fs.LockExclusive)
		p.wantConflict(a, r, fs.LockShared, false, "with the lock of the same open file")
		p.wantHeld("after Conflict of the holder", "file", r)
		p.wantConflict(b, r, fs.LockShared, true, "beside an exclusive lock")
		p.wantHeld("after Conflict of another", "file", r)
	}},
	{"ConflictOnTheWholeFileIsUnsupported", func(p *probe) {
		f := p.open("file")
		p.wantConflict(f, span(10, 20), fs.LockExclusive, false, "a free range")
		if got, err := f.Conflict(fs.Whole, fs.LockExclusive); !errors.Is(err, fs.ErrUnsupported) {
			p.Errorf("Conflict on the whole file = %v, %v, want an error that is %q", got, err, fs.ErrUnsupported)
		}
	}},
}

func (p *probe) wantConflict(f fs.File, r part, m fs.LockMode, want bool, when string) {
	p.Helper()
	got, err := f.Conflict(r.Region, m)
	p.ok(Conflict, err)
	if got != want {
		p.Errorf("Conflict %s on %s, %s = %v, want %v", m, r.name, when, got, want)
	}
}
