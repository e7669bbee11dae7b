package scenario

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-lock/holdfast/sim"
	"github.com/holdfast-lock/holdfast/sim/scenario/property"
	"github.com/holdfast-lock/holdfast/sim/scenario/python"
)

// told tells the properties what happened.
func (r *Runner) told(e property.Event) {
	r.event = e
	r.event.Time, r.event.Step = r.world.Now(), r.world.Steps()
	r.set.Add(&r.event)
	if v := r.set.Violation(); v != nil && r.finding == nil {
		r.violated(v)
		r.world.Fail(errFinished)
	}
}

// currentClient returns the client whose task runs, nil for another task.
func (r *Runner) currentClient() *client {
	t := r.world.Current()
	if t == nil || t.ID() >= len(r.byTask) || r.byTask[t.ID()] == 0 {
		return nil
	}
	return &r.clients[r.byTask[t.ID()]-1]
}

// ContextEnded implements [property.Witness].
func (r *Runner) ContextEnded(number int32) bool {
	ctx := r.holds[number].ctx
	if ctx == nil {
		return true
	}
	select {
	case <-ctx.Done(): // not Err, which asks the clock
		return true
	default:
		return false
	}
}

// InLine implements [property.Witness].
func (r *Runner) InLine(number int32) bool {
	t := r.clients[number-1].task
	return t != nil && t.Op() == sim.OpWait
}

// File implements [property.Witness]. Numbers of inodes are used again, so files are told apart by what they are.
func (r *Runner) File(number int32) uint64 {
	i, err := r.disk().Lookup(rootUser, r.program.paths[number-1])
	if err != nil || i == nil {
		return 0
	}
	for n := len(r.inodes); n > 0; n-- { // the last ones are looked for most
		if r.inodes[n-1] == i {
			return uint64(n)
		}
	}
	r.inodes = append(r.inodes, i)
	return uint64(len(r.inodes))
}

// Whole implements [property.Witness].
func (r *Runner) Whole(file uint64) (whole, empty bool) {
	content := r.inodes[file-1].Content()
	return python.IsRecord(content), len(content) == 0
}

// ClientName implements [property.Witness].
func (r *Runner) ClientName(number int32) string { return r.program.clients[number-1].name }

// ProcessName implements [property.Witness].
func (r *Runner) ProcessName(number int32) string { return r.program.processes[number-1].Name }

// PathName implements [property.Witness].
func (r *Runner) PathName(number int32) string { return r.program.paths[number-1] }

// tables takes stock at the end of a run.
func (r *Runner) tables(t *property.Tables) {
	for i := range r.processes {
		p := &r.processes[i]
		if p.leftover != nil {
			t.Left = append(t.Left, *p.leftover)
		}
		if p.sim.Dead() || p.sim.Stopped() || r.suspended(p) {
			continue
		}
		for _, c := range r.program.processes[i].clients {
			if r.clients[c].current != nil {
				t.Pending = append(t.Pending, int32(c+1))
			}
		}
	}
	var dirs []string
	for _, p := range r.program.paths {
		for _, dir := range [...]string{path.Dir(p), p + claimsSuffix} {
			if !slices.Contains(dirs, dir) {
				dirs = append(dirs, dir)
			}
		}
	}
	for _, dir := range dirs {
		for _, name := range r.leftovers(dir) {
			if r.program.setup.Peers != nil && isPeers(name) {
				continue
			}
			if strings.HasPrefix(path.Base(name), passingPrefix) || slices.ContainsFunc(r.program.paths, func(p string) bool { return strings.HasPrefix(name, p+".") }) {
				t.Names = append(t.Names, name)
			}
		}
	}
}

// verify compares what came of a step with what must come of it.
func (r *Runner) verify(o *op, res *result) {
	if o.Want.Outcome == Any || r.finding != nil {
		return
	}
	if text := o.mismatch(res, o.explains(res.err)); text != "" {
		r.fail(o.Step, "%s", text)
	}
}

