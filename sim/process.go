package sim

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/sim/disk"
)

// Process is a process on a machine, and what it sees of it: it is the [fs.Host] of the program that runs as it.
//
// Its methods as a host are called by its own tasks. Those that do something to it from outside ([Process.Kill], [Process.Stop], …) are called by any task.
type Process struct {
	world     *World
	machine   *Machine
	namespace *Namespace
	name      string
	serial    int // in the world, in the order of the starts
	pid       int
	outer     int           // the pid as the machine's own namespace has it
	started   uint64        // in ticks of the machine
	origin    time.Duration // that its monotonic clock shows at the start of the machine
	cred      disk.Cred
	main      *Task
	lastTask  int32
	dead      bool
	stopped   bool
	frozen    bool // stopped, or its machine is
	why       string
	source    source
	files     []*file // open, in the order of opening
	watched   []any   // objects whose loss somebody wants to know of
	local     []localValue
}

var _ fs.Host = (*Process)(nil)

type localValue struct{ key, value any }

// Start starts a process of the superuser. It ends when main returns. Its name is that of its tasks in schedules and traces; it should be the only one that has it.
func (n *Namespace) Start(name string, main func(*Process)) *Process {
	return n.StartAs(disk.Cred{WorkDir: "/"}, name, main)
}

// StartAs is Start for a user.
func (n *Namespace) StartAs(cred disk.Cred, name string, main func(*Process)) *Process {
	p := n.newProcess(cred, name)
	p.main = p.world.newTask(p, name, func() { main(p) })
	p.main.readyAt = p.world.now
	return p
}

func (n *Namespace) newProcess(cred disk.Cred, name string) *Process {
	w := n.machine.world
	n.lastPID++
	p := &Process{world: w, machine: n.machine, namespace: n, name: name, serial: len(w.processes), pid: n.lastPID, outer: n.lastPID, cred: cred}
	if root := n.machine.root; root != n {
		root.lastPID++
		p.outer = root.lastPID
	}
	w.processes = append(w.processes, p)
	p.started = uint64(w.now/(10*time.Millisecond)) + 1 // in ticks, as the kernel counts it
	p.source = source{scramble(w.config.Seed ^ hashString(name) ^ uint64(p.pid)<<32)}
	p.origin = time.Duration(scramble(p.source.state) % uint64(time.Hour))
	p.frozen = n.machine.suspended
	n.machine.processes = append(n.machine.processes, p)
	return p
}

// Start starts a process in the machine's own namespace, see [Namespace.Start].
func (m *Machine) Start(name string, main func(*Process)) *Process { return m.root.Start(name, main) }

// Name returns the name given to Start.
func (p *Process) Name() string { return p.name }

// Machine returns the machine that the process runs on.
func (p *Process) Machine() *Machine { return p.machine }

// Dead reports whether the process has ended.
func (p *Process) Dead() bool { return p.dead }

// Stopped reports whether the process was stopped and not continued.
func (p *Process) Stopped() bool { return p.stopped }

// Kill ends the process at once, as SIGKILL does: its files are closed by the kernel, what it wrote stays.
func (p *Process) Kill() { p.end("killed") }

// Stop stops the process, as SIGSTOP does, until [Process.Continue].
func (p *Process) Stop() {
	p.stopped = true
	p.freeze()
}

// Continue lets a stopped process go on.
func (p *Process) Continue() {
	p.stopped = false
	p.freeze()
}

// freeze brings up to date whether the process can run.
func (p *Process) freeze() {
	frozen := p.dead || p.stopped || p.machine.suspended
	if frozen == p.frozen {
		return
	}
	p.frozen = frozen
	if frozen {
		p.happened(Froze)
	} else {
		p.happened(Thawed)
	}
}

// end takes the process out of the world.
func (p *Process) end(why string) {
	if p.dead {
		return
	}
	p.dead, p.frozen, p.why = true, true, why
	w := p.world
	for _, t := range w.tasks {
		if t.proc == p && t.state != done {
			w.doomed = append(w.doomed, t)
		}
	}
	p.machine.processes = without(p.machine.processes, p)
	w.lockers = slices.DeleteFunc(w.lockers, func(t *Task) bool { return t.proc == p })
	for _, f := range p.files {
		f.drop()
	}
	p.files, p.watched, p.local = nil, nil, nil
	p.happened(Died)
	if w.config.Trace != nil {
		w.Note(p.name + " " + why)
	}
}

