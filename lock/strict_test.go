//go:build linux

package lock_test

import (
	"context"
	"errors"
	"fmt"
	iofs "io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/fs/osfs"
	"github.com/holdfast-lock/holdfast/lock"
	"github.com/holdfast-lock/holdfast/lock/internal/claim"
	"github.com/holdfast-lock/holdfast/lock/internal/marker"
)

func openStrict(t *testing.T, path string, opts ...lock.Option) *lock.Lock {
	t.Helper()
	l, err := lock.NewStrict(path, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// claimsOf returns the directory of the claims.
func claimsOf(path string) string { return filepath.Join(path+claim.Suffix, claim.Directory) }

// listed returns the names in a directory.
func listed(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// putClaim makes a claim as whoever it names would have.
func putClaim(t *testing.T, path string, state claim.State, r claim.Record) string {
	t.Helper()
	must(t, os.MkdirAll(claimsOf(path), 0o755))
	content, err := r.Encode()
	must(t, err)
	name := claim.Name(state, r.Token)
	must(t, os.WriteFile(filepath.Join(claimsOf(path), name), content, 0o644))
	return name
}

var someToken = strings.Repeat("0123456789abcdef", 2)

// TestStrictLockOnDisk: what others rely on.
func TestStrictLockOnDisk(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sub", "work.lock")
	l := openStrict(t, path)
	h, err := l.Acquire(context.Background())
	must(t, err)
	sentinel, err := os.ReadFile(path)
	must(t, err)
	if string(sentinel) != "1\nfilelock-strict-v1\x00\n0\n" {
		t.Errorf("the sentinel is %q", sentinel)
	}
	names := listed(t, claimsOf(path))
	if len(names) != 2 || !strings.HasPrefix(names[0], "held-v1-") || !strings.HasPrefix(names[1], "intent-v1-") || strings.TrimPrefix(names[0], "held") != strings.TrimPrefix(names[1], "intent") {
		t.Fatalf("while it is held there are the claims %v", names)
	}
	_, token, ok := claim.ParseName(names[0])
	content, err := os.ReadFile(filepath.Join(claimsOf(path), names[0]))
	must(t, err)
	self := osfs.Default().Self()
	want := claim.Record{Token: token, PID: self.PID, Host: self.Host, Start: marker.StartOf(self)}
	if r, err := claim.Parse(content, token); !ok || err != nil || r != want {
		t.Errorf("the claim says %+v, %v, want %+v", r, err, want)
	}
	held, err := os.Stat(filepath.Join(claimsOf(path), names[0]))
	must(t, err)
	intent, err := os.Stat(filepath.Join(claimsOf(path), names[1]))
	must(t, err)
	if !os.SameFile(held, intent) {
		t.Error("the claims are two files")
	}
	if st, err := l.Status(); err != nil || st.State != lock.StateHeld || len(st.Claims) != 2 || !st.Record.Own || l.PID() != self.PID || !l.HeldByThisProcess() {
		t.Errorf("Status: %+v, %v", st, err)
	}
	must(t, h.Release())
	if names := listed(t, claimsOf(path)); len(names) > 0 {
		t.Errorf("after the release there are %v", names)
	}
	if names := listed(t, filepath.Dir(path)); !slices.Equal(names, []string{"work.lock", "work.lock.filelock"}) {
		t.Errorf("beside the lock there are %v", names)
	}
	if st, err := l.Status(); err != nil || st.State != lock.StateFree || st.Record != nil || st.Claims != nil {
		t.Errorf("Status of the free lock: %+v, %v", st, err)
	}
	if err := l.Break(nil); !errors.Is(err, lock.ErrNotHeld) {
		t.Errorf("Break of the free lock: %v", err)
	}
}

// TestStrictLockFailsClosed on whatever it does not understand, and names the file.
func TestStrictLockFailsClosed(t *testing.T) {
	t.Parallel()
	valid, err := claim.Record{Token: someToken, PID: 1, Host: "h"}.Encode()
	must(t, err)
	name := claim.Name(claim.Held, someToken)
	for what, put := range map[string]func(dir string) (string, error){
		"another version": func(dir string) (string, error) {
			return "held-v2-x", os.WriteFile(filepath.Join(dir, "held-v2-x"), valid, 0o644)
		},
		"upper case": func(dir string) (string, error) {
			other := strings.ToUpper(name)
			return other, os.WriteFile(filepath.Join(dir, other), valid, 0o644)
		},
		"no record": func(dir string) (string, error) { return name, os.WriteFile(filepath.Join(dir, name), nil, 0o644) },
		"cut": func(dir string) (string, error) {
			return name, os.WriteFile(filepath.Join(dir, name), valid[:len(valid)-1], 0o644)
		},
		"oversized": func(dir string) (string, error) {
			return name, os.WriteFile(filepath.Join(dir, name), append(valid, make([]byte, 1000)...), 0o644)
		},
		"other name": func(dir string) (string, error) {
			other := claim.Name(claim.Intent, strings.Repeat("0", 32))
			return other, os.WriteFile(filepath.Join(dir, other), valid, 0o644)
		},
		"directory": func(dir string) (string, error) { return name, os.Mkdir(filepath.Join(dir, name), 0o755) },
		"link": func(dir string) (string, error) {
			must(t, os.WriteFile(filepath.Join(dir, "..", "aside"), valid, 0o644))
			return name, os.Symlink("../aside", filepath.Join(dir, name))
		},
		"private that is none": func(dir string) (string, error) {
			private := claim.PrivateName(name, strings.Repeat("0", 32))
			return private, os.Mkdir(filepath.Join(dir, private), 0o755)
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "work.lock")
			must(t, os.MkdirAll(claimsOf(path), 0o755))
			name, err := put(claimsOf(path))
			must(t, err)
			l := openStrict(t, path)
			for range 2 {
				_, err = l.Acquire(context.Background(), lock.Timeout(time.Minute))
				if p, ok := errors.AsType[*lock.ProtocolError](err); !ok || !errors.Is(err, lock.ErrProtocol) || p.File != filepath.Join(claimsOf(path), name) || !strings.Contains(err.Error(), name) {
					t.Errorf("Acquire: %v", err)
				}
			}
			if strings.HasPrefix(name, ".") {
				return
			}
			list, err := l.Claims()
			if err != nil || len(list) != 1 || list[0].Name != name || list[0].Kind != "malformed" || list[0].Reason == "" {
				t.Errorf("Claims: %+v, %v", list, err)
			}
			st, err := l.Status()
			if err != nil || st.State != lock.StateHeld || !strings.Contains(st.Record.String(), name) {
				t.Errorf("Status: %v, %v", st.Record, err)
			}
			must(t, l.Break(st.Record))
			h, err := l.TryAcquire(context.Background())
			must(t, err)
			must(t, h.Release())
		})
	}
}

// TestStrictLockOnOtherContracts: what else lies at the path is no sentinel, and is named.
func TestStrictLockOnOtherContracts(t *testing.T) {
	t.Parallel()
	for content, found := range map[string]string{"": "empty", "4711\nweb\n": "a soft lock", "garbage": "malformed",
		"filelock/2\npid=1\nhost=h\nmode=lease\ntoken=" + someToken + "\nduration=30.0\n": "a lease", marker.Sentinel + "\n": "a soft lock"} {
		path := filepath.Join(t.TempDir(), "work.lock")
		must(t, os.WriteFile(path, []byte(content), 0o644))
		_, err := openStrict(t, path).Acquire(context.Background(), lock.Timeout(time.Minute))
		if _, ok := errors.AsType[*lock.ContractError](err); !ok || !errors.Is(err, lock.ErrSettings) || !strings.Contains(err.Error(), found) {
			t.Errorf("%q: %v, want one that says %q", content, err, found)
		}
		if after, err := os.ReadFile(path); err != nil || string(after) != content {
			t.Errorf("%q has become %q, %v", content, after, err)
		}
	}
}

// TestStrictLockIsTakenFromNobody: not even from a process that is proven dead. The error says what is known of it.
func TestStrictLockIsTakenFromNobody(t *testing.T) {
	t.Parallel()
	self := osfs.Default().Self()
	dead, alive := gone(self), marker.Record{PID: os.Getppid(), Host: self.Host}
	for what, c := range map[string]struct {
		of    marker.Record
		state claim.State
		says  string
	}{
		"dead":      {dead, claim.Held, "has ended"},
		"intent":    {dead, claim.Intent, "has ended"},
		"runs":      {alive, claim.Held, ", which runs"},
		"elsewhere": {marker.Record{PID: 4711, Host: "web-3"}, claim.Held, "it is not known whether it runs (it ran on another machine"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "work.lock")
			name := putClaim(t, path, c.state, claim.Record{Token: someToken, PID: c.of.PID, Host: c.of.Host, Start: c.of.Start})
			l := openStrict(t, path)
			_, err := l.Acquire(context.Background(), lock.Timeout(10*time.Millisecond))
			who := fmt.Sprintf("pid %d on %s since 2", c.of.PID, c.of.Host)
			if !errors.Is(err, lock.ErrTimeout) || !strings.Contains(err.Error(), who) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("Acquire: %v, want one that says %q and %q", err, who, c.says)
			}
			if what != "runs" && !strings.Contains(err.Error(), "Lock.Break") {
				t.Errorf("Acquire: %v, which does not say what to do", err)
			}
			list, err := l.Claims()
			if err != nil || len(list) != 1 || list[0].Name != name || list[0].State != string(c.state) || list[0].PID != c.of.PID || list[0].Token != someToken {
				t.Fatalf("Claims: %+v, %v", list, err)
			}
			must(t, l.ForceBreak(name))
			h, err := l.TryAcquire(context.Background())
			must(t, err)
			must(t, h.Release())
		})
	}
}

