package scenario

import (
	"context"
	"fmt"
	iofs "io/fs"
	"path"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/sim"
	"github.com/holdfast-lock/holdfast/sim/disk"
	"github.com/holdfast-lock/holdfast/sim/scenario/property"
)

// rootUser may do everything.
var rootUser = disk.Cred{WorkDir: "/"}

// conduct does the steps that are nobody's, and has the clients do theirs. It is a task of the world's.
func (r *Runner) conduct() {
	p := r.program
	for r.position = range p.steps {
		o := &p.steps[r.position]
		switch {
		case o.block != nil:
			if r.block != o.block {
				r.open(o.block)
			}
			r.wait(r.blockDone)
			r.block = nil
		case o.client >= 0:
			r.clientStep(o)
		default:
			r.act(o)
		}
		r.passed++
		r.settle()
		if r.finding != nil {
			break
		}
	}
	r.finish()
	r.world.Fail(errFinished)
}

// open begins a block. It is called before the run too.
func (r *Runner) open(b *block) {
	r.block = b
	r.strangers = len(b.strangers)
	for i, job := range b.clients {
		if len(job) > 0 {
			r.clients[i].give(job)
		}
	}
	for i := range b.strangers {
		ops := b.strangers[i]
		r.world.God("stranger", func() {
			for i := range ops {
				r.act(&ops[i])
			}
			r.strangers--
			r.settle()
			r.ring()
		})
	}
}

// blockDone reports whether everybody in the block has done what can be done: who is stopped, with nobody left to continue it, does nothing any more.
func (r *Runner) blockDone() bool {
	if r.strangers > 0 {
		return false
	}
	for i := range r.clients {
		c := &r.clients[i]
		if len(r.block.clients[i]) == 0 || c.idle() {
			continue
		}
		if p := &r.processes[c.process]; !p.sim.Stopped() && !r.suspended(p) || p.byFault && !r.program.stopsForGood {
			return false
		}
	}
	return true
}

func (r *Runner) suspended(p *process) bool { return r.asleep[r.program.processes[p.index].machine] }

// wait lets others run until a condition holds, which is looked at whenever somebody has done something, or died.
func (r *Runner) wait(condition func() bool) {
	for r.finding == nil && !condition() {
		r.awaited = condition
		r.bell = r.processes[0].sim.NewEvent()
		r.bell.Wait(context.Background())
	}
	r.awaited = nil
}

// ring wakes the conductor if what it waits for has come. The task that calls it may lose its turn.
func (r *Runner) ring() {
	if r.awaited != nil && (r.finding != nil || r.awaited()) {
		r.awaited = nil
		r.bell.Set()
	}
}

// clientStep has a client do a step, and waits until it is done unless it is not to be waited for.
func (r *Runner) clientStep(o *op) {
	c := &r.clients[o.client]
	p := &r.processes[c.process]
	if o.Verb == VerbWait && c.last == nil && c.current == nil && len(c.job) == 0 && !p.sim.Dead() {
		r.fail(o.Step, "there is nothing to wait for") // it died since, and was started anew
		return
	}
	if o.Verb != VerbWait {
		if p.sim.Dead() {
			res := result{outcome: Dead}
			r.tell(o.Step, res)
			r.verify(o, &res)
			return
		}
		c.give(r.program.steps[r.position : r.position+1])
		if o.Async {
			return
		}
	}
	r.wait(func() bool { return c.idle() || r.stuckInStop(p) })
	if r.finding != nil || o.Verb != VerbWait && c.idle() {
		return
	}
	switch {
	case !c.idle():
		r.fail(o.Step, "%s is stopped, and nobody is there to continue it", p.sim.Name())
	case p.sim.Dead():
		res := result{outcome: Dead}
		c.last = nil
		r.tell(o.Step, res)
		r.verify(o, &res)
	default:
		c.last = nil
		r.tell(o.Step, c.result)
		r.verify(o, &c.result)
	}
}

// stuckInStop reports whether a process is stopped and will not go on by itself.
func (r *Runner) stuckInStop(p *process) bool {
	return (p.sim.Stopped() || r.suspended(p)) && (!p.byFault || r.program.stopsForGood)
}

