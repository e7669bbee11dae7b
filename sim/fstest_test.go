package sim_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/fs/fstest"
	"github.com/holdfast-lock/holdfast/lock"
	"github.com/holdfast-lock/holdfast/lock/locktest"
	"github.com/holdfast-lock/holdfast/sim"
	"github.com/holdfast-lock/holdfast/sim/disk"
)

// inside is a process whose main does what it is told once the world runs.
type inside struct {
	*sim.Process
	t     *testing.T
	world *sim.World
	disk  *disk.Disk
	body  func()
}

const testDir = "/test"

func newInside(t *testing.T, c sim.Config, o disk.Options) *inside {
	h := &inside{t: t, world: sim.New(c), disk: disk.New(o)}
	if err := h.disk.Mkdir(disk.Cred{WorkDir: "/"}, testDir, 0o755, sim.Epoch); err != nil {
		t.Fatal(err)
	}
	h.Process = h.world.NewMachine("m", sim.Clock{}, h.disk).Start("a", func(*sim.Process) { h.body() })
	return h
}

// run runs the world until its processes have ended.
func (h *inside) run(body func()) {
	h.body = body
	if err := h.world.Run(); err != nil {
		h.t.Error(err)
	}
	if open := h.OpenFiles(); len(open) > 0 {
		h.t.Errorf("left open: %q", open)
	}
}

// conditions are under which the machine has to keep its promises: whatever the schedule, as long as no task is held up for longer than the suites have patience.
func conditions(t *testing.T, names []string, run func(t *testing.T, c sim.Config, o disk.Options)) {
	disks := map[string]disk.Options{
		"posix": {Durability: true, Granularity: 4 * time.Millisecond, ReuseInodes: true},
		"tmpfs": {Kind: disk.Tmpfs},
	}
	for i, name := range names {
		kind, strategy, _ := strings.Cut(name, " ")
		c := sim.Config{Seed: uint64(i), Strategy: parse(t, strategy), Slack: time.Duration(i) * time.Millisecond, Engine: sim.Engine(i % 2)}
		t.Run(name, func(t *testing.T) { run(t, c, disks[kind]) })
	}
}

// TestProcessIsAHost: everything that package fs promises. Few conditions: the suite collects garbage hundreds of times before it believes that nothing is ever dropped.
func TestProcessIsAHost(t *testing.T) {
	conditions(t, []string{"posix first", "tmpfs random", "posix pos"}, func(t *testing.T, c sim.Config, o disk.Options) {
		var h *inside
		fstest.TestHost(t, func(t *testing.T) (fs.Host, string) {
			h = newInside(t, c, o)
			return h, testDir
		},
			fstest.Within(func(_ fs.Host, body func()) { h.run(body) }),
			fstest.MustSupport(cando()...),
			fstest.Symlinks(func(oldname, newname string) error {
				return h.disk.Symlink(disk.Cred{WorkDir: "/"}, oldname, newname, sim.Epoch)
			}),
			fstest.FIFOs(func(path string) error { return h.disk.Mkfifo(disk.Cred{WorkDir: "/"}, path, 0o600, sim.Epoch) }))
	})
}

// cando returns what the machine must not lose: all but changes of files, of which it has no notification, and values that are dropped, of which nothing in it may know.
func cando() []fstest.Operation {
	var list []fstest.Operation
	for _, op := range fstest.Operations() {
		if op != fstest.Watch && op != fstest.OnDropped {
			list = append(list, op)
		}
	}
	return list
}

// TestLockInTheMachine: everything that package lock promises, between two processes.
func TestLockInTheMachine(t *testing.T) {
	conditions(t, []string{"posix first", "tmpfs first", "posix random", "tmpfs sticky", "posix sticky", "posix pct", "tmpfs pos", "posix pos"}, func(t *testing.T, c sim.Config, o disk.Options) {
		for seed := range uint64(10) {
			c.Seed = seed
			t.Run(fmt.Sprint("native seed ", seed), func(t *testing.T) {
				testLock(t, c, o, locktest.Fixture{New: func(path string, opts ...lock.Option) (locktest.Locker, error) { return lock.New(path, opts...) }})
			})
			t.Run(fmt.Sprint("soft seed ", seed), func(t *testing.T) {
				testLock(t, c, o, locktest.Fixture{NoHook: true, New: func(path string, opts ...lock.Option) (locktest.Locker, error) { return lock.NewSoft(path, opts...) }})
			})
			t.Run(fmt.Sprint("lease seed ", seed), func(t *testing.T) {
				testLock(t, c, o, locktest.Fixture{NoHook: true, NoLifetime: true, New: func(path string, opts ...lock.Option) (locktest.Locker, error) { return lock.NewLease(path, opts...) }})
			})
			t.Run(fmt.Sprint("strict seed ", seed), func(t *testing.T) {
				testLock(t, c, o, locktest.Fixture{NoHook: true, NoLifetime: true, New: func(path string, opts ...lock.Option) (locktest.Locker, error) { return lock.NewStrict(path, opts...) }})
			})
		}
	})
}

func testLock(t *testing.T, c sim.Config, o disk.Options, f locktest.Fixture) {
	locktest.Run(t, func(t *testing.T) locktest.Fixture {
		h := newInside(t, c, o)
		ended := h.NewEvent()
		peer := h.Machine().Start("b", func(p *sim.Process) { ended.Wait(context.Background()) })
		f.Host, f.Peer, f.Dir = h, peer, testDir
		f.Within = func(body func()) { h.run(func() { defer ended.Set(); body() }) }
		return f
	})
}