// TestForceBreakTakesNamesOfClaimsOnly: the name is one that the directory has, letter by letter, and leads nowhere else.
func TestForceBreakTakesNamesOfClaimsOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "work.lock")
	name := putClaim(t, path, claim.Held, claim.Record{Token: someToken, PID: 1})
	private := claim.PrivateName(name, someToken)
	must(t, os.WriteFile(filepath.Join(claimsOf(path), private), nil, 0o644))
	must(t, os.WriteFile(filepath.Join(dir, "precious"), nil, 0o644))
	l := openStrict(t, path)
	for _, bad := range []string{"", ".", "..", private, "../precious", "a/b", `a\b`, name + "\x00", filepath.Join(claimsOf(path), name)} {
		if err := l.ForceBreak(bad); err == nil || !strings.Contains(err.Error(), "is not the name of a claim") {
			t.Errorf("ForceBreak(%q): %v", bad, err)
		}
	}
	for _, other := range []string{strings.ToUpper(name), claim.Name(claim.Intent, someToken)} {
		if err := l.ForceBreak(other); !errors.Is(err, iofs.ErrNotExist) {
			t.Errorf("ForceBreak(%q): %v", other, err)
		}
	}
	must(t, l.ForceBreak(name))
	if names := listed(t, claimsOf(path)); !slices.Equal(names, []string{private}) {
		t.Errorf("there are %v", names)
	}
	if err := openSoft(t, path).ForceBreak(name); !errors.Is(err, fs.ErrUnsupported) {
		t.Errorf("ForceBreak of a soft lock: %v", err)
	}
	if _, err := openSoft(t, path).Claims(); !errors.Is(err, fs.ErrUnsupported) {
		t.Errorf("Claims of a soft lock: %v", err)
	}
}