// Exec starts a process as a program that this one executes in a child of its own: it has the files of this process that are not closed on exec, and those given, which the
// parent passes on. It does nothing but hold them until it is killed.
func (p *Process) Exec(name string, inherited ...fs.File) *Process {
	child := p.namespace.newProcess(p.cred, name)
	for _, f := range inherited {
		child.inherit(f.(*file))
	}
	return child
}

// Fork starts a process that is a copy of this one and executes nothing: it shares every open file. It does nothing but hold them until it is killed.
func (p *Process) Fork(name string) *Process {
	files := make([]fs.File, len(p.files))
	for i, f := range p.files {
		files[i] = f
	}
	return p.Exec(name, files...)
}

// Open files of the process, for reports of what leaked.
func (p *Process) OpenFiles() []string {
	names := make([]string, len(p.files))
	for i, f := range p.files {
		names[i] = f.path
	}
	return names
}

// Undropped returns how many objects the program has asked to be told of the loss of, and not taken that back: the holds and locks that it has not let go.
func (p *Process) Undropped() int { return len(p.watched) }

// Tasks returns the tasks of the process that have not ended, pending timers included.
func (p *Process) Tasks() []*Task {
	var tasks []*Task
	for _, t := range p.world.tasks {
		if t.proc == p {
			tasks = append(tasks, t)
		}
	}
	return tasks
}

// PID implements [fs.Process].
func (p *Process) PID() int { return p.pid }

// UID implements [fs.Process].
func (p *Process) UID() uint32 { return uint32(p.cred.UID) }

// Self implements [fs.Process].
func (p *Process) Self() fs.Identity {
	return fs.Identity{PID: p.pid, Host: p.namespace.host, Boot: p.machine.boot(), Start: p.started, PIDNamespace: p.namespace.id}
}

// Liveness implements [fs.Process].
func (p *Process) Liveness(id fs.Identity) fs.Liveness {
	p.world.call(OpLiveness)
	switch self := p.Self(); {
	case id.PID <= 0 || id.Host != self.Host:
		return fs.Unknown
	case id.Boot != "" && id.Boot != self.Boot:
		return fs.Dead
	case id.PIDNamespace != 0 && id.PIDNamespace != self.PIDNamespace:
		return fs.Unknown
	}
	for _, other := range p.machine.processes {
		seen := other.namespace == p.namespace || id.PIDNamespace == 0 && p.namespace == p.machine.root
		if seen && other.pid == id.PID && (id.Start == 0 || other.started == id.Start) {
			return fs.Alive
		}
	}
	if id.PIDNamespace == 0 && p.namespace != p.machine.root {
		return fs.Unknown // it may be outside
	}
	return fs.Dead
}

// Random implements [fs.Random]. Every process has a stream of its own, so that what one draws changes nothing for the others.
func (p *Process) Random(b []byte) {
	for len(b) >= 8 {
		binary.LittleEndian.PutUint64(b, p.source.next())
		b = b[8:]
	}
	for i := range b {
		b[i] = byte(p.source.next())
	}
}

// Go implements [fs.Tasks].
func (p *Process) Go(name string, f func()) {
	p.world.call(OpGo)
	p.launch(name, f)
}

func (p *Process) launch(name string, f func()) {
	p.world.newTask(p, name, f).readyAt = p.world.now
}

// Local implements [fs.Process].
func (p *Process) Local(key any, make func() any) any {
	for _, l := range p.local {
		if l.key == key {
			return l.value
		}
	}
	v := make()
	p.local = append(p.local, localValue{key, v})
	return v
}

// OnDropped implements [fs.Tasks]. Nothing is ever dropped: when the garbage collector finds something out depends on everything else in the program, so it must not be known in the
// world. The objects are kept, which also keeps weak pointers to them alive.
func (p *Process) OnDropped(obj any, f func(obj any)) {
	for i := len(p.watched) - 1; i >= 0; i-- {
		if p.watched[i] == obj {
			if f == nil {
				p.watched = append(p.watched[:i], p.watched[i+1:]...)
			}
			return
		}
	}
	if f != nil {
		p.watched = append(p.watched, obj)
	}
}
