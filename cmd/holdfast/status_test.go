//go:build linux

package main

import (
	"errors"
	iofs "io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

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
	check("without the file", 0, statusJSON{Path: l, State: "free", Holders: none, Waiters: none, Token: 0})
	if _, err := os.Lstat(l); !errors.Is(err, iofs.ErrNotExist) {
		t.Errorf("status has made the file: %v", err)
	}
	holder := start(t, dir, "hold", "--fencing", "l")
	holder.event("acquired")
	check("while it is held", 1, statusJSON{Path: l, State: "held", Holders: []ownerJSON{entry(holder)}, Waiters: none, Token: 1})
	waiter := start(t, dir, "hold", "l")
	untilWaiting(t, l, waiter)
	check("while one waits", 1, statusJSON{Path: l, State: "held", Holders: []ownerJSON{entry(holder)}, Waiters: []ownerJSON{entry(waiter)}, Token: 1})
	must(t, holder.in.Close())
	holder.ends(0, "")
	waiter.event("waiting")
	waiter.event("acquired") // undisturbed
	must(t, waiter.in.Close())
	waiter.ends(0, "")
	check("afterwards", 0, statusJSON{Path: l, State: "free", Holders: none, Waiters: none, Token: 1})
}

func TestStatusInWords(t *testing.T) {
	may := time.Date(2026, 5, 3, 12, 4, 5, 0, time.UTC)
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
		{lock.Status{Path: "/a\x1b[2Jb\n\xff", State: lock.StateFree}, `/a\x1b[2Jb\n\xff: free`},
		{lock.Status{Path: "/l", State: lock.StateHeld, Record: &lock.Record{Kind: "soft", PID: 4711, Command: "a\rb", Host: "web-3", Since: may, Holder: fs.Alive, Evidence: "it runs"}},
			`/l: held by pid 4711 ("a\rb") on web-3 since 2026-05-03T12:04:05Z; alive: yes: it runs`},
		{lock.Status{Path: "/l", State: lock.StateHeld, Record: &lock.Record{Kind: "soft", PID: 1, Host: "web\x1b[2J", Since: may, Evidence: "it ran on another machine"}},
			`/l: held by pid 1 on "web\x1b[2J" since 2026-05-03T12:04:05Z; alive: cannot be told: it ran on another machine`},
		{lock.Status{Path: "/l", State: lock.StateHeld, Record: &lock.Record{Kind: "lease", PID: 1, Host: "h", Since: may, Duration: time.Minute, Holder: fs.Dead, Evidence: "gone"}, TokenErr: errors.New("a FIFO")},
			"/l: held by pid 1 on h by a lease of 1m0s, refreshed 2026-05-03T12:04:05Z; alive: no: gone; the last fencing number is not known: a FIFO"},
		{lock.Status{Path: "/l", State: lock.StateHeld, Record: &lock.Record{Kind: "empty", Since: may}}, "/l: held by an empty marker, made 2026-05-03T12:04:05Z"},
		{lock.Status{Path: "/l", State: lock.StateHeld, Record: &lock.Record{Kind: "malformed", Reason: "not 2 or 3 lines but 1", Since: may}},
			"/l: held by a marker that is no record (not 2 or 3 lines but 1), written 2026-05-03T12:04:05Z"},
	} {
		if got := describe(row.st); got != row.want {
			t.Errorf("%q, want %q", got, row.want)
		}
	}
}

// TestStatusOfAMarker needs no --kind: what the file contains says what it is.
func TestStatusOfAMarker(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := filepath.Join(dir, "l")
	holder := start(t, dir, "hold", "--kind", "soft", "--fencing", "l")
	holder.event("acquired")
	doc, code := status(t, dir, "l")
	r := doc.Record
	if code != 1 || doc.State != "held" || r == nil || r.Kind != "soft" || r.PID != holder.pid() || r.Holder != "alive" || r.Host == "" || r.Start == "" || r.Command == "" || r.Evidence == "" || r.Own {
		t.Errorf("%d, %+v, %+v", code, doc, r)
	}
	p := start(t, dir, "status", "l")
	p.expect(l + ": held by pid ")
	p.ends(1, "")
	must(t, holder.in.Close())
	holder.ends(0, "")
	if doc, code := status(t, dir, "l"); code != 0 || doc.State != "free" || doc.Record != nil || doc.Token != 1 {
		t.Errorf("afterwards: %d, %+v", code, doc)
	}
	must(t, os.WriteFile(l, []byte("4711\nweb-3\n"), 0o666))
	must(t, os.Remove(l+".fence"))
	must(t, syscall.Mkfifo(l+".fence", 0o666))
	if doc, code := status(t, dir, "l"); code != 1 || doc.Record == nil || doc.Record.PID != 4711 || doc.Record.Host != "web-3" || doc.Record.Holder != "unknown" || !strings.Contains(doc.TokenError, "not a regular file") {
		t.Errorf("of another machine: %d, %+v", code, doc)
	}
	must(t, os.WriteFile(l, nil, 0o666))
	if doc, code := status(t, dir, "l"); code != 0 || doc.State != "free" || doc.Record != nil {
		t.Errorf("of a native lock: %d, %+v", code, doc)
	}
}

// TestOutputThatCannotBeWritten is no success.
func TestOutputThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "soft"), []byte("4711\nweb-3\n"), 0o666))
	for _, args := range []string{"status l", "status soft", "status --json - l", "verify --for 200ms --processes 2 --kills 0 --stops 0 --kind native .", "break --yes soft", "break l"} {
		t.Run(args, func(t *testing.T) {
			full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
			must(t, err)
			defer full.Close()
			cmd := prepare(t, dir, strings.Fields(args)...)
			cmd.Stdout = full
			p := launch(t, cmd)
			if code, said := p.code(), p.errors(); code != 1 || !strings.Contains(said, "no space left on device") {
				t.Errorf("exit code %d, standard error %q", code, said)
			}
		})
	}
}
