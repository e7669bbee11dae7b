package scenario

import (
	"github.com/holdfast-lock/holdfast/sim"
	"github.com/holdfast-lock/holdfast/sim/scenario/property"
)

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
		c.judged = judged{}
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
