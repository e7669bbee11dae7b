package sim

// Sticky goes on with the running task, and picks any task at one decision in Odds: runs of one task are long, so that others are overtaken by much. A task that sleeps or yields is not
// gone on with.
type Sticky struct {
	Odds   int // 0 means DefaultOdds
	odds   int
	source source
}

// DefaultOdds is that of a [Sticky] that says nothing else. Fewer lose long stalls, more lose short races.
const DefaultOdds = 8

// Begin implements [Strategy].
func (s *Sticky) Begin(seed uint64) {
	s.odds = defaulted(s.Odds, DefaultOdds)
	s.source = source{seed}
}

// Pick implements [Strategy].
func (s *Sticky) Pick(enabled []*Task, current *Task) *Task {
	if s.source.below(s.odds) != 0 && goesOn(enabled, current) {
		return current
	}
	return enabled[s.source.below(len(enabled))]
}

// goesOn reports whether the running task can and wants to run on.
func goesOn(enabled []*Task, current *Task) bool {
	if current == nil || current.idles() {
		return false
	}
	for _, t := range enabled {
		if t == current {
			return true
		}
	}
	return false
}

// idles reports whether the task lets others run of its own accord: it polls, and gains nothing if it runs before them.
func (t *Task) idles() bool { return t.op == OpSleep || t.op == OpYield }

func defaulted(n, otherwise int) int {
	if n <= 0 {
		return otherwise
	}
	return n
}