// TestBreakingOneClaimOfAHold: that to be held is the hold, the intent is not.
func TestBreakingOneClaimOfAHold(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "work.lock")
	l, operator := openStrict(t, path), openStrict(t, path, lock.Host(osfs.New()))
	for _, broken := range []claim.State{claim.Held, claim.Intent} {
		h, err := l.Acquire(context.Background())
		must(t, err)
		list, err := operator.Claims()
		must(t, err)
		for _, c := range list {
			if c.State == string(broken) {
				must(t, operator.ForceBreak(c.Name))
			}
		}
		if _, err := operator.TryAcquire(context.Background()); !errors.Is(err, lock.ErrTimeout) {
			t.Errorf("beside what is left: %v", err)
		}
		if err := h.Release(); errors.Is(err, lock.ErrLost) != (broken == claim.Held) {
			t.Errorf("Release after the claim %s was broken: %v", broken, err)
		}
	}
}

// halting stops before each link and each listing, until it is told to go on.
type halting struct {
	fs.Host
	at chan string
	on chan struct{}
}

func (h *halting) Link(oldname, newname string) error {
	h.at <- "link"
	<-h.on
	return h.Host.Link(oldname, newname)
}

func (h *halting) ReadDir(path string) ([]fs.DirEntry, error) {
	h.at <- "readdir"
	<-h.on
	return h.Host.ReadDir(path)
}

