package osfs

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/holdfast-lock/holdfast/fs"
)

func TestLinesOfTheLockTable(t *testing.T) {
	const file = "08:01:131075"
	for _, c := range []struct {
		line string
		want fs.LockOwner
		ok   bool
	}{
		{"1: FLOCK  ADVISORY  WRITE 4711 08:01:131075 0 EOF", fs.LockOwner{PID: 4711, Mode: fs.LockExclusive}, true},
		{"12: FLOCK  ADVISORY  READ 4711 08:01:131075 0 EOF", fs.LockOwner{PID: 4711, Mode: fs.LockShared}, true},
		{"1: -> FLOCK  ADVISORY  WRITE 4712 08:01:131075 0 EOF", fs.LockOwner{PID: 4712, Mode: fs.LockExclusive, Waiting: true}, true},
		{"1:  -> FLOCK  ADVISORY  READ  4712 08:01:131075 0 EOF", fs.LockOwner{PID: 4712, Mode: fs.LockShared, Waiting: true}, true},
		{"1: FLOCK  ADVISORY  WRITE 0 08:01:131075 0 EOF", fs.LockOwner{Mode: fs.LockExclusive}, true},  // of another pid namespace
		{"1: FLOCK  ADVISORY  WRITE -1 08:01:131075 0 EOF", fs.LockOwner{Mode: fs.LockExclusive}, true}, // of a remote machine
		{"2: OFDLCK ADVISORY  WRITE -1 08:01:131075 0 9", fs.LockOwner{}, false},
		{"2: POSIX  ADVISORY  READ 4711 08:01:131075 0 EOF", fs.LockOwner{}, false},
		{"2: -> POSIX  ADVISORY  WRITE 4711 08:01:131075 0 EOF", fs.LockOwner{}, false},
		{"2: LEASE  ACTIVE    READ 4711 08:01:131075 0 EOF", fs.LockOwner{}, false},
		{"1: FLOCK  ADVISORY  WRITE 4711", fs.LockOwner{}, false},
		{"1: ->", fs.LockOwner{}, false},
		{"", fs.LockOwner{}, false},
	} {
		owner, of, ok := parseLock(c.line + "\n")
		if ok != c.ok || ok && (owner != c.want || of != file) {
			t.Errorf("%q: %+v of %q, %v, want %+v of %q, %v", c.line, owner, of, ok, c.want, file, c.ok)
		}
	}
}

func TestOwnersAreThoseOfTheFileHoldersFirst(t *testing.T) {
	table := strings.Join([]string{
		"1: FLOCK  ADVISORY  READ 1 08:01:7 0 EOF",
		"1: -> FLOCK  ADVISORY  WRITE 2 08:01:7 0 EOF",
		"2: FLOCK  ADVISORY  WRITE 3 08:01:77 0 EOF",
		"3: FLOCK  ADVISORY  WRITE 4 08:02:7 0 EOF",
		"4: FLOCK  ADVISORY  READ 5 08:01:7 0 EOF",
	}, "\n")
	want := []fs.LockOwner{{PID: 1, Mode: fs.LockShared}, {PID: 5, Mode: fs.LockShared}, {PID: 2, Mode: fs.LockExclusive, Waiting: true}}
	if got := ownersIn(table, map[string]bool{lockKey(unix.Mkdev(8, 1), 7): true}); !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestLockTableNamesTheCommand(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	h := New()
	f, err := h.Open(path, fs.ReadWrite|fs.Create, 0o600)
	must(t, err)
	defer f.Close()
	if held, err := f.TryLock(fs.Whole, fs.LockExclusive); !held {
		t.Fatal(held, err)
	}
	info, err := f.Stat()
	must(t, err)
	table, err := h.LockTable(path, info.ID)
	must(t, err)
	comm, err := os.ReadFile("/proc/self/comm")
	must(t, err)
	if len(table.Owners) != 1 || table.Owners[0].Command != strings.TrimSpace(string(comm)) {
		t.Errorf("%+v, want this process, called %q", table.Owners, comm)
	}
}
