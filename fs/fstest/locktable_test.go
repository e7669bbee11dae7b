package fstest

import (
	"slices"

	"github.com/holdfast-lock/holdfast/fs"
)

type tells struct {
	fs.Host
	change func(owners []fs.LockOwner) []fs.LockOwner
}

func (h *tells) LockTable(path string, id fs.FileID) (fs.LockTable, error) {
	table, err := h.Host.LockTable(path, id)
	table.Owners = h.change(table.Owners)
	return table, err
}

func telling(change func([]fs.LockOwner) []fs.LockOwner) func(fs.Host) fs.Host {
	return func(h fs.Host) fs.Host { return &tells{h, change} }
}

// triesTheLock is a host that finds out whether a lock is held by taking it.
type triesTheLock struct{ fs.Host }

func (h triesTheLock) LockTable(path string, id fs.FileID) (fs.LockTable, error) {
	f, err := h.Open(path, fs.ReadWrite, 0)
	if err != nil {
		return fs.LockTable{}, err
	}
	f.TryLock(fs.Whole, fs.LockExclusive)
	return h.Host.LockTable(path, id)
}

// anyFile is a host whose lock table is that of a fixed name, whatever file is asked for.
type anyFile struct{ fs.Host }

func (h anyFile) LockTable(path string, id fs.FileID) (fs.LockTable, error) {
	for _, name := range []string{"file", "other"} {
		info, err := h.Lstat(path[:len(path)-len("file")] + name)
		if err != nil {
			continue
		}
		if table, err := h.Host.LockTable(path, info.ID); err != nil || len(table.Owners) > 0 {
			return table, err
		}
	}
	return h.Host.LockTable(path, id)
}

// rangesToo is a host whose lock table has the locks on ranges as well.
type rangesToo struct{ fs.Host }

func (h rangesToo) LockTable(path string, id fs.FileID) (fs.LockTable, error) {
	f, err := h.Open(path, fs.ReadWrite, 0)
	if err != nil {
		return fs.LockTable{}, err
	}
	defer f.Close()
	table, err := h.Host.LockTable(path, id)
	if locked, _ := f.Conflict(parts[1].Region, fs.LockShared); locked {
		table.Owners = append(table.Owners, fs.LockOwner{PID: h.PID(), Mode: fs.LockExclusive})
	}
	return table, err
}

var lockTableFaults = []fault{
	{"the lock table always shows somebody", telling(func(owners []fs.LockOwner) []fs.LockOwner {
		return append(owners, fs.LockOwner{PID: 1, Mode: fs.LockExclusive})
	}), []string{"LockTableOfAFreeLockIsEmpty"}},
	{"the lock table is empty", telling(func([]fs.LockOwner) []fs.LockOwner { return nil }), []string{"LockTableShowsTheHolder", "LockTableShowsAllHolders"}},
	{"the lock table mistakes the mode", telling(func(owners []fs.LockOwner) []fs.LockOwner {
		for i := range owners {
			owners[i].Mode = fs.LockExclusive
		}
		return owners
	}), []string{"LockTableShowsTheHolder"}},
	{"the lock table shows one holder", telling(func(owners []fs.LockOwner) []fs.LockOwner { return owners[:min(len(owners), 1)] }), []string{"LockTableShowsAllHolders"}},
	{"the lock table does not know processes", telling(func(owners []fs.LockOwner) []fs.LockOwner {
		for i := range owners {
			owners[i].PID = 0
		}
		return owners
	}), []string{"LockTableShowsTheHolder"}},
	{"the lock table shows ranges", func(h fs.Host) fs.Host { return rangesToo{h} }, []string{"LockTableShowsWholeFileLocksOnly"}},
	{"the lock table is of all files", func(h fs.Host) fs.Host { return anyFile{h} }, []string{"LockTableShowsOneFileOnly"}},
	{"the lock table has no waiters", telling(func(owners []fs.LockOwner) []fs.LockOwner {
		return slices.DeleteFunc(owners, func(o fs.LockOwner) bool { return o.Waiting })
	}), []string{"LockTableShowsWaitersAfterHolders"}},
	{"the lock table shows waiters first", telling(func(owners []fs.LockOwner) []fs.LockOwner { slices.Reverse(owners); return owners }),
		[]string{"LockTableShowsWaitersAfterHolders"}},
	{"the lock table takes the lock", func(h fs.Host) fs.Host { return triesTheLock{h} }, []string{"LockTableLeavesTheLockAlone"}},
}