// TestHoldWithoutItsClaimToBeHeldIsLost: the intent that is left keeps out whoever begins later, but not a contender that was about to claim before the holder did.
func TestHoldWithoutItsClaimToBeHeldIsLost(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "work.lock")
	l, operator := openStrict(t, path), openStrict(t, path, lock.Host(osfs.New()))
	must(t, lock.Do(context.Background(), l, func(context.Context) error { return nil })) // the sentinel is there
	host := &halting{Host: osfs.New(), at: make(chan string), on: make(chan struct{})}
	early := openStrict(t, path, lock.Host(host))
	type outcome struct {
		hold *lock.Hold
		err  error
	}
	came := make(chan outcome)
	go func() {
		h, err := early.TryAcquire(context.Background())
		came <- outcome{h, err}
	}()
	reaches := func(call string) {
		t.Helper()
		if at := <-host.at; at != call {
			t.Fatalf("it is at a %s, not at a %s", at, call)
		}
	}
	reaches("readdir")
	host.on <- struct{}{}
	reaches("link") // of its intent, whose name says when that was
	h, err := l.TryAcquire(context.Background())
	must(t, err)
	host.on <- struct{}{}
	reaches("readdir")
	list, err := operator.Claims()
	must(t, err)
	must(t, operator.ForceBreak(list[0].Name))
	host.on <- struct{}{}
	reaches("link")
	host.on <- struct{}{}
	reaches("readdir")
	host.on <- struct{}{}
	second := <-came
	must(t, second.err)
	if err := h.Release(); !errors.Is(err, lock.ErrLost) {
		t.Errorf("Release with another one inside: %v", err)
	}
	must(t, second.hold.Release())
}

// TestReleaseOfABrokenStrictLock is the error of its loss.
func TestReleaseOfABrokenStrictLock(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "work.lock")
	l, operator := openStrict(t, path), openStrict(t, path, lock.Host(osfs.New()))
	h, err := l.Acquire(context.Background())
	must(t, err)
	st, err := operator.Status()
	must(t, err)
	must(t, operator.Break(st.Record))
	if err := operator.Break(st.Record); !errors.Is(err, lock.ErrChanged) {
		t.Errorf("a second Break: %v", err)
	}
	next, err := operator.TryAcquire(context.Background())
	must(t, err)
	if err := h.Release(); !errors.Is(err, lock.ErrLost) {
		t.Errorf("Release: %v", err)
	}
	if _, err := l.TryAcquire(context.Background()); !errors.Is(err, lock.ErrTimeout) {
		t.Errorf("beside the next holder: %v", err)
	}
	must(t, next.Release())
}

// TestDirectoriesOfClaimsAreTrusted as far as Mode says, and made so.
func TestDirectoriesOfClaimsAreTrusted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		mode  fs.FileMode // of the lock; 0: none
		perm  fs.FileMode // that is found
		taken bool
	}{{0, 0o755, true}, {0, 0o775, false}, {0, 0o757, false}, {0o660, 0o775, true}, {0o660, 0o777, false}, {0o666, 0o777, true}, {0o644, 0o775, false}} {
		for _, which := range []int{0, 1} {
			path := filepath.Join(t.TempDir(), "work.lock")
			dirs := [...]string{path + claim.Suffix, claimsOf(path)}
			must(t, os.MkdirAll(dirs[1], 0o755))
			must(t, os.Chmod(dirs[which], c.perm))
			var opts []lock.Option
			if c.mode != 0 {
				opts = append(opts, lock.Mode(c.mode))
			}
			h, err := openStrict(t, path, opts...).TryAcquire(context.Background())
			if c.taken != (err == nil) || err != nil && (!errors.Is(err, lock.ErrProtocol) || !strings.Contains(err.Error(), dirs[which])) {
				t.Errorf("mode %v, %s is %v: %v", c.mode, filepath.Base(dirs[which]), c.perm, err)
			}
			if err == nil {
				must(t, h.Release())
			}
		}
	}
	path := filepath.Join(t.TempDir(), "work.lock")
	h, err := openStrict(t, path, lock.Mode(0o666)).TryAcquire(context.Background())
	must(t, err)
	for _, dir := range []string{path + claim.Suffix, claimsOf(path)} {
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o777 {
			t.Errorf("%s was made %v, %v", dir, info.Mode(), err)
		}
	}
	must(t, h.Release())
}

