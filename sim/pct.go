package sim

import "slices"

// PCT runs the task with the highest priority. Priorities are drawn when a task is first seen; Depth-1 times in a run, at places drawn at random, the task that would run next falls below all
// others. Whatever goes wrong because of so few orderings is found with a probability that does not fall with the length of the stall that it needs, as that of a random walk does
// (Burckhardt et al., A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs, 2010).
//
// A task that sleeps or yields falls below all others too, or one that polls could keep whom it waits for from running. So does every second task that a timer starts: one that sets the
// next timer is as good as one that polls.
type PCT struct {
	Depth  int // of the bug that is looked for: the number of orderings it needs; 0 means DefaultDepth
	Length int // how many decisions a run has, about, see [World.Decisions]; 0 means DefaultLength

	source   source
	priority []int64 // by Task.ID; 0 is not drawn yet
	lowest   int64   // that anybody has fallen to
	changes  []int   // decisions at which a task falls, in their order
	next     int     // of changes
	decision int
}

// The parameters of a [PCT] that says nothing else.
const (
	DefaultDepth  = 3   // an eviction race needs three: judged before, removed after, and taken in between
	DefaultLength = 128 // what four processes that take a lock three times have, to a power of two
)

// Begin implements [Strategy].
func (p *PCT) Begin(seed uint64) {
	depth, length := defaulted(p.Depth, DefaultDepth), defaulted(p.Length, DefaultLength)
	p.source = source{seed}
	p.priority = p.priority[:0]
	p.lowest, p.next, p.decision = 0, 0, 0
	p.changes = p.changes[:0]
	for range depth - 1 {
		p.changes = append(p.changes, p.source.below(length))
	}
	slices.Sort(p.changes)
}

// Pick implements [Strategy].
func (p *PCT) Pick(enabled []*Task, current *Task) *Task {
	if current != nil && current.idles() {
		p.fall(current)
	}
	top := p.highest(enabled)
	for p.next < len(p.changes) && p.changes[p.next] <= p.decision {
		p.next++
		p.fall(top)
		top = p.highest(enabled)
	}
	p.decision++
	return top
}

func (p *PCT) fall(t *Task) {
	p.lowest--
	*p.of(t) = p.lowest
}

func (p *PCT) highest(enabled []*Task) *Task {
	top := enabled[0]
	most := *p.of(top)
	for _, t := range enabled[1:] {
		if n := *p.of(t); n > most {
			top, most = t, n
		}
	}
	return top
}

// of returns the priority of a task.
func (p *PCT) of(t *Task) *int64 {
	for len(p.priority) <= t.ID() {
		p.priority = append(p.priority, 0)
	}
	n := &p.priority[t.ID()]
	switch {
	case *n != 0:
	case t.timed && p.source.next()&1 == 0:
		p.lowest--
		*n = p.lowest
	default:
		*n = int64(p.source.next()>>2) + 1 // above all that have fallen
	}
	return n
}
