package scenario

import (
	"cmp"
	"math"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-lock/holdfast/sim"
	"github.com/holdfast-lock/holdfast/sim/scenario/property"
)

// prepare finds what does not depend on a run.
func (c *compiler) prepare() {
	if c.err != nil {
		return
	}
	s := c.scenario
	c.faults()
	for i, f := range s.Faults {
		if f.Process != "" && c.process(f.Process) < 0 {
			c.wrong("fault", i, "expected a process, not %q", f.Process)
		}
	}
	apart := len(c.machines) > 1 || slices.ContainsFunc(c.processes, func(p program) bool { return p.Container != "" })
	c.setup = property.Setup{Apart: apart, Processes: len(c.processes), Clients: len(c.clients), Slack: s.Slack, ReadOnly: s.Disk.ReadOnly, NoLocks: s.Disk.NoLocks, Times: s.Disk.Granularity, Polls: s.Disk.NoKernelWait}
	for _, k := range s.Locks {
		n := c.pathNumber(c.lockPath(k))
		c.setup.Locks = append(c.setup.Locks, property.Lock{Name: k.Name, Path: n, Kind: k.Kind, Soft: k.Kind != "" && k.Kind != "strict", Strict: k.Kind == "strict", Lifetime: c.lifetime(k), Lease: c.lease(k), Heartbeat: k.heartbeat(), Fencing: k.Fencing, Shared: k.Shared, Singleton: k.Singleton})
	}
	c.setup.Users = slices.ContainsFunc(c.processes, func(p program) bool { return p.User != c.processes[0].User })
	c.setup.Paths = len(c.paths)
	c.peers()
	c.bareLocks(c.steps)
	c.disturbances(c.steps)
	c.locksOfProcesses()
	c.troubles()
	slept := time.Duration(0)
	c.each(func(s *Step) {
		c.setup.Steps++
		if s.Verb == VerbAdvance || s.Verb == VerbSleep {
			slept += s.For
		}
		c.setup.ReadOnly = c.setup.ReadOnly || s.Verb == VerbRemount
		for _, p := range []string{s.Path, s.To} {
			if p != "" {
				c.named = append(c.named, path.Clean(p))
			}
		}
	})
	for _, f := range s.Files {
		c.named = append(c.named, path.Clean(f.Path))
	}
	if c.limit = s.Limit; c.limit == 0 {
		c.limit = min(c.setup.Settled(), longest-slept) + slept
	}
}

// longest is a time that no run lasts.
const longest = math.MaxInt64 / 2

// whole are the calls that a local disk does not report an error for if they have taken effect. Somebody who is told so would be wrong about what it holds, and no lock can help that.
var whole = []sim.Op{sim.OpLink, sim.OpRename, sim.OpRemove, sim.OpMkdir, sim.OpTryLock, sim.OpWaitLock, sim.OpUnlock, sim.OpAny}

// faults takes note of what the faults can do.
func (c *compiler) faults() {
	for i, f := range c.scenario.Faults {
		if f.Kind == sim.Error && f.After && slices.Contains(whole, f.Op) {
			c.wrong("fault", i, "expected before, or another call: a local disk reports no error for a call that has changed names or locks, such as %s", cmp.Or(f.Op, sim.OpUnlock))
		}
		c.power = c.power || f.Kind == sim.Power
		c.strikes++
		if f.Nth == 0 {
			c.strikes = math.MaxInt32
		}
		switch f.Kind {
		case sim.Delay:
			c.longestDelay = max(c.longestDelay, f.For)
		case sim.Stop:
			c.stopsForGood = c.stopsForGood || f.For == 0
		}
	}
}

// troubles finds the last step after which nothing goes wrong any more.
func (c *compiler) troubles() {
	c.lastTrouble = -1
	for i, o := range c.steps {
		if o.block != nil && len(o.block.strangers) > 0 || o.Verb >= VerbKill && o.Verb <= VerbRemount && o.Verb != VerbAdvance || o.Verb == VerbFork {
			c.lastTrouble = i
		}
	}
}