// TestStrictLockRefusesOptionsWithoutUse.
func TestStrictLockRefusesOptionsWithoutUse(t *testing.T) {
	t.Parallel()
	for name, opt := range map[string]lock.Option{"Lifetime": lock.Lifetime(time.Second), "OnAcquired": lock.OnAcquired(func(fs.File) error { return nil }), "EvictEmpty": lock.EvictEmpty(),
		"LeaseDuration": lock.LeaseDuration(time.Second), "Heartbeat": lock.Heartbeat(time.Second)} {
		if _, err := lock.NewStrict(filepath.Join(t.TempDir(), "l"), opt); !errors.Is(err, lock.ErrOption) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// withoutLinks is a filesystem that has no hard links.
type withoutLinks struct{ fs.Host }

func (h withoutLinks) Link(oldname, newname string) error {
	return &os.LinkError{Op: "link", Old: oldname, New: newname, Err: fs.ErrUnsupported}
}

// TestStrictLockNeedsHardLinks and says so.
func TestStrictLockNeedsHardLinks(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "work.lock")
	_, err := openStrict(t, path, lock.Host(withoutLinks{osfs.New()})).Acquire(context.Background(), lock.Timeout(time.Minute))
	if !errors.Is(err, lock.ErrProtocol) || !strings.Contains(err.Error(), "hard links") {
		t.Errorf("Acquire: %v", err)
	}
	if names := listed(t, filepath.Dir(path)); !slices.Equal(names, []string{"work.lock.filelock"}) {
		t.Errorf("left behind: %v", names)
	}
}

// breakClaims does what an operator does when a process was killed.
func breakClaims(t *testing.T, path string, pid int) {
	t.Helper()
	l := openStrict(t, path, lock.Host(osfs.New()))
	defer l.Close()
	list, err := l.Claims()
	must(t, err)
	for _, c := range list {
		if c.PID != pid {
			continue
		}
		if c.Holder != fs.Dead {
			t.Errorf("the claim of a process that was killed: %v, %s", c.Holder, c.Evidence)
		}
		must(t, l.ForceBreak(c.Name))
	}
}

// remembering is a client of a network filesystem: what it has once been told of the claims it believes, until it opens a file or changes the directory.
type remembering struct {
	fs.Host
	listed []fs.DirEntry
	infos  map[string]fs.Info
}

func (h *remembering) ReadDir(path string) ([]fs.DirEntry, error) {
	var err error
	if h.listed == nil {
		h.listed, err = h.Host.ReadDir(path)
	}
	return h.listed, err
}

func (h *remembering) Lstat(path string) (fs.Info, error) {
	if info, ok := h.infos[path]; ok {
		return info, nil
	}
	info, err := h.Host.Lstat(path)
	if err == nil && filepath.Ext(path) == ".claim" {
		h.infos[path] = info
	}
	return info, err
}

func (h *remembering) Link(oldname, newname string) error {
	h.listed, h.infos = nil, make(map[string]fs.Info)
	return h.Host.Link(oldname, newname)
}

func (h *remembering) Open(path string, flag fs.OpenFlag, perm fs.FileMode) (fs.File, error) {
	f, err := h.Host.Open(path, flag, perm)
	if err != nil {
		delete(h.infos, path)
		return nil, err
	}
	return remote{f}, nil
}

type remote struct{ fs.File }

func (f remote) Volume() (fs.Volume, error) { return fs.Volume{Type: "nfs"}, nil }

// TestStrictLockAsksTheServer whether a claim is there still.
func TestStrictLockAsksTheServer(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "work.lock")
	client := &remembering{Host: osfs.New(), infos: make(map[string]fs.Info)}
	here, there := openStrict(t, path), openStrict(t, path, lock.Host(client))
	h, err := here.Acquire(context.Background())
	must(t, err)
	for range 2 {
		if _, err := there.TryAcquire(context.Background()); !errors.Is(err, lock.ErrTimeout) {
			t.Fatal(err)
		}
	}
	must(t, h.Release())
	h, err = there.TryAcquire(context.Background())
	must(t, err)
	must(t, h.Release())
}
