package fstest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/fs/osfs"
)

// fault is something that is wrong with a host, and the checks that must see it.
type fault struct {
	what   string
	in     func(fs.Host) fs.Host
	seenBy []string
}

func faults() []fault {
	return slices.Concat(openFaults, contentFaults, attributeFaults, nameFaults, canonicalFaults, watchFaults, lockFaults, regionFaults,
		lockTableFaults, waitFaults, clockFaults, taskFaults, contextFaults, processFaults)
}

// little is the patience with hosts that forget to wake a task.
const little = 500 * time.Millisecond

func suiteOptions(t *testing.T) options {
	t.Helper()
	if _, err := osfs.New().Uptime(); err != nil {
		t.Skip("the host that is broken here must support everything")
	}
	return collect([]Option{MustSupport(Operations()...), Symlinks(os.Symlink), FIFOs(mkfifo)})
}

// sound is a host that supports every operation, which no operating system does.
func sound() fs.Host { return rangesWait{osfs.New()} }

// rangesWait polls where the operating system cannot wait.
type rangesWait struct{ fs.Host }

func (h rangesWait) Open(path string, flag fs.OpenFlag, perm fs.FileMode) (fs.File, error) {
	f, err := h.Host.Open(path, flag, perm)
	if err != nil {
		return nil, err
	}
	return rangesWaitFile{f, h.Host}, nil
}

type rangesWaitFile struct {
	fs.File
	host fs.Host
}

func (f rangesWaitFile) WaitLock(ctx context.Context, r fs.Region, m fs.LockMode) (bool, error) {
	if r == fs.Whole {
		return f.File.WaitLock(ctx, r, m)
	}
	for {
		if held, err := f.TryLock(r, m); held || err != nil {
			return held, err
		}
		if err := f.host.Sleep(ctx, moment); err != nil {
			return false, err
		}
	}
}

// wakesOnly is an open file whose WaitLock leaves it to the caller to take the lock, and says so now and then.
type wakesOnly struct {
	fs.File
	host fs.Host
}

func (f wakesOnly) WaitLock(ctx context.Context, _ fs.Region, _ fs.LockMode) (bool, error) {
	return false, f.host.Sleep(ctx, moment)
}

func (f wakesOnly) Volume() (fs.Volume, error) {
	volume, err := f.File.Volume()
	volume.KernelWait = false
	return volume, err
}

func TestHostThatOnlyWakesPasses(t *testing.T) {
	o := suiteOptions(t)
	for _, c := range wholeAndRange(waitChecks) {
		t.Run(c.name, func(t *testing.T) {
			h := osfs.New()
			if skipped := c.on(t, files(func(f fs.File) fs.File { return wakesOnly{f, h} })(h), t.TempDir(), o); skipped != "" {
				t.Error(skipped)
			}
		})
	}
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

func TestSoundHostPasses(t *testing.T) {
	o := suiteOptions(t)
	for _, c := range checks() {
		t.Run(c.name, func(t *testing.T) {
			if skipped := c.on(t, sound(), t.TempDir(), o); skipped != "" {
				t.Error(skipped)
			}
		})
	}
}

func TestFaultsAreSeen(t *testing.T) {
	o := suiteOptions(t)
	o.patience = little
	for _, f := range faults() {
		for _, name := range f.seenBy {
			t.Run(f.what+"/"+name, func(t *testing.T) {
				t.Parallel()
				r := new(record)
				checkOf(t, name).on(r, f.in(sound()), t.TempDir(), o)
				seen := r.list()
				if len(seen) == 0 {
					t.Errorf("check %s passes on a host of which is true: %s", name, f.what)
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

func TestUnsupportedIsSkippedUnlessItMustBe(t *testing.T) {
	o := suiteOptions(t)
	h := linkUnsupported{sound()}
	c := checkOf(t, "LinkGivesASecondName")
	for _, must := range []bool{false, true} {
		o.must = map[Operation]bool{Link: must}
		r := new(record)
		skipped := c.on(r, h, t.TempDir(), o)
		if failed := len(r.list()) > 0; failed != must || (skipped == "") != must {
			t.Errorf("must support Link: %v, and it is not: failed %v %q, skipped %q", must, failed, r.list(), skipped)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("MustSupport takes an operation that there is not")
		}
	}()
	MustSupport("Levitate")
}

type linkUnsupported struct{ fs.Host }

func (linkUnsupported) Link(oldname, newname string) error {
	return &os.LinkError{Op: "link", Old: oldname, New: newname, Err: fs.ErrUnsupported}
}

// files returns what wraps every file that a host opens.
func files(wrap func(fs.File) fs.File) func(fs.Host) fs.Host {
	return func(h fs.Host) fs.Host { return &filesHost{h, wrap} }
}

type filesHost struct {
	fs.Host
	wrap func(fs.File) fs.File
}

func (h *filesHost) Open(path string, flag fs.OpenFlag, perm fs.FileMode) (fs.File, error) {
	f, err := h.Host.Open(path, flag, perm)
	if err != nil {
		return nil, err
	}
	return h.wrap(f), nil
}

// lostCondition is an error that says the same and is nothing that a caller could tell apart.
func lostCondition(err error) error {
	if err == nil {
		return nil
	}
	return errors.New(err.Error())
}