// mismatch says in which respect something came to what is not wanted, "" if in none. explained says whether an error is the one that is wanted.
func (o *op) mismatch(res *result, explained bool) string {
	switch w := &o.Want; {
	case w.Outcome != res.outcome, w.Outcome == Failed && !explained:
		return "came to " + describe(res)
	case w.Token != 0 && w.Token != res.token:
		return fmt.Sprintf("has the fencing number %d", res.token)
	case w.Depth != 0 && w.Depth != res.depth:
		return fmt.Sprintf("is %d levels deep", res.depth)
	case w.Within != 0 && res.took > w.Within:
		return fmt.Sprintf("took %v", res.took)
	case w.Calls != 0 && res.calls > w.Calls:
		return fmt.Sprintf("made %d calls", res.calls)
	}
	return ""
}

// explains reports whether an error is the one that is wanted.
func (o *op) explains(err error) bool {
	if err == nil {
		return false
	}
	if o.errno != 0 {
		return errors.Is(err, o.errno)
	}
	return strings.Contains(err.Error(), o.Want.Text)
}

// describe says what came of a step.
func describe(res *result) string {
	text := res.outcome.String()
	if res.outcome == Any {
		return "done"
	}
	if res.outcome == Failed {
		text += " " + res.err.Error()
	}
	if res.token > 0 {
		text += fmt.Sprintf(" token=%d", res.token)
	}
	if res.depth > 1 {
		text += fmt.Sprintf(" depth=%d", res.depth)
	}
	return text
}

// entry is a line of the timeline.
type entry struct {
	at   time.Duration
	text string
}

// tell writes a step into the timeline, and its result into the trace.
func (r *Runner) tell(s *Step, res result) {
	if r.world.Tracing() {
		r.world.Note(r.line(s, &res))
	}
	if r.options.Timeline {
		r.story = append(r.story, entry{r.world.Now(), r.line(s, &res)})
	}
}

// tracePending writes the steps that have not come to their end into the trace: nothing else tells of a call that has no effect.
func (r *Runner) tracePending() {
	if r.options.Trace == nil {
		return
	}
	for i := range r.clients {
		if c := &r.clients[i]; c.current != nil && c.task != nil {
			plain := *c.current.Step
			plain.Want, plain.Async = Want{}, false
			r.options.Trace(sim.Record{Step: r.world.Steps(), Time: r.world.Now(), Task: c.task, Op: c.task.Op(), Detail: fmt.Sprintf("… pending: %s since %v", plain.String(), c.started)})
		}
	}
}

func (r *Runner) line(s *Step, res *result) string {
	plain := *s
	plain.Want, plain.Async = Want{}, false
	text := plain.String()
	if s.Verb == VerbWait && res.outcome == Any || res.outcome != Any {
		text += " -> " + describe(res)
	}
	return text
}

// timeline returns what came of the steps, a line each, in the order in which they ended. The times are rounded to what does not depend on how many calls somebody makes on the way.
func (r *Runner) timeline() string {
	var b strings.Builder
	for _, e := range r.story {
		fmt.Fprintf(&b, "%10.2fs  %s\n", e.at.Seconds(), e.text)
	}
	if r.finding != nil {
		fmt.Fprintf(&b, "finding: %s\n", r.finding.Property)
	}
	return b.String()
}

// difference says where two outputs differ.
func difference(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(a), len(b)) {
		x, y := "nothing", "nothing"
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if x != y {
			return fmt.Sprintf("line %d of the output is %q, and was recorded as %q", i+1, strings.TrimSpace(y), strings.TrimSpace(x))
		}
	}
	return "the output differs from what was recorded"
}

// ghosts says what nobody in the world knows.
func (r *Runner) ghosts() string {
	var facts []string
	for i := 1; i < len(r.holds); i++ {
		h := &r.holds[i]
		if !h.live {
			continue
		}
		text := fmt.Sprintf("%s holds %s since %v", r.program.clients[h.client].name, r.program.setup.Locks[h.lock].Name, h.since)
		if h.token > 0 {
			text += fmt.Sprintf(", token %d", h.token)
		}
		facts = append(facts, text)
	}
	for i := range r.processes {
		p := &r.processes[i]
		switch {
		case p.sim == nil:
		case p.sim.Dead() && r.program.processes[i].Name != "" && !r.clients[r.program.processes[i].clients[0]].closing:
			facts = append(facts, r.program.processes[i].Name+" is dead")
		case p.sim.Stopped():
			facts = append(facts, r.program.processes[i].Name+" is stopped")
		}
	}
	return strings.Join(facts, "; ")
}
