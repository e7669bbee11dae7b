package scenario

import (
	"context"
	"errors"
	"fmt"

	"github.com/holdfast-lock/holdfast/sim/disk"
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
		r.bell.Set() // if the caller dies before it has, another one rings
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
	r.world.Fail(errors.New(text))
}
