package scenario

import (
	"github.com/holdfast-lock/holdfast/sim"
	"github.com/holdfast-lock/holdfast/sim/scenario/property"
)

// named is told of calls about names. It tells the properties what the engine looks at, and who puts and takes away what lies at the path of a lock.
func (r *Runner) named(p *sim.Process, op sim.Op, name, from string) {
	n := r.pathNumber(name)
	if op == sim.OpLstat {
		if n > 0 {
			e := property.Event{Kind: property.Looked, Process: r.numberOf(p), Path: n}
			if c := r.currentClient(); c != nil {
				e.Client = int32(c.index + 1)
			}
			r.told(e)
		}
		return
	}
	if op == sim.OpSetTimes {
		if n > 0 {
			r.told(property.Event{Kind: property.Refreshed, Process: r.numberOf(p), Path: n})
		}
		return
	}
	if op == sim.OpOpen && n > 0 {
		if c := r.currentClient(); c != nil && c.judged.looking {
			c.judged.file = r.File(n)
			return
		}
	}
	r.moved(p, n, op == sim.OpRemove)
	if from != "" {
		r.moved(p, r.pathNumber(from), false)
	}
}

// numberOf returns the number that the properties know a process by, 0 for one that is none of the scenario's.
func (r *Runner) numberOf(p *sim.Process) int32 {
	for i := range r.processes {
		if r.processes[i].sim == p {
			return int32(i + 1)
		}
	}
	return 0
}

// moved tells what has become of the file of a lock, if something has.
func (r *Runner) moved(p *sim.Process, path int32, removed bool) {
	if path == 0 {
		return
	}
	before, now := r.occupants[path-1], r.File(path)
	if before == now {
		return
	}
	r.occupants[path-1] = now
	e := property.Event{Process: r.numberOf(p), Path: path}
	if c := r.currentClient(); c != nil {
		e.Client = int32(c.index + 1)
	}
	if before != 0 {
		e.Kind, e.File = property.Taken, before
		r.told(e)
	}
	if removed {
		e.Kind = property.Removed
		r.told(e)
	}
	if now != 0 {
		e.Kind, e.File = property.Published, now
		r.told(e)
	}
}

// occupy takes note of what lies at the paths of the locks when it was nobody's doing.
func (r *Runner) occupy() {
	for i := range r.occupants {
		r.occupants[i] = r.File(int32(i + 1))
	}
}

func (r *Runner) pathNumber(name string) int32 {
	for i, p := range r.program.paths {
		if p == name {
			return int32(i + 1)
		}
	}
	return 0
}
