//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/lock"
)

// elsewhere is the marker of a holder of which nothing can be said.
const elsewhere = "4711\nweb-3\n"

// brokenBy runs holdfast break, and returns what --json has written.
func brokenBy(t *testing.T, dir string, code int, says string, args ...string) (doc brokenJSON) {
	t.Helper()
	p := start(t, dir, append([]string{"break", "--json", "broken.json"}, args...)...)
	p.ends(code, says)
	b, err := os.ReadFile(filepath.Join(dir, "broken.json"))
	must(t, err)
	must(t, json.Unmarshal(b, &doc))
	return doc
}

func TestBreakForScripts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := filepath.Join(dir, "l")
	must(t, os.WriteFile(l, []byte(elsewhere), 0o666))
	if doc := brokenBy(t, dir, 2, "standard input is no terminal to ask on", "l"); doc.Broken || doc.Record.PID != 4711 || !strings.Contains(doc.Error, "--yes") {
		t.Errorf("without a terminal: %+v", doc)
	}
	p := start(t, dir, "break", "-y", "l")
	p.expect("lock      " + l)
	p.expect("kind      soft lock, until it is released or its process has ended")
	p.expect("holder    pid 4711 on web-3")
	p.expect("alive     cannot be told: it ran on another machine than this")
	p.expect("since     2")
	p.expect("broken")
	p.silent()
	p.ends(0, "")
	if _, err := os.Lstat(l); !os.IsNotExist(err) {
		t.Errorf("the marker is there: %v", err)
	}
	if doc := brokenBy(t, dir, 0, "", "--yes", "l"); doc.Broken || doc.State != "free" {
		t.Errorf("of a free lock: %+v", doc)
	}
	holder := start(t, dir, "hold", "--kind", "soft", "l")
	holder.event("acquired")
	if doc := brokenBy(t, dir, 0, "", "--yes", "l"); !doc.Broken || doc.Record.Holder != "alive" || doc.Record.PID != holder.pid() {
		t.Errorf("of a holder that lives: %+v", doc)
	}
	next := start(t, dir, "hold", "--kind", "soft", "l")
	next.event("acquired")
	must(t, holder.in.Close())
	holder.event("lost")
	holder.ends(76, "its marker was removed or replaced")
	must(t, next.in.Close())
	next.event("released")
	next.ends(0, "")
}

// TestBreakOfAStrictLock: nobody else ends the hold of a process that was killed.
func TestBreakOfAStrictLock(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	holder := start(t, dir, "hold", "--kind", "strict", "l")
	holder.event("acquired")
	holder.signal(syscall.SIGKILL)
	holder.code()
	start(t, dir, "run", "--kind", "strict", "--timeout", "100ms", "l", "--", "true").ends(75, fmt.Sprintf("held by pid %d on ", holder.pid()))
	start(t, dir, "run", "--kind", "strict", "--no-wait", "l", "--", "true").ends(75, "which has ended (no process of this number that began when the record says runs here): a strict lock is taken from nobody")
	p := start(t, dir, "status", "l")
	p.expect(filepath.Join(dir, "l") + fmt.Sprintf(": held by pid %d", holder.pid()))
	p.ends(1, "")
	p = start(t, dir, "break", "-y", "l")
	p.expect("lock ")
	p.expect("kind      strict lock, until it is released: that its process has ended is no release")
	p.expect(fmt.Sprintf("holder    pid %d on ", holder.pid()))
	p.expect("alive     no: ")
	p.expect("since     2")
	p.expect("claim     held-v1-")
	p.expect("claim     intent-v1-")
	p.expect("broken")
	p.ends(0, "")
	start(t, dir, "run", "--kind", "strict", "--no-wait", "l", "--", "true").ends(0, "")
}

// TestBreakOfClaims removes those that are named, and no others.
func TestBreakOfClaims(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	start(t, dir, "run", "--kind", "strict", "l", "--", "true").ends(0, "") // which makes the directories
	claims := filepath.Join(dir, "l.filelock", "claims")
	other, token := "later-version.claim", strings.Repeat("0123456789abcdef", 2)
	intent := "intent-v1-" + token + ".claim"
	must(t, os.WriteFile(filepath.Join(claims, other), []byte("?"), 0o666))
	must(t, os.WriteFile(filepath.Join(claims, intent), []byte("filelock-strict-v1\n"+token+"\n4711\n7765622d33\n\n"), 0o666))
	start(t, dir, "break", "--yes", "--claim", intent, "--claim", "held"+intent[6:], "l").ends(1, "there is no claim")
	left(t, claims, 2)
	p := start(t, dir, "break", "--yes", "--claim", intent, "l")
	for range 5 {
		p.next()
	}
	for range 2 {
		if line, _ := p.next(); !strings.HasPrefix(line, "claim     "+intent+", by pid 4711 on web-3, alive: cannot be told") && !strings.HasPrefix(line, "claim     "+other+", by nobody who is known: ") {
			t.Errorf("says %q", line)
		}
	}
	p.expect("broken")
	p.ends(0, "")
	left(t, claims, 1)
	start(t, dir, "break", "--yes", "--json", "-", "--claim", other, "l").ends(0, "")
	left(t, claims, 0)
	start(t, dir, "run", "--kind", "strict", "--no-wait", "l", "--", "true").ends(0, "")
	start(t, dir, "hold", "--kind", "soft", "soft").event("acquired")
	start(t, dir, "break", "--yes", "--claim", other, "soft").ends(1, "there is no claim")
}

