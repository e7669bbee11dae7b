package locktest

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/fs/osfs"
	"github.com/holdfast-lock/holdfast/lock"
)

// fault is something that is wrong with a lock, and the checks that must see it.
type fault struct {
	what   string
	in     func(Fixture) Fixture
	seenBy []string
}

func faults() []fault { return slices.Concat(optionFaults, lockerFaults, hostFaults) }

// little is the patience with locks that forget to wake a waiter. A check that runs out of it on a slow machine fails, as it must anyway.
const little = 200 * time.Millisecond

// directory makes one that is removed as far as possible: a check that fails leaves tasks that still make files, and holds whose files Windows does not remove.
func directory(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "locktest-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// sound is a fixture without a fault, in a directory below parent.
func sound(t *testing.T, parent string) Fixture {
	t.Helper()
	dir, err := os.MkdirTemp(parent, "")
	if err != nil {
		t.Fatal(err)
	}
	return Fixture{Host: osfs.New(), Peer: osfs.New(), Dir: dir, Collect: runtime.GC,
		New: func(path string, opts ...lock.Option) (Locker, error) { return lock.New(path, opts...) }}
}

// record is a reporter that keeps what is reported.
type record struct {
	mu       sync.Mutex
	failures []string
}

func (r *record) Helper() {}

func (r *record) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func (r *record) list() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.failures)
}

func checkOf(t *testing.T, name string) check {
	t.Helper()
	all := checks()
	i := slices.IndexFunc(all, func(c check) bool { return c.name == name })
	if i < 0 {
		t.Fatalf("there is no check %s", name)
	}
	return all[i]
}

func TestFaultsAreSeen(t *testing.T) {
	dir := directory(t) // removed after all of them
	for _, f := range faults() {
		for _, name := range f.seenBy {
			t.Run(f.what+"/"+name, func(t *testing.T) {
				t.Parallel()
				r := new(record)
				checkOf(t, name).on(r, f.in(sound(t, dir)), little)
				seen := r.list()
				if len(seen) == 0 {
					t.Errorf("check %s passes on a lock of which is true: %s", name, f.what)
				}
				t.Log(strings.Join(seen, "\n"))
			})
		}
	}
}

// TestEveryCheckSeesAFault: a check that has never failed proves nothing.
func TestEveryCheckSeesAFault(t *testing.T) {
	sees := make(map[string]bool)
	for _, f := range faults() {
		for _, name := range f.seenBy {
			sees[name] = true
		}
	}
	for _, c := range checks() {
		if !sees[c.name] {
			t.Errorf("no fault is meant for check %s", c.name)
		}
	}
}

func TestDroppedHoldsAreSkippedWithoutCollect(t *testing.T) {
	f := sound(t, t.TempDir())
	f.Collect = nil
	for _, c := range dropChecks {
		r := new(record)
		if skipped := c.on(r, f, patience); skipped == "" || len(r.list()) > 0 {
			t.Errorf("check %s without Collect: skipped because %q, failed %q", c.name, skipped, r.list())
		}
	}
}