// finish has the processes that still run close their locks and end.
func (r *Runner) finish() {
	closing := 0
	for i := range r.processes {
		p := &r.processes[i]
		if p.sim.Dead() || p.sim.Stopped() || r.suspended(p) || r.finding != nil {
			continue
		}
		c := &r.clients[r.program.processes[i].clients[0]]
		if !c.idle() || c.last != nil {
			continue
		}
		c.closing = true
		closing++
		c.give(nil)
	}
	r.wait(func() bool {
		for i := range r.processes {
			p := &r.processes[i]
			if c := &r.clients[r.program.processes[i].clients[0]]; c.closing && !p.sim.Dead() && !p.sim.Stopped() && !r.suspended(p) {
				return false
			}
		}
		return true
	})
}

// expire is what happens when the run has lasted too long.
func (r *Runner) expire() {
	if r.finding != nil {
		return
	}
	text := "the run has not ended in its time"
	if r.position < len(r.program.steps) {
		if o := &r.program.steps[r.position]; o.block == nil && o.client < 0 {
			text += "; it has come to " + o.String()
		}
	}
	for i := range r.clients {
		if c := &r.clients[i]; c.current != nil && !c.idle() {
			text += fmt.Sprintf("; %s is in %s since %v", r.program.clients[i].name, c.current.String(), c.started)
			if r.processes[c.process].sim.Stopped() {
				text += ", and is stopped"
			}
		}
	}
	r.finding = r.newFinding(findingLimit, 0, text)
	r.world.Fail(errFinished)
}

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
		r.machines[o.machine].Resume()
	case VerbPower:
		r.asleep[o.machine] = false
		r.powerLoss(r.machines[o.machine], o.Keep)
	case VerbClock:
		r.machines[o.machine].StepClock(o.For)
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

// watch is told what befalls a process.
func (r *Runner) watch(p *sim.Process, what sim.Happening) {
	i := 0
	for i < len(r.processes) && r.processes[i].sim != p {
		i++
	}
	if i == len(r.processes) {
		return // a child, or one of before
	}
	proc := &r.processes[i]
	e := property.Event{Process: int32(i + 1)}
	switch what {
	case sim.Died:
		e.Kind = property.Died
		r.diedWith(proc)
	case sim.Froze:
		e.Kind = property.Frozen
		proc.frozenAt = r.world.Now()
	case sim.Thawed:
		e.Kind = property.Thawed
		r.recordStop(proc)
		proc.byFault = false
	case sim.Struck:
		e.Kind, e.Until = property.Struck, r.world.Now()+r.program.longestDelay
		proc.byFault = true
		r.struck++
	}
	r.told(e)
	if what != sim.Struck && r.awaited != nil {
		r.world.After(0, r.ring)
	}
}

// diedWith takes note of what a process has not done.
func (r *Runner) diedWith(p *process) {
	r.recordDeath(p)
	for i := range r.holds {
		if h := &r.holds[i]; h.process == p.index {
			h.live, h.open = false, false
		}
	}
	for i, s := range r.program.slots {
		if s.process == p.index {
			r.slots[i] = 0
		}
	}
	for _, i := range r.program.processes[p.index].clients {
		c := &r.clients[i]
		o := c.current
		if o == nil && r.block == nil && len(c.job) > 0 { // it was told, and had not begun
			o, c.job = &c.job[0], nil
		}
		c.current, c.cancel, c.event, c.task, c.last = nil, nil, nil, nil, nil
		if c.closing {
			continue
		}
		if o != nil && !o.Async {
			res := result{outcome: Dead}
			r.tell(o.Step, res)
			r.verify(o, &res)
		}
	}
}

// settle tells the properties when nothing can go wrong any more.
func (r *Runner) settle() {
	if r.calm || r.strangers > 0 || r.struck < r.program.strikes {
		return
	}
	if last := r.program.lastTrouble; r.passed < last || r.passed == last && r.block == nil {
		return
	}
	for i := range r.processes {
		if p := &r.processes[i]; p.sim != nil && !p.sim.Dead() && (p.sim.Stopped() || r.suspended(p)) {
			return
		}
	}
	r.calm = true
	r.told(property.Event{Kind: property.Calm})
}
