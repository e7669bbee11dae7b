package fstest

import (
	"context"
	"errors"
	"fmt"

	"github.com/holdfast-lock/holdfast/fs"
)

// part is what a check locks: the whole file or some bytes of it.
type part struct {
	name string
	fs.Region
	lock, wait Operation
}

// The range lies beyond the end of the file, where SQLite has its lock bytes too.
var parts = []part{
	{"Whole", fs.Whole, Whole, WaitLock},
	{"Range", fs.Region{Offset: 1 << 30, Length: 10}, Ranges, WaitRange},
}

// partCheck is one behaviour of locks on whole files and on byte ranges alike.
type partCheck struct {
	name string
	run  func(*probe, part)
}

// wholeAndRange returns each of the checks twice.
func wholeAndRange(each []partCheck) []check {
	var list []check
	for _, region := range parts {
		for _, c := range each {
			list = append(list, check{c.name + "/" + region.name, func(p *probe) { c.run(p, region) }})
		}
	}
	return list
}

var modes = []fs.LockMode{fs.LockShared, fs.LockExclusive}

// compatible says which locks coexist.
func compatible(a, b fs.LockMode) bool { return a == fs.LockShared && b == fs.LockShared }

func (p *probe) tryLock(f fs.File, r part, m fs.LockMode) bool {
	p.Helper()
	held, err := f.TryLock(r.Region, m)
	p.ok(r.lock, err)
	return held
}

// lock takes a lock that must be free.
func (p *probe) lock(f fs.File, r part, m fs.LockMode) {
	p.Helper()
	if !p.tryLock(f, r, m) {
		p.fatalf("TryLock %s of a free lock did not get it", m)
	}
}

func (p *probe) unlock(f fs.File, r part) {
	p.Helper()
	p.must(f.Unlock(r.Region))
}

// want demands that a file of its own can, or cannot, take the lock.
func (p *probe) want(free bool, when, name string, r part, m fs.LockMode) {
	p.Helper()
	f := p.open(name)
	defer f.closeOnce()
	if got := p.tryLock(f, r, m); got != free {
		p.Errorf("%s TryLock %s of another open file = %v, want %v", when, m, got, free)
	}
}

// wantFree demands that nobody holds the lock.
func (p *probe) wantFree(when, name string, r part) {
	p.Helper()
	p.want(true, when, name, r, fs.LockExclusive)
}

// wantHeld demands that somebody holds the lock exclusively.
func (p *probe) wantHeld(when, name string, r part) {
	p.Helper()
	p.want(false, when, name, r, fs.LockShared)
}

// acquire waits for a lock until it is held or ctx ends.
func (p *probe) acquire(ctx context.Context, f fs.File, r part, m fs.LockMode) error {
	p.Helper()
	for {
		held, err := f.WaitLock(ctx, r.Region, m)
		switch {
		case held && err != nil:
			p.fatalf("WaitLock = true, %v, want no error with a lock that is held", err)
		case held || err != nil:
			return err
		}
		if p.tryLock(f, r, m) {
			return nil
		}
	}
}

// needsWait skips the check on a host that cannot wait for this lock.
func (p *probe) needsWait(r part) {
	p.Helper()
	f := p.open("needs wait")
	p.tryLock(f, r, fs.LockExclusive)
	p.unlock(f, r)
	held, err := f.WaitLock(p.ctx, r.Region, fs.LockExclusive)
	if errors.Is(err, fs.ErrUnsupported) {
		if volume, err := f.Volume(); err == nil && volume.KernelWait && r.Region == fs.Whole {
			p.fatalf("the volume waits in the kernel, and WaitLock is not supported")
		}
		p.ok(r.wait, err)
	}
	p.must(err)
	if held {
		p.unlock(f, r)
	}
	p.closeFile(f)
}

// waiting returns once that many wait for the lock of an open file, as far as the host can see them. Elsewhere it lets them run for a moment; what the check demands
// is the same whether they wait by then or not.
func (p *probe) waiting(f *openFile, r part, waiters int) {
	p.Helper()
	volume, err := f.Volume()
	p.must(err)
	if _, err := p.LockTable(f.Name(), p.stat(f).ID); err != nil || r.Region != fs.Whole || !volume.KernelWait {
		p.Sleep(p.ctx, moment)
		return
	}
	p.eventually(fmt.Sprintf("%d to wait for a lock", waiters), func() bool {
		table, err := p.LockTable(f.Name(), p.stat(f).ID)
		p.must(err)
		n := 0
		for _, owner := range table.Owners {
			if owner.Waiting {
				n++
			}
		}
		return n == waiters
	})
}
