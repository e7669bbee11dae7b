package fstest

import (
	"context"
	"errors"

	"github.com/holdfast-lock/holdfast/fs"
)

var lockTableChecks = []check{
	{"LockTableOfAFreeLockIsEmpty", func(p *probe) {
		f := p.open("file")
		p.wantOwners(f, "of a file that nobody locks")
		p.lock(f, parts[0], fs.LockExclusive)
		p.unlock(f, parts[0])
		p.wantOwners(f, "after Unlock")
	}},
	{"LockTableShowsTheHolder", func(p *probe) {
		f := p.open("file")
		for _, m := range modes {
			p.wantOwners(f, "of a file that nobody locks")
			p.lock(f, parts[0], m)
			p.wantOwners(f, "of a held lock", owner{m, false})
			p.unlock(f, parts[0])
		}
	}},
	{"LockTableShowsAllHolders", func(p *probe) {
		a, b := p.open("file"), p.open("file")
		p.wantOwners(a, "of a file that nobody locks")
		p.lock(a, parts[0], fs.LockShared)
		p.lock(b, parts[0], fs.LockShared)
		p.wantOwners(a, "of two shared locks", owner{fs.LockShared, false}, owner{fs.LockShared, false})
	}},
	{"LockTableShowsWholeFileLocksOnly", func(p *probe) {
		f := p.open("file")
		p.wantOwners(f, "of a file that nobody locks")
		p.lock(f, parts[1], fs.LockExclusive)
		p.wantOwners(f, "of a file with a lock on a range")
	}},
	{"LockTableShowsOneFileOnly", func(p *probe) {
		f, other := p.open("file"), p.open("other")
		p.wantOwners(f, "of a file that nobody locks")
		p.lock(other, parts[0], fs.LockExclusive)
		p.wantOwners(f, "of a file beside one that is locked")
	}},
	{"LockTableShowsWaitersAfterHolders", func(p *probe) {
		f := p.open("file")
		p.wantOwners(f, "of a file that nobody locks")
		if volume, err := f.Volume(); err != nil || !volume.KernelWait {
			p.skip(WaitLock, errors.Join(errors.New("nobody waits in the kernel"), err))
		}
		p.lock(f, parts[0], fs.LockExclusive)
		ctx, cancel := p.WithCancel(p.ctx)
		want := []owner{{fs.LockExclusive, false}}
		var waiters []*task
		for _, m := range modes {
			waiter := p.open("file")
			waiters = append(waiters, p.start("waiter", func() {
				if err := p.acquire(ctx, waiter, parts[0], m); !errors.Is(err, context.Canceled) {
					p.Errorf("WaitLock of a lock that is held = %v", err)
				}
			}))
			want = append(want, owner{m, true})
			p.waiting(f, parts[0], len(want)-1)
			p.wantOwners(f, "of a lock that is waited for", want...)
		}
		cancel(nil)
		p.wait(waiters...) // one that a signal interrupts is gone for a moment and comes back
		p.wantOwners(f, "after the waiters went", want[0])
	}},
	{"LockTableLeavesTheLockAlone", func(p *probe) {
		f := p.open("file")
		p.owners(f)
		p.wantFree("after LockTable of a free lock", "file", parts[0])
		p.lock(f, parts[0], fs.LockExclusive)
		before := p.stat(f)
		p.owners(f)
		p.wantHeld("after LockTable of a held lock", "file", parts[0])
		if after := p.stat(f); after != before {
			p.Errorf("LockTable changed the file from %+v to %+v", before, after)
		}
	}},
}

// owner is what the suite can know of an entry: all are of this process.
type owner struct {
	fs.LockMode
	waiting bool
}

func (p *probe) owners(f *openFile) []fs.LockOwner {
	p.Helper()
	table, err := p.LockTable(f.Name(), p.stat(f).ID)
	p.ok(LockTable, err)
	return table.Owners
}

// wantOwners demands what the lock table says of a file: the holders, then those that wait, in any order.
func (p *probe) wantOwners(f *openFile, when string, want ...owner) {
	p.Helper()
	got := p.owners(f)
	left := make(map[owner]int)
	for _, o := range want {
		left[o]++
	}
	for i, o := range got {
		left[owner{o.Mode, o.Waiting}]--
		if o.PID != p.PID() {
			p.Errorf("LockTable %s: process %d, want %d", when, o.PID, p.PID())
		}
		if !o.Waiting && i > 0 && got[i-1].Waiting {
			p.Errorf("LockTable %s: a holder behind one that waits: %+v", when, got)
		}
	}
	for _, n := range left {
		if n != 0 {
			p.Errorf("LockTable %s: %+v, want %+v", when, got, want)
			return
		}
	}
}