// bareLocks lets the properties know of whoever takes the lock of a lock file without a lock.Lock: a lock of another name, which is no scenario's.
func (c *compiler) bareLocks(ops []op) {
	for i := range ops {
		o := &ops[i]
		if o.block != nil {
			for _, list := range o.block.clients {
				c.bareLocks(list)
			}
		}
		if o.Verb != VerbFlock && o.Verb != VerbFunlock {
			continue
		}
		n := slices.Index(c.paths, path.Clean(o.Path))
		if n < 0 {
			continue
		}
		o.lock = slices.IndexFunc(c.setup.Locks, func(l property.Lock) bool { return l.Path == int32(n+1) && l.Name == bareName })
		if o.lock < 0 {
			o.lock = len(c.setup.Locks)
			c.setup.Locks = append(c.setup.Locks, property.Lock{Name: bareName, Path: int32(n + 1)})
		}
	}
}

// bareName is no name of a lock.
const bareName = "(flock)"

// lockPath returns the path of a lock as an absolute one. A relative one counts from the directory of the first process that has one.
func (c *compiler) lockPath(k Lock) string {
	dir := "/"
	for _, p := range c.processes {
		if p.WorkDir != "" {
			dir = p.WorkDir
			break
		}
	}
	if path.IsAbs(k.Path) {
		return path.Clean(k.Path)
	}
	return path.Join(dir, k.Path)
}

// pathNumber returns the number that the properties know a lock file by.
func (c *compiler) pathNumber(p string) int32 {
	i := slices.Index(c.paths, p)
	if i < 0 {
		i = len(c.paths)
		c.paths = append(c.paths, p)
	}
	return int32(i + 1)
}

// disturbances finds the strangers' steps that concern a lock file.
func (c *compiler) disturbances(ops []op) {
	for i := range ops {
		o := &ops[i]
		if o.block != nil {
			for _, list := range o.block.strangers {
				c.disturbances(list)
			}
			continue
		}
		switch o.Verb {
		case VerbRename, VerbRemove, VerbCreate, VerbLink, VerbSymlink, VerbMkdir, VerbMkfifo, VerbChmod:
			for n, p := range c.paths {
				if at, near := concerns(o.Path, p); at {
					o.path, o.near = int32(n+1), near
				} else if at, near := concerns(o.To, p); o.To != "" && at {
					o.path, o.near = int32(n+1), near
				}
			}
			if o.Verb >= VerbSymlink && o.Verb <= VerbChmod {
				o.near = true // what is there now can be no lock file for anybody
			}
		}
	}
}

// concerns reports whether what is done to a path is done to a lock file or to one beside it, and whether it can be to one beside it.
func concerns(touched, lockFile string) (at, near bool) {
	touched = path.Clean(touched)
	switch {
	case touched == lockFile:
		return true, false
	case strings.HasPrefix(touched, lockFile+"."), strings.HasPrefix(lockFile, touched+"/"):
		return true, true
	}
	return false, false
}

// locksOfProcesses finds which locks a process makes at its start: those that it uses without making them by a step of their own.
func (c *compiler) locksOfProcesses() {
	for i := range c.processes {
		p := &c.processes[i]
		used, made := make([]bool, len(c.scenario.Locks)), make([]bool, len(c.scenario.Locks))
		c.each(func(s *Step) {
			if n := c.lock(s.Lock); n >= 0 && processOf(s.Client) == p.Name {
				used[n] = true
				made[n] = made[n] || s.Verb == VerbOpen
			}
		})
		for n := range used {
			if !used[n] || made[n] {
				continue
			}
			for k := n; k >= 0 && !slices.Contains(p.opened, k); k = c.lock(c.scenario.Locks[k].Fallback) {
				p.opened = append(p.opened, k)
			}
		}
		slices.Sort(p.opened) // what another falls back to stands above it
	}
}
