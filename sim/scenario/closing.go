package scenario

import (
	"context"
	"slices"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/sim"
	"github.com/holdfast-lock/holdfast/sim/scenario/property"
)

// A process that has closed its locks is looked at so many times, with a pause between, before what has not ended counts as left behind.
const (
	settleLooks = 100
	settlePause = 20 * time.Millisecond
)

// leftTasks returns the tasks of a process that are no clients.
func (r *Runner) leftTasks(p *process) []*sim.Task {
	var left []*sim.Task
	for _, t := range p.sim.Tasks() {
		if t.ID() >= len(r.byTask) || r.byTask[t.ID()] == 0 {
			left = append(left, t)
		}
	}
	return left
}

// closeLocks ends a process that has nothing to do any more, unless it has holds left or is in a call, and takes stock of what it leaves.
func (r *Runner) closeLocks(c *client) {
	p := &r.processes[c.process]
	for i := range r.holds {
		if h := &r.holds[i]; h.open && h.process == c.process {
			return
		}
	}
	if len(p.bare) > 0 {
		return
	}
	for _, k := range r.program.processes[c.process].clients {
		if o := &r.clients[k]; o != c && !o.idle() { // in a call that nobody waited for, which may get it the lock
			return
		}
	}
	if r.program.processes[c.process].peer { // what it leaves is filelock's
		return
	}
	for _, l := range p.locks {
		if l != nil {
			l.Close()
		}
	}
	for range settleLooks { // what is about to begin or to end may do so
		if len(r.leftTasks(p)) == 0 {
			break
		}
		c.host().Sleep(context.Background(), settlePause+max(0, r.program.setup.Slack)) // each of them may be held up for so long at each look
	}
	l := &property.Leftover{Process: int32(c.process + 1), Files: p.sim.OpenFiles(), Watched: p.sim.Undropped()}
	for _, t := range r.leftTasks(p) {
		l.Tasks = append(l.Tasks, t.String()+" in "+t.Op().String())
	}
	if len(l.Files) > 0 {
		l.Locked = r.locked(p)
	}
	p.leftover = l
}

// locked returns the lock files that a process has locked.
func (r *Runner) locked(p *process) []int32 {
	var list []int32
	for i, name := range r.program.paths {
		info, err := r.disk().Lstat(rootUser, name)
		if err != nil {
			continue
		}
		table, err := p.sim.LockTable(name, info.ID)
		if err == nil && slices.ContainsFunc(table.Owners, func(o fs.LockOwner) bool { return o.PID == p.sim.PID() && !o.Waiting }) {
			list = append(list, int32(i+1))
		}
	}
	return list
}
