package scenario

import (
	iofs "io/fs"
	"path"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/sim"
	"github.com/holdfast-lock/holdfast/sim/disk"
	"github.com/holdfast-lock/holdfast/sim/scenario/property"
)

// act does a step that is nobody's.
func (r *Runner) act(o *op) {
	switch o.Verb {
	case VerbSleep, VerbAdvance:
		r.world.Sleep(o.For)
	case VerbAwaitStopped, VerbAwaitDead, VerbAwaitBlocked, VerbAwaitHeld:
		r.await(o)
	case VerbRename, VerbRemove, VerbCreate, VerbLink, VerbSymlink, VerbMkdir, VerbMkfifo, VerbChmod, VerbRemount:
		r.disturb(o)
	case VerbKill, VerbStop, VerbContinue, VerbStart, VerbCancel, VerbSuspend, VerbResume, VerbPower, VerbClock:
		r.befall(o)
	default:
		r.check(o)
		return
	}
	r.tell(o.Step, result{})
}

// befall does something to a process or machine.
func (r *Runner) befall(o *op) {
	switch {
	case o.child >= 0:
		child := r.children[o.child]
		switch {
		case child == nil:
			r.fail(o.Step, "there is no such child yet")
		case o.Verb == VerbKill:
			child.Kill()
		case o.Verb == VerbStop:
			child.Stop()
		default:
			child.Continue()
		}
		return
	case o.Verb == VerbCancel:
		c := &r.clients[o.target]
		if c.cancel != nil && !c.idle() {
			r.told(property.Event{Kind: property.Cancelled, Process: int32(c.process + 1), Client: int32(c.index + 1)})
			c.cancel(nil)
		}
		return
	}
	switch o.Verb {
	case VerbKill:
		r.processes[o.process].sim.Kill()
	case VerbStop:
		r.processes[o.process].byFault = false
		r.processes[o.process].sim.Stop()
	case VerbContinue:
		r.processes[o.process].sim.Continue()
	case VerbStart:
		r.start(o.process)
	case VerbSuspend:
		r.asleep[o.machine] = true
		r.machines[o.machine].Suspend()
	case VerbResume:
		r.asleep[o.machine] = false
		r.resume(o.machine)
	case VerbPower:
		r.asleep[o.machine] = false
		r.powerLoss(r.machines[o.machine], o.Keep)
	case VerbClock:
		r.machines[o.machine].StepClock(o.For)
	}
}

// resume ends a suspension, which has put off whatever was to happen after a time.
func (r *Runner) resume(machine int) {
	m := r.machines[machine]
	before := m.Slept()
	m.Resume()
	if m.Slept() == before {
		return
	}
	for i, p := range r.program.processes {
		if p.machine == machine {
			r.told(property.Event{Kind: property.Slept, Process: int32(i + 1), Until: m.Slept() - before})
		}
	}
}

// disturb does something to the files.
func (r *Runner) disturb(o *op) {
	d, now := r.disk(), sim.Epoch.Add(r.world.Now())
	var err error
	switch o.Verb {
	case VerbRename:
		err = d.Rename(rootUser, o.Path, o.To, now)
	case VerbRemove:
		err = d.RemoveAll(rootUser, o.Path, now)
	case VerbCreate:
		if err = makeDirs(d, path.Dir(o.Path), now); err == nil {
			err = d.WriteFile(rootUser, o.Path, []byte(o.Text), 0o666, now)
		}
	case VerbLink:
		err = d.Link(rootUser, o.Path, o.To, now)
	case VerbSymlink:
		err = d.Symlink(rootUser, o.Text, o.Path, now)
	case VerbMkdir:
		if err = makeDirs(d, path.Dir(o.Path), now); err == nil {
			mode := fs.FileMode(0o777)
			if o.Mode != 0 {
				mode = dirMode(o.Mode)
			}
			err = d.Mkdir(rootUser, o.Path, mode, now)
		}
	case VerbMkfifo:
		err = d.Mkfifo(rootUser, o.Path, 0o666, now)
	case VerbChmod:
		err = chmod(d, o.Path, fs.FileMode(o.Mode))
	case VerbRemount:
		d.SetReadOnly(o.Text == "ro")
	}
	r.occupy()
	if err == nil && o.path > 0 {
		r.told(property.Event{Kind: property.Disturbed, Path: o.path, Gone: o.near})
		r.spoilHistory(o.path)
	}
	if err != nil && r.block == nil {
		r.fail(o.Step, "%v", err)
	}
}

func chmod(d *disk.Disk, name string, mode fs.FileMode) error {
	f, err := d.Open(rootUser, name, fs.ReadOnly|fs.NonBlock, 0, sim.Epoch)
	if err != nil {
		return err
	}
	err = f.Chmod(mode)
	f.Close()
	return err
}

// dirMode returns permission bits, with the sticky bit, as Go has them.
func dirMode(m uint32) fs.FileMode {
	mode := fs.FileMode(m & 0o777)
	if m&0o1000 != 0 {
		mode |= iofs.ModeSticky
	}
	return mode
}

// await waits for something that nobody tells: it looks again and again, first often and then not so often.
func (r *Runner) await(o *op) {
	const first, most = 10 * time.Microsecond, 10 * time.Millisecond
	for pause := first; r.finding == nil && !r.there(o); pause = min(pause+pause/4, most) {
		r.world.Sleep(pause)
	}
}

// there reports whether what is awaited has come.
func (r *Runner) there(o *op) bool {
	switch o.Verb {
	case VerbAwaitStopped:
		return r.processes[o.process].sim.Stopped()
	case VerbAwaitDead:
		return r.processes[o.process].sim.Dead()
	case VerbAwaitBlocked:
		c := &r.clients[o.target]
		return c.current != nil && c.task != nil && !c.idle() && c.task.Blocked() && (o.Op == sim.OpAny || c.task.Op() == o.Op)
	case VerbAwaitHeld:
		return r.holder(o) > 0
	}
	return true
}
