package sim

import "fmt"

// Deviation is one decision of a schedule that the policy of a run without a strategy would not have made. It names its place by the task
// that ran and how many calls that task had made, so that it keeps its meaning when other tasks do more or less.
type Deviation struct {
	Task  string // as [Task.String]; "world" with no calls is the beginning
	Calls int    // of the task by then, see [Task.Calls]
	Next  string // the task that ran then
}

// String returns the deviation as it stands in a scenario, "a#12 b".
func (d Deviation) String() string { return fmt.Sprintf("%s#%d %s", d.Task, d.Calls, d.Next) }

// Replay runs a schedule again. A deviation whose task cannot run in its place is passed over.
type Replay struct {
	Deviations []Deviation
	left       []Deviation
}

// Begin implements [Strategy].
func (r *Replay) Begin(uint64) { r.left = append(r.left[:0], r.Deviations...) }

// Pick implements [Strategy].
func (r *Replay) Pick(enabled []*Task, current *Task) *Task {
	name, calls := nameOf(current), callsOf(current)
	for i, d := range r.left {
		if d.Calls != calls || d.Task != name {
			continue
		}
		r.left = append(r.left[:i], r.left[i+1:]...)
		for _, t := range enabled {
			if t.String() == d.Next {
				return t
			}
		}
		break
	}
	return firstOf(enabled, current)
}
