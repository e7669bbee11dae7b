package python

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/sim"
	"github.com/holdfast-lock/holdfast/sim/disk"
)

const claimsDir = lockFile + ".filelock/claims"

// someClaim names one of somebody else.
var someClaim = strings.Repeat("0123456789abcdef", 2)

func strict(p fs.Host) *Lock { return New(p, Settings{Class: Strict, Version: Last, Path: lockFile}) }

// put makes a file, and the directories of the claims.
func put(t *testing.T, p *sim.Process, name, content string) {
	t.Helper()
	p.Mkdir(lockFile+".filelock", 0o755)
	p.Mkdir(claimsDir, 0o755)
	f, err := p.Open(name, fs.ReadWrite|fs.Create|fs.Exclusive, 0o666)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteAt([]byte(content), 0)
	f.Close()
}

func namesIn(t *testing.T, p *sim.Process, dir string) []string {
	t.Helper()
	entries, err := p.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name)
	}
	return names
}

// TestStrictOnDisk: the sentinel stays, and two names of one claim are there while the lock is held.
func TestStrictOnDisk(t *testing.T) {
	inWorld(t, func(p *sim.Process) {
		l := strict(p)
		for range 2 {
			if err := l.Acquire(0, true); err != nil {
				t.Fatal(err)
			}
			if content, err := l.readRegular(lockFile); err != nil || string(content) != "1\nfilelock-strict-v1\x00\n0\n" {
				t.Errorf("the sentinel is %q, %v", content, err)
			}
			want := []string{"held-v1-" + l.token + ".claim", "intent-v1-" + l.token + ".claim"}
			if names := namesIn(t, p, claimsDir); !slices.Equal(names, want) {
				t.Errorf("the claims are %v, not %v", names, want)
			}
			record := fmt.Sprintf("filelock-strict-v1\n%s\n101\n6d31\n%s\n", l.token, startToken(p.Self()))
			content, err := l.readRegular(claimsDir + "/" + want[0])
			if err != nil || string(content) != record || !isClaim(content, l.token) {
				t.Errorf("the claim is %q, %v, not %q", content, err, record)
			}
			if info, err := p.Lstat(claimsDir + "/" + want[1]); err != nil || info.Links != 2 {
				t.Errorf("the claims are %+v, %v", info, err)
			}
			if err := strict(p).Acquire(time.Second, false); err != ErrTimeout {
				t.Errorf("somebody else: %v", err)
			}
			if err := l.Release(); err != nil {
				t.Error(err)
			}
			if names := append(namesIn(t, p, claimsDir), namesIn(t, p, "/data")...); !slices.Equal(names, []string{"k.lock", "k.lock.filelock"}) {
				t.Errorf("after the release there are %v", names)
			}
		}
	})
}

// TestWhatStrictMakesOfWhatItFinds: it removes none of it.
func TestWhatStrictMakesOfWhatItFinds(t *testing.T) {
	record := fmt.Sprintf("filelock-strict-v1\n%s\n99\n6d31\n\n", someClaim)
	held, intent := claimsDir+"/held-v1-"+someClaim+".claim", claimsDir+"/intent-v1-"+someClaim+".claim"
	for _, row := range []struct {
		what, name, content string
		want                error
	}{
		{"a claim of somebody dead", held, record, ErrTimeout},
		{"an intent", intent, record, ErrTimeout},
		{"a claim with another token", held, strings.Replace(record, "0123", "3210", 1), errProtocol},
		{"an empty claim", held, "", errProtocol},
		{"a claim that was cut", held, record[:len(record)-1], errProtocol},
		{"a claim with a blank in its host", held, strings.Replace(record, "6d31", "6d20", 1), errProtocol},
		{"a claim of pid 0", held, strings.Replace(record, "\n99\n", "\n0\n", 1), errProtocol},
		{"a claim of pid 099", held, strings.Replace(record, "\n99\n", "\n099\n", 1), errProtocol},
		{"a claim of another version", claimsDir + "/held-v2-" + someClaim + ".claim", record, errProtocol},
		{"a claim in upper case", claimsDir + "/held-v1-" + strings.ToUpper(someClaim) + ".claim", record, errProtocol},
		{"a private record", claimsDir + "/.intent-v1-" + someClaim + ".claim.private-v1-" + someClaim + ".tmp", "", nil},
		{"something hidden", claimsDir + "/.hidden", "", nil},
		{"a soft lock", lockFile, "99\nm1\n", ErrTimeout},
		{"an empty marker", lockFile, "", ErrTimeout},
		{"a sentinel", lockFile, sentinel, nil},
	} {
		inWorld(t, func(p *sim.Process) {
			put(t, p, row.name, row.content)
			l := strict(p)
			if err := l.Acquire(time.Second, false); !errors.Is(err, row.want) {
				t.Errorf("%s: %v, not %v", row.what, err, row.want)
			} else if err == nil {
				if err := l.Release(); err != nil {
					t.Error(err)
				}
			}
			if _, err := p.Lstat(row.name); err != nil {
				t.Errorf("%s: %v", row.what, err)
			}
		})
	}
}

// TestStrictRemovesOldPrivateRecords by the wall clock, and those that are published at once.
func TestStrictRemovesOldPrivateRecords(t *testing.T) {
	private := "/.intent-v1-" + someClaim + ".claim.private-v1-" + someClaim + ".tmp"
	for _, row := range []struct {
		name      string
		old       time.Duration
		published bool
		left      int // names in both directories that are none of the lock's
	}{
		{claimsDir + private, time.Second, false, 1},
		{claimsDir + private, 2 * time.Second, false, 0},
		{claimsDir + private, 0, true, 0},
		{"/data/.k.lock.private-v1-" + someClaim + ".tmp", 0, false, 1},
		{"/data/.k.lock.private-v1-" + someClaim + ".tmp", 2 * time.Second, false, 0},
	} {
		inWorld(t, func(p *sim.Process) {
			put(t, p, row.name, "")
			if row.published {
				if err := p.Link(row.name, "/elsewhere"); err != nil {
					t.Fatal(err)
				}
			}
			p.Sleep(context.Background(), row.old)
			l := strict(p)
			if err := l.Acquire(0, true); err != nil {
				t.Fatal(err)
			}
			if err := l.Release(); err != nil {
				t.Error(err)
			}
			if left := len(namesIn(t, p, claimsDir)) + len(namesIn(t, p, "/data")) - 2; left != row.left {
				t.Errorf("%s, %v old: %d are left, not %d", row.name, row.old, left, row.left)
			}
		})
	}
}

// TestStrictPauses as its interval of polling says, and longer by chance where that is short.
func TestStrictPauses(t *testing.T) {
	onDisk(t, disk.Options{}, func(p *sim.Process) {
		l := strict(p)
		for attempt := range 30 {
			if d := l.poll(attempt); d != PollInterval {
				t.Errorf("after attempt %d it pauses for %v", attempt, d)
			}
		}
		l.Poll = time.Millisecond
		longer := 0
		for attempt := range 30 {
			d := l.poll(attempt)
			if d < time.Millisecond || d >= min(longestPause, time.Millisecond<<min(attempt, 20)) && d != time.Millisecond {
				t.Errorf("after attempt %d it pauses for %v", attempt, d)
			}
			if d > time.Millisecond {
				longer++
			}
		}
		if longer == 0 {
			t.Error("it never pauses for longer")
		}
	})
}
