package sim

// Strategy decides who runs next. A strategy is used for one run at a time and must be a function of its parameters and of what it is told: no clock, no randomness of
// the process, no order of maps.
type Strategy interface {
	// Begin starts a run. Whatever the strategy draws at random, it draws from seed.
	Begin(seed uint64)
	// Pick returns the task to run next, one of enabled, which has two elements at least and is ordered by [Task.ID]. current is the task that ran last; it is among the
	// enabled ones if it could go on.
	Pick(enabled []*Task, current *Task) *Task
}

// firstOf is the policy that every schedule is described against: go on with the task that runs, unless it sleeps or yields; else take the one that is ready first, and of
// several the one with the lowest number.
func firstOf(enabled []*Task, current *Task) *Task {
	first := enabled[0]
	for _, t := range enabled {
		if t == current && t.op != OpSleep && t.op != OpYield {
			return t
		}
		if t.readyAt < first.readyAt {
			first = t
		}
	}
	return first
}

// Random picks any task, each with the same probability.
type Random struct{ source source }

// Begin implements [Strategy].
func (r *Random) Begin(seed uint64) { r.source = source{seed} }

// Pick implements [Strategy].
func (r *Random) Pick(enabled []*Task, _ *Task) *Task { return enabled[r.source.below(len(enabled))] }
