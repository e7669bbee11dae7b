package fstest

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/holdfast-lock/holdfast/fs"
)

// locks is an open file of which one operation on locks differs.
type locks struct {
	fs.File
	tryLock  func(r fs.Region, m fs.LockMode) (bool, error)
	waitLock func(ctx context.Context, r fs.Region, m fs.LockMode) (bool, error)
	unlock   func(r fs.Region) error
	conflict func(r fs.Region, m fs.LockMode) (bool, error)
	close    func() error
}

func (f *locks) TryLock(r fs.Region, m fs.LockMode) (bool, error) { return f.tryLock(r, m) }
func (f *locks) WaitLock(ctx context.Context, r fs.Region, m fs.LockMode) (bool, error) {
	return f.waitLock(ctx, r, m)
}
func (f *locks) Unlock(r fs.Region) error                          { return f.unlock(r) }
func (f *locks) Conflict(r fs.Region, m fs.LockMode) (bool, error) { return f.conflict(r, m) }
func (f *locks) Close() error                                      { return f.close() }

func locking(change func(f fs.File, l *locks)) func(fs.Host) fs.Host {
	return files(func(f fs.File) fs.File {
		l := &locks{f, f.TryLock, f.WaitLock, f.Unlock, f.Conflict, f.Close}
		change(f, l)
		return l
	})
}

// ofBoth names a check of locks on whole files and on byte ranges.
func ofBoth(names ...string) []string {
	var both []string
	for _, name := range names {
		for _, r := range parts {
			both = append(both, name+"/"+r.name)
		}
	}
	return both
}

func always(bool, error) func(fs.Region, fs.LockMode) (bool, error) {
	return func(fs.Region, fs.LockMode) (bool, error) { return true, nil }
}

// lockTable is a lock manager with a mistake of its own in what it takes for one lock.
type lockTable struct {
	mu   sync.Mutex
	held map[any][]heldLock
	key  func(f fs.File, r fs.Region) any
}

type heldLock struct {
	by fs.File
	fs.Region
	fs.LockMode
}

func (t *lockTable) in(f fs.File) fs.File {
	drop := func(of func(heldLock) bool) {
		t.mu.Lock()
		defer t.mu.Unlock()
		for key := range t.held {
			t.held[key] = slices.DeleteFunc(t.held[key], of)
		}
	}
	l := &locks{File: f, waitLock: f.WaitLock, conflict: f.Conflict}
	l.tryLock = func(r fs.Region, m fs.LockMode) (bool, error) {
		t.mu.Lock()
		defer t.mu.Unlock()
		key := t.key(f, r)
		for _, h := range t.held[key] {
			if h.by != f && !compatible(h.LockMode, m) {
				return false, nil
			}
		}
		t.held[key] = append(t.held[key], heldLock{f, r, m})
		return true, nil
	}
	l.unlock = func(r fs.Region) error {
		drop(func(h heldLock) bool { return h.by == f && h.Region == r })
		return nil
	}
	l.close = func() error {
		drop(func(h heldLock) bool { return h.by == f })
		return f.Close()
	}
	return l
}

func lockingBy(key func(f fs.File, r fs.Region) any) func(fs.Host) fs.Host {
	return func(h fs.Host) fs.Host {
		t := &lockTable{held: make(map[any][]heldLock), key: key}
		return files(t.in)(h)
	}
}

var lockFaults = []fault{
	{"TryLock always says that it got the lock", locking(func(_ fs.File, l *locks) { l.tryLock = always(true, nil) }),
		slices.Concat(ofBoth("TwoOpenFilesExcludeEachOther", "UnlockLeavesTheLocksOfOthers", "LockGoesWithItsOpenFile", "LockStaysWhenAnotherOpenFileIsClosed",
			"LockIsSeenThroughEveryName", "OneOfManyTasksHolds"), []string{"ConversionIsRefusedBesideAnother"})},
	{"every lock is exclusive", locking(func(f fs.File, l *locks) {
		l.tryLock = func(r fs.Region, _ fs.LockMode) (bool, error) { return f.TryLock(r, fs.LockExclusive) }
	}), ofBoth("TwoOpenFilesExcludeEachOther")},
	{"Unlock does nothing", locking(func(_ fs.File, l *locks) { l.unlock = func(fs.Region) error { return nil } }),
		ofBoth("UnlockFreesTheLock", "UnlockLeavesTheLocksOfOthers")},
	{"Close keeps the lock", locking(func(_ fs.File, l *locks) { l.close = func() error { return nil } }), ofBoth("LockGoesWithItsOpenFile")},
	{"a lock goes when any open file of the file is closed, as one of fcntl does", func(h fs.Host) fs.Host {
		t := &lockTable{held: make(map[any][]heldLock), key: func(f fs.File, _ fs.Region) any { return f.Name() }}
		return files(func(f fs.File) fs.File {
			l := t.in(f).(*locks)
			l.close = func() error {
				t.mu.Lock()
				delete(t.held, f.Name())
				t.mu.Unlock()
				return f.Close()
			}
			return l
		})(h)
	}, ofBoth("LockStaysWhenAnotherOpenFileIsClosed")},
	{"there is one lock for all files", lockingBy(func(fs.File, fs.Region) any { return nil }), ofBoth("LockOfAnotherFileIsAnother")},
	{"a lock is on the name", lockingBy(func(f fs.File, r fs.Region) any { return f.Name() }),
		ofBoth("LockIsOnTheFileNotOnItsName", "LockIsSeenThroughEveryName")},
	{"every TryLock asks for an Unlock", locking(func(f fs.File, l *locks) {
		var times atomic.Int32
		l.tryLock = func(r fs.Region, m fs.LockMode) (bool, error) {
			held, err := f.TryLock(r, m)
			if held {
				times.Add(1)
			}
			return held, err
		}
		l.unlock = func(r fs.Region) error {
			if times.Add(-1) > 0 {
				return nil
			}
			return f.Unlock(r)
		}
	}), []string{"LockThatIsTakenAgainIsOne", "LockCanBeConverted"}},
	{"the mode of a held lock stays", locking(func(f fs.File, l *locks) {
		var held atomic.Bool
		l.tryLock = func(r fs.Region, m fs.LockMode) (bool, error) {
			if held.Load() {
				return true, nil
			}
			got, err := f.TryLock(r, m)
			held.Store(got)
			return got, err
		}
	}), []string{"LockCanBeConverted", "ConversionIsRefusedBesideAnother"}},
}
