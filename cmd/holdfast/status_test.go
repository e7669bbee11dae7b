//go:build linux

package main

import (
	"errors"
	iofs "io/fs"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/lock"
)

func TestStatusNamesHolderAndWaiters(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := filepath.Join(dir, "l")
	command := filepath.Base(testProgram)
	command = command[:min(len(command), 15)] // as the kernel cuts it
	entry := func(p *process) ownerJSON { return ownerJSON{p.pid(), command, "exclusive"} }
	check := func(when string, code int, want statusJSON) {
		t.Helper()
		if got, gotCode := status(t, dir, "l"); gotCode != code || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %d, %+v; want %d, %+v", when, gotCode, got, code, want)
		}
	}
	none := []ownerJSON{}
	check("without the file", 0, statusJSON{l, "free", none, none, 0})
	if _, err := os.Lstat(l); !errors.Is(err, iofs.ErrNotExist) {
		t.Errorf("status has made the file: %v", err)
	}
	holder := start(t, dir, "hold", "--fencing", "l")
	holder.event("acquired")
	check("while it is held", 1, statusJSON{l, "held", []ownerJSON{entry(holder)}, none, 1})
	waiter := start(t, dir, "hold", "l")
	untilWaiting(t, l, waiter)
	check("while one waits", 1, statusJSON{l, "held", []ownerJSON{entry(holder)}, []ownerJSON{entry(waiter)}, 1})
	must(t, holder.in.Close())
	holder.ends(0, "")
	waiter.event("waiting")
	waiter.event("acquired") // undisturbed
	must(t, waiter.in.Close())
	waiter.ends(0, "")
	check("afterwards", 0, statusJSON{l, "free", none, none, 1})
}

func TestStatusInWords(t *testing.T) {
	for _, row := range []struct {
		st   lock.Status
		want string
	}{
		{lock.Status{Path: "/l", State: lock.StateFree}, "/l: free"},
		{lock.Status{Path: "/l"}, "/l: unknown"},
		{lock.Status{Path: "/l", State: lock.StateHeld, Token: 7, Holders: []fs.LockOwner{{PID: 4711, Command: "backup", Mode: fs.LockExclusive}}},
			"/l: held by pid 4711 (backup) exclusive; last fencing number 7"},
		{lock.Status{Path: "/l", State: lock.StateHeld, Holders: []fs.LockOwner{{Mode: fs.LockExclusive}}, Waiters: []fs.LockOwner{{PID: 1, Mode: fs.LockShared}}},
			"/l: held by a process that cannot be seen from here exclusive; 1 waits: pid 1 shared"},
		{lock.Status{Path: "/l", State: lock.StateHeld, Holders: []fs.LockOwner{{PID: 2, Mode: fs.LockShared}, {PID: 3, Mode: fs.LockShared}},
			Waiters: []fs.LockOwner{{PID: 4, Mode: fs.LockExclusive}, {PID: 5, Mode: fs.LockExclusive}}},
			"/l: held by pid 2 shared, pid 3 shared; 2 wait: pid 4 exclusive, pid 5 exclusive"},
	} {
		if got := describe(row.st); got != row.want {
			t.Errorf("%q, want %q", got, row.want)
		}
	}
}
