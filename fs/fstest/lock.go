package fstest

import (
	"sync/atomic"

	"github.com/holdfast-lock/holdfast/fs"
)

var lockChecks = []partCheck{
	{"TwoOpenFilesExcludeEachOther", func(p *probe, r part) {
		a, b := p.open("file"), p.open("file")
		for _, held := range modes {
			for _, asked := range modes {
				p.lock(a, r, held)
				got := p.tryLock(b, r, asked)
				if got != compatible(held, asked) {
					p.Errorf("TryLock %s beside a %s lock of another open file = %v", asked, held, got)
				}
				if got {
					p.unlock(b, r)
				}
				p.unlock(a, r)
			}
		}
	}},
	{"UnlockFreesTheLock", func(p *probe, r part) {
		f := p.open("file")
		for _, m := range modes {
			p.lock(f, r, m)
			p.unlock(f, r)
			p.wantFree("after Unlock", "file", r)
		}
	}},
	{"UnlockLeavesTheLocksOfOthers", func(p *probe, r part) {
		a, b := p.open("file"), p.open("file")
		p.lock(a, r, fs.LockShared)
		p.lock(b, r, fs.LockShared)
		p.unlock(a, r)
		p.want(false, "after one of two shared locks was dropped,", "file", r, fs.LockExclusive)
		p.unlock(b, r)
		p.wantFree("after both shared locks were dropped,", "file", r)
	}},
	{"LockGoesWithItsOpenFile", func(p *probe, r part) {
		for _, m := range modes {
			f := p.open("file")
			p.lock(f, r, m)
			p.want(false, "before Close", "file", r, fs.LockExclusive)
			p.closeFile(f)
			p.wantFree("after Close", "file", r)
		}
	}},
	{"LockStaysWhenAnotherOpenFileIsClosed", func(p *probe, r part) {
		f := p.open("file")
		p.lock(f, r, fs.LockExclusive)
		other := p.open("file")
		p.contentOf("file")
		p.closeFile(other)
		p.wantHeld("after other open files of the file were closed,", "file", r)
	}},
	{"LockOfAnotherFileIsAnother", func(p *probe, r part) {
		p.lock(p.open("file"), r, fs.LockExclusive)
		p.wantFree("while another file is locked,", "other", r)
	}},
	{"LockIsOnTheFileNotOnItsName", func(p *probe, r part) {
		f := p.open("file")
		p.lock(f, r, fs.LockExclusive)
		p.whileOpen(Rename, p.Rename(p.path("file"), p.path("moved")))
		p.wantHeld("through the new name of a locked file,", "moved", r)
		p.wantFree("through a new file of the old name,", "file", r)
	}},
	{"LockIsSeenThroughEveryName", func(p *probe, r part) {
		f := p.open("file")
		p.lock(f, r, fs.LockExclusive)
		p.ok(Link, p.Link(p.path("file"), p.path("second")))
		p.wantHeld("through the second name of a locked file,", "second", r)
	}},
	{"OneOfManyTasksHolds", func(p *probe, r part) {
		p.lock(p.open("other"), r, fs.LockExclusive)
		p.holdAlone(4, 25, r, func(f fs.File) {
			for !p.tryLock(f, r, fs.LockExclusive) {
				p.must(p.Sleep(p.ctx, moment/10))
			}
		})
	}},
}

// holdAlone lets n tasks take the lock exclusively, each of them times over, and demands that no two hold it together. A holder stays until all others
// want the lock, and a moment longer, so that one which could get in does.
func (p *probe) holdAlone(n, times int, r part, acquire func(fs.File)) {
	p.Helper()
	var running, wanting, inside, met atomic.Int32
	running.Store(int32(n))
	p.each(n, func(int) {
		defer running.Add(-1)
		f := p.open("file")
		for range times {
			wanting.Add(1)
			acquire(f)
			wanting.Add(-1)
			if inside.Add(1) != 1 {
				met.Add(1)
			}
			p.eventually("the other tasks to want the lock", func() bool { return wanting.Load() >= running.Load()-1 || inside.Load() > 1 })
			p.must(p.Sleep(p.ctx, moment))
			inside.Add(-1)
			p.unlock(f, r)
		}
	})
	if met := met.Load(); met != 0 {
		p.Errorf("of %d exclusive holds %d met another one", n*times, met)
	}
	p.wantFree("after all tasks", "file", r)
}

// What is said of a lock that is taken again holds for the whole file only.
var conversionChecks = []check{
	{"LockThatIsTakenAgainIsOne", func(p *probe) {
		f, r := p.open("file"), parts[0]
		p.lock(f, r, fs.LockExclusive)
		if !p.tryLock(f, r, fs.LockExclusive) {
			p.Errorf("TryLock of a lock that this open file holds did not get it")
		}
		p.unlock(f, r)
		p.wantFree("after Unlock of a lock that was taken twice,", "file", r)
	}},
	{"LockCanBeConverted", func(p *probe) {
		f, r := p.open("file"), parts[0]
		p.lock(f, r, fs.LockExclusive)
		p.lock(f, r, fs.LockShared)
		p.want(true, "after a conversion to shared", "file", r, fs.LockShared)
		p.want(false, "after a conversion to shared", "file", r, fs.LockExclusive)
		p.lock(f, r, fs.LockExclusive)
		p.wantHeld("after a conversion to exclusive", "file", r)
		p.unlock(f, r)
		p.wantFree("after Unlock of a converted lock", "file", r)
	}},
	{"ConversionIsRefusedBesideAnother", func(p *probe) {
		a, b, r := p.open("file"), p.open("file"), parts[0]
		p.lock(a, r, fs.LockShared)
		p.lock(b, r, fs.LockShared)
		if p.tryLock(a, r, fs.LockExclusive) {
			p.Errorf("TryLock converted a shared lock to exclusive beside another shared one")
		}
		p.closeFile(b)
		p.closeFile(a) // its lock may be held still, or lost: a conversion is not atomic
		p.wantFree("after a conversion that was refused", "file", r)
	}},
}
