//go:build linux

package lock_test

import (
	"cmp"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/fs/osfs"
	"github.com/holdfast-lock/holdfast/lock"
	"github.com/holdfast-lock/holdfast/lock/internal/lifetime"
)

const (
	// A lifetime that passes during a test, long enough that a test has stopped the holder before.
	shortLifetime = time.Second
	longLifetime  = time.Hour
)

func TestStoppedHolderIsRelievedAfterItsLifetime(t *testing.T) {
	t.Parallel()
	path := lockPath(t)
	holder := startContender(t, "the holder", command{Path: path, Lifetime: shortLifetime})
	contender := startContender(t, "the contender", command{Path: path, Lifetime: longLifetime})
	patient := startContender(t, "a waiter without lifetime", command{Path: path})
	hold := holder.acquire()
	must(t, os.Chmod(path, 0o606)) // as somebody may have who shares the lock with others
	holder.stop()
	patient.waitFor(path)
	contender.ask("acquire", "waiting")
	successor := contender.expect("acquired")
	if successor.At <= hold.Expires {
		t.Errorf("relieved %v before the lifetime had passed", hold.Expires-successor.At)
	}
	if successor.Evidence == "" {
		t.Error("nobody said on what evidence the holder was relieved")
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o606 {
		t.Errorf("the new lock file: %v, %v, want the permissions of the old one", info.Mode(), err)
	}
	// The waiter on the old file does not get in when the old holder lets go of it.
	holder.resume()
	for _, question := range []string{"lost", "context", "cause"} {
		var r report
		if question == "lost" {
			r = holder.ask("look", "failed")
		} else {
			r = holder.expect("failed")
		}
		if question != "context" && !r.is("expired") || question == "context" && !r.is("canceled") {
			t.Errorf("asked for its %s, the old hold says %q", question, r.Err)
		}
	}
	if r := holder.ask("release", "failed"); !r.is("expired") {
		t.Errorf("releasing the old hold: %q", r.Err)
	}
	if r := holder.ask("release", "failed"); !r.is("not held") {
		t.Errorf("releasing the old hold again: %q", r.Err)
	}
	holder.send(command{Do: "acquire", Once: true})
	if r := holder.expect("failed"); !r.is("timeout") || !slices.Equal(r.Holders, []int{contender.pid()}) {
		t.Errorf("the old holder tries again: %q", r.Err)
	}
	released := contender.release()
	if got := patient.expect("acquired"); got.At < released {
		t.Errorf("the waiter was inside %v before the successor left", released-got.At)
	}
}

// TestHolderWithoutRunningLifetimeIsNeverRelieved: what contenders go by is a record of the hold that is; a lifetime of their own gives them no right, nor does the record
// of an earlier hold.
func TestHolderWithoutRunningLifetimeIsNeverRelieved(t *testing.T) {
	t.Parallel()
	const passed = 50 * time.Millisecond
	for _, holding := range []struct {
		name    string
		acquire func(t *testing.T, path string) *peer
	}{
		{"without lifetime", func(t *testing.T, path string) *peer {
			p := startContender(t, "the holder", command{Path: path})
			p.acquire()
			return p
		}},
		{"after a hold with a lifetime", func(t *testing.T, path string) *peer {
			p := startContender(t, "the holder", command{Path: path, Lifetime: passed})
			p.acquire()
			p.send(command{Do: "release"})
			p.next() // released, or expired
			p.send(command{Do: "open", Path: path})
			p.expect("opened")
			p.acquire()
			return p
		}},
		{"after a holder with a lifetime was killed", func(t *testing.T, path string) *peer {
			killed := startContender(t, "the holder before", command{Path: path, Lifetime: longLifetime})
			p := startContender(t, "the holder", command{Path: path})
			killed.acquire()
			p.waitFor(path)
			killed.kill()
			p.expect("acquired")
			return p
		}},
		{"with a lifetime that runs", func(t *testing.T, path string) *peer {
			p := startContender(t, "the holder", command{Path: path, Lifetime: longLifetime})
			p.acquire()
			return p
		}},
	} {
		t.Run(holding.name, func(t *testing.T) {
			t.Parallel()
			path := lockPath(t)
			holder := holding.acquire(t, path)
			holder.stop()
			contender := startContender(t, "the contender", command{Path: path, Lifetime: passed})
			contender.send(command{Do: "acquire", Timeout: 10 * passed})
			contender.expect("waiting")
			if r := contender.expect("failed"); !r.is("TimeoutError") || !slices.Equal(r.Holders, []int{holder.pid()}) {
				t.Errorf("a contender with a lifetime: %q", r.Err)
			}
			holder.resume()
			if r := holder.ask("look", "lost"); r.Err != "" {
				t.Error(r.Err)
			}
			holder.expect("context")
			holder.expect("cause")
			holder.release()
			contender.acquire()
		})
	}
}

// TestPollersDoNotRefreshALifetime is A8: programs that open the lock file, truncate it and set its times while they poll made a lock whose age was
// that of its file last for ever.
func TestPollersDoNotRefreshALifetime(t *testing.T) {
	t.Parallel()
	path := lockPath(t)
	holder := startContender(t, "the holder", command{Path: path, Lifetime: shortLifetime})
	contender := startContender(t, "the contender", command{Path: path, Lifetime: longLifetime})
	hold := holder.acquire()
	holder.stop()
	contender.ask("acquire", "waiting")

	relieved := make(chan struct{})
	var poller sync.WaitGroup
	poller.Go(func() {
		for {
			f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o666)
			if err != nil {
				t.Error(err)
				return
			}
			now := time.Now()
			os.Chtimes(path, now, now)
			f.Close()
			select {
			case <-relieved:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	})
	successor := contender.expect("acquired")
	close(relieved)
	poller.Wait()
	if successor.At <= hold.Expires {
		t.Errorf("relieved %v before the lifetime had passed", hold.Expires-successor.At)
	}
}

// TestExpiredHoldNeverVouchesForItself looks at a hold all the time, across its end: while the process runs, and while it is stopped and continued.
func TestExpiredHoldNeverVouchesForItself(t *testing.T) {
	t.Parallel()
	for _, stopped := range []bool{false, true} {
		name := "running"
		if stopped {
			name = "stopped and continued"
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := lockPath(t)
			holder := startContender(t, "the holder", command{Path: path, Lifetime: 50 * time.Millisecond})
			contender := startContender(t, "the contender", command{Path: path, Lifetime: longLifetime})
			for range 10 {
				holder.acquire()
				watching := holder.ask("watch", "watching")
				if stopped {
					holder.stop()
					eventually(t, "the lifetime has passed", func() bool { return uptime() > watching.Expires })
					contender.acquire()
					holder.resume()
				}
				holder.expect("watched")
				if stopped {
					contender.release()
				}
			}
		})
	}
}

// TestHoldsWithLifetimesDoNotOverlap lets processes take the lock from each other while they are stopped inside, and compares when their holds were good.
func TestHoldsWithLifetimesDoNotOverlap(t *testing.T) {
	t.Parallel()
	const processes, rounds = 4, 25
	path := lockPath(t)
	var peers []*peer
	for _, name := range []string{"A", "B", "C", "D"}[:processes] {
		p := startContender(t, name, command{Path: path, Lifetime: 40 * time.Millisecond, Quiet: true})
		p.send(command{Do: "acquire"})
		peers = append(peers, p)
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	type hold struct {
		who         string
		from, until time.Duration
	}
	var holds []hold // as they were read, which need not be the order in which they were had
	relieved := 0
	for range rounds {
		p, got := first(t, peers...)
		if got.What != "acquired" {
			t.Fatalf("%s: %s (%s)", p.name, got.What, got.Err)
		}
		if got.Evidence != "" {
			relieved++
		}
		until := got.Expires
		if random.IntN(2) == 0 {
			p.stop()
			// Whoever is stopped while it changes the record is not relieved.
			if guarding, _ := owners(t, path+lifetime.Suffix); !guarding[p.pid()] {
				next, r := first(t, slices.DeleteFunc(slices.Clone(peers), func(other *peer) bool { return other == p })...)
				next.reports <- r // for the next round
			}
			p.resume()
		}
		p.send(command{Do: "release"})
		if r := p.next(); r.What == "released" {
			until = min(until, r.At)
		} else if !r.is("expired") {
			t.Fatalf("%s: %s (%s)", p.name, r.What, r.Err)
		}
		holds = append(holds, hold{p.name, got.At, until})
		p.send(command{Do: "acquire"})
	}
	slices.SortFunc(holds, func(a, b hold) int { return cmp.Compare(a.from, b.from) })
	for i, h := range holds[1:] {
		if before := holds[i]; h.from < before.until {
			t.Errorf("%s was inside %v before the hold of %s had ended", h.who, before.until-h.from, before.who)
		}
	}
	t.Logf("%d relieved", relieved)
}

// interruptedHost is a host on which something happens just before a file is renamed.
type interruptedHost struct {
	fs.Host
	before func()
}

func (h *interruptedHost) Rename(oldname, newname string) error {
	if f := h.before; f != nil {
		h.before = nil
		f()
	}
	return h.Host.Rename(oldname, newname)
}

// TestHolderWhoComesBetweenLookAndRenamingIsNotRelieved: the stopped holder dies after it was looked at, and another program, which knows no records, takes the lock.
func TestHolderWhoComesBetweenLookAndRenamingIsNotRelieved(t *testing.T) {
	t.Parallel()
	path := lockPath(t)
	holder := startContender(t, "the stopped holder", command{Path: path, Lifetime: shortLifetime})
	holder.acquire()
	holder.stop()
	next, err := osfs.Default().Open(path, fs.ReadWrite, 0)
	must(t, err)
	defer next.Close()
	host := &interruptedHost{Host: osfs.New(), before: func() {
		holder.kill()
		eventually(t, "the next holder gets the lock of one that was killed", func() bool {
			held, err := next.TryLock(fs.Whole, fs.LockExclusive)
			must(t, err)
			return held
		})
	}}
	l, err := lock.New(path, lock.Host(host), lock.Lifetime(longLifetime))
	must(t, err)
	defer l.Close()
	if _, err := l.Acquire(t.Context(), lock.Timeout(2*shortLifetime)); !errors.Is(err, lock.ErrTimeout) {
		t.Fatalf("beside a holder without lifetime: %v", err)
	}
	if host.before != nil {
		t.Fatal("nobody tried to relieve the stopped holder: this test proves nothing")
	}
	must(t, next.Unlock(fs.Whole))
	h, err := l.Acquire(t.Context())
	must(t, err)
	must(t, h.Release())
	names, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".holdfast-*"))
	if err != nil || len(names) > 0 {
		t.Errorf("left behind: %v, %v", names, err)
	}
}