// TestWhatCannotBeBroken says why not.
func TestWhatCannotBeBroken(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	holdLock(t, dir, "native")
	must(t, os.WriteFile(filepath.Join(dir, "strict"), []byte("1\nfilelock-strict-v1\x00\n0\n"), 0o666))
	must(t, os.WriteFile(filepath.Join(dir, "data"), []byte(strings.Repeat("a\n", 1000)), 0o666))
	must(t, os.Symlink("strict", filepath.Join(dir, "link")))
	must(t, os.Mkdir(filepath.Join(dir, "directory"), 0o777))
	for args, row := range map[string]struct {
		code int
		says string
	}{
		"":                   {2, "name one LOCKFILE"},
		"a b":                {2, "name one LOCKFILE"},
		"--yes native":       {76, "the kernel keeps the lock until its holder lets go: end that process"},
		"--yes strict":       {0, ""}, // free
		"--yes data":         {76, "longer than any marker"},
		"--yes link":         {76, "name the file that the link leads to"},
		"--yes directory":    {76, "name a regular file"},
		"--yes native.fence": {2, "name that, native"},
		"x.lifetime":         {2, "name that, x"},
	} {
		start(t, dir, append([]string{"break"}, strings.Fields(args)...)...).ends(row.code, row.says)
	}
}

// TestBreakAsks on a terminal, and breaks only what it has shown.
func TestBreakAsks(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		answer  string
		changes bool
		code    int
		says    string
	}{
		{"y\n", false, 0, ""},
		{"Yes\n", false, 0, ""},
		{"n\n", false, 1, "the answer was no"},
		{"\n", false, 1, "the answer was no"},
		{"\x04", false, 1, "the answer was no"}, // the end of the input
		{"y\n", true, 1, "has changed since it was looked at: nothing was broken"},
	} {
		t.Run(fmt.Sprintf("%q, %t", row.answer, row.changes), func(t *testing.T) {
			dir := t.TempDir()
			l := filepath.Join(dir, "l")
			must(t, os.WriteFile(l, []byte(elsewhere), 0o666))
			ours, theirs := terminal(t)
			cmd := prepare(t, dir, "break", "l")
			cmd.Stdin = theirs
			p := launch(t, cmd)
			p.expect("lock ")
			eventually(t, "it asks", func() bool { return strings.Contains(p.errors(), "[y/N]") })
			if row.changes {
				must(t, os.WriteFile(l, []byte("4712\nweb-3\n"), 0o666))
			}
			_, err := ours.WriteString(row.answer)
			must(t, err)
			if code, said := p.code(), p.errors(); code != row.code || !strings.Contains(said, row.says) {
				t.Errorf("exit code %d, standard error %q", code, said)
			}
			if _, err := os.Lstat(l); (err == nil) != (row.code != 0) {
				t.Errorf("the marker: %v", err)
			}
		})
	}
}

// terminal returns the two ends of a terminal.
func terminal(t *testing.T) (ours, theirs *os.File) {
	t.Helper()
	ours, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("there are no terminals here: ", err)
	}
	t.Cleanup(func() { ours.Close() })
	must(t, unix.IoctlSetPointerInt(int(ours.Fd()), unix.TIOCSPTLCK, 0))
	n, err := unix.IoctlGetInt(int(ours.Fd()), unix.TIOCGPTN)
	must(t, err)
	theirs, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	must(t, err)
	t.Cleanup(func() { theirs.Close() })
	return ours, theirs
}

func TestEvidence(t *testing.T) {
	may := time.Date(2026, 5, 3, 12, 4, 5, 0, time.UTC)
	for _, row := range []struct {
		record lock.Record
		after  time.Duration
		want   string
	}{
		{lock.Record{Kind: "lease", PID: 7, Host: "web\x1b[2J", Since: may, Duration: 30 * time.Second, Holder: fs.Dead, Evidence: "no process of this number runs here"}, 90 * time.Minute,
			"lock      /l\nkind      lease, until it is released or has not been refreshed for 30s\nholder    pid 7 on web\\x1b[2J\nalive     no: no process of this number runs here\n" +
				"refreshed 2026-05-03T12:04:05Z, 1h30m ago\n"},
		{lock.Record{Kind: "empty", Since: may}, -time.Second,
			"lock      /l\nkind      an empty file: the soft lock of filelock up to 3.21, or a native lock that nobody holds\nmade      2026-05-03T12:04:05Z, which is in the future for this machine's clock\n"},
		{lock.Record{Kind: "malformed", Reason: `no process id: "x"`, Since: may}, 1500 * time.Millisecond,
			"lock      /l\nkind      a file that is no record: no process id: \"x\"\nwritten   2026-05-03T12:04:05Z, 1.5s ago\n"},
		{lock.Record{Kind: "unknown", PID: 7, Command: "a\nb", Since: may, Holder: fs.Alive, Evidence: "it runs"}, time.Minute,
			"lock      /l\nkind      lock of a mode that this version does not know\nholder    pid 7 (a\\nb)\nalive     yes: it runs\nsince     2026-05-03T12:04:05Z, 1m ago\n"},
	} {
		if got := evidence(lock.Status{Path: "/l", Record: &row.record}, may.Add(row.after)); got != row.want {
			t.Errorf("%s\nwant\n%s", got, row.want)
		}
	}
}
