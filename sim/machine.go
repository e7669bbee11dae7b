package sim

import (
	"strconv"
	"strings"
	"time"

	"github.com/holdfast-lock/holdfast/sim/disk"
)

// Machine is a computer: a boot, clocks, disks, and processes.
type Machine struct {
	world       *World
	name        string
	index       int
	clock       Clock
	boots       int
	started     time.Duration // of the present boot
	slept       time.Duration // how long it was suspended since
	suspended   bool
	suspendedAt time.Duration
	mounts      []mount // longest path first
	root        *Namespace
	namespaces  int
	processes   []*Process // that are not dead, in the order of their start
}

type mount struct {
	path string
	disk *disk.Disk
}

// NewMachine adds a machine with the given host name, whose root directory lies on d.
func (w *World) NewMachine(name string, clock Clock, d *disk.Disk) *Machine {
	if clock.Start.IsZero() {
		clock.Start = Epoch
	}
	m := &Machine{world: w, name: name, index: len(w.machines), clock: clock, mounts: []mount{{"/", d}}}
	m.root = m.NewNamespace(name)
	w.machines = append(w.machines, m)
	return m
}

// Name returns the host name.
func (m *Machine) Name() string { return m.name }

// Mount puts a disk at path. The disk knows its directories by their full paths, and that of path must exist on it. Several machines can mount one disk.
func (m *Machine) Mount(path string, d *disk.Disk) {
	i := 0
	for i < len(m.mounts) && len(m.mounts[i].path) >= len(path) {
		i++
	}
	m.mounts = append(m.mounts[:i], append([]mount{{path, d}}, m.mounts[i:]...)...)
}

// Disk returns the disk that a path lies on.
func (m *Machine) Disk(path string) *disk.Disk {
	for _, mt := range m.mounts {
		if mt.path == "/" || path == mt.path || strings.HasPrefix(path, mt.path) && path[len(mt.path)] == '/' {
			return mt.disk
		}
	}
	return m.mounts[len(m.mounts)-1].disk
}

// boot returns the id of the present boot.
func (m *Machine) boot() string {
	return "boot-" + strconv.Itoa(m.index) + "-" + strconv.Itoa(m.boots)
}

// Suspend stops the machine, its monotonic clock included, until [Machine.Resume].
func (m *Machine) Suspend() {
	if m.suspended {
		return
	}
	m.suspended, m.suspendedAt = true, m.world.now
	m.freeze()
}

// Resume ends a suspension. What was to happen after a time happens as much later as the suspension lasted.
func (m *Machine) Resume() {
	if !m.suspended {
		return
	}
	d := m.world.now - m.suspendedAt
	m.suspended = false
	m.slept += d
	for _, t := range m.world.tasks {
		if t.proc.machine == m && t.state == ready && t.sleeps && t.readyAt < 1<<63-1-d {
			t.readyAt += d
		}
	}
	m.freeze()
}

// Slept returns for how long the machine has been suspended so far, without the suspension under way.
func (m *Machine) Slept() time.Duration { return m.slept }

func (m *Machine) freeze() {
	for _, p := range m.processes {
		p.freeze()
	}
}

// PowerLoss ends everything on the machine at once and starts it anew: its processes are gone, its disks are what lost returns for them, which is how a test says what survived. A disk
// that is mounted on several machines is lost once.
func (m *Machine) PowerLoss(lost func(*disk.Disk) *disk.Disk) {
	for len(m.processes) > 0 {
		m.processes[len(m.processes)-1].end("lost power")
	}
	for i, mt := range m.mounts {
		m.mounts[i].disk = lost(mt.disk)
	}
	m.boots++
	m.started, m.slept, m.suspended = m.world.now, 0, false
	m.root.lastPID = firstPID
}

// Namespace is a pid namespace of a machine: a container. Its processes see it as their machine's, and other processes' numbers mean nothing to them.
type Namespace struct {
	machine *Machine
	id      uint64
	host    string
	lastPID int
}

// firstPID is below the numbers of the processes in a machine's own namespace; the first process in a container has 1.
const firstPID = 100

// NewNamespace adds a container with the given host name.
func (m *Machine) NewNamespace(host string) *Namespace {
	n := &Namespace{machine: m, id: uint64(m.index)<<32 | uint64(m.namespaces) + 1, host: host}
	if m.namespaces == 0 {
		n.lastPID = firstPID
	}
	m.namespaces++
	return n
}

// ReusePID lets the next process of the namespace have the given number.
func (n *Namespace) ReusePID(pid int) { n.lastPID = pid - 1 }

// Namespace returns the machine's own.
func (m *Machine) Namespace() *Namespace { return m.root }
