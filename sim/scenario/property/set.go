package property

import (
	"fmt"
	"time"
)

// Violation says that a property does not hold.
type Violation struct {
	Property string // "P1"
	Step     int
	Time     time.Duration
	Message  string // in one line
}

func (v *Violation) Error() string {
	return fmt.Sprintf("%s at step %d, %v: %s", v.Property, v.Step, v.Time, v.Message)
}

// violate takes note of the first violation.
func (f *facts) violate(property, format string, args ...any) {
	if f.violation == nil {
		f.violation = &Violation{property, f.step, f.now, fmt.Sprintf(format, args...)}
	}
}

// checker is one property.
type checker interface {
	begin(*facts)
	event(*facts, *Event)
	end(*facts, *Tables)
}

// Set is all properties that are judged within a run. The zero value is ready.
type Set struct {
	facts    facts
	checkers []checker
	waits    []checker // of these, those that are asked before the facts are brought up to date
	seen     sometimes
	event    Event // the one that is looked at
	tables   Tables
}

// Begin begins a run. Setup is not changed, and not copied.
func (s *Set) Begin(setup *Setup, w Witness) {
	if s.checkers == nil {
		// Of two that see a violation in the same event the first is named: the one that says more.
		s.checkers = []checker{new(takeover), new(exclusion), new(line), new(reentrancy), new(loss), new(fencing), new(recovery), new(errorDiscipline), new(ownNames),
			new(garbage), new(leaks), new(cost)}
		s.waits = []checker{new(progress), new(eviction), new(liveness)}
	}
	s.facts.begin(setup, w)
	for _, c := range s.checkers {
		c.begin(&s.facts)
	}
	for _, c := range s.waits {
		c.begin(&s.facts)
	}
	s.seen = sometimes{}
}

// Add tells what happened next.
func (s *Set) Add(e *Event) {
	s.event = *e
	if e.Lock != 0 && s.facts.Locks[e.Lock-1].Singleton {
		s.event.Lock = s.facts.one(e.Lock)
	}
	s.facts.now, s.facts.step = e.Time, e.Step
	for _, c := range s.waits { // whoever has waited in vain until now has done so, whatever happens now
		c.event(&s.facts, &s.event)
	}
	s.facts.update(&s.event)
	s.seen.event(&s.facts, &s.event)
	for _, c := range s.checkers {
		c.event(&s.facts, &s.event)
	}
}

// End ends the run.
func (s *Set) End(t *Tables) {
	s.facts.now, s.facts.step, s.tables = t.Time, t.Step, *t
	for _, c := range s.waits {
		c.end(&s.facts, &s.tables)
	}
	for _, c := range s.checkers {
		c.end(&s.facts, &s.tables)
	}
}

// Violation returns the first violation, nil if every property held so far.
func (s *Set) Violation() *Violation { return s.facts.violation }

// Excused reports whether peers have let somebody in beside a holder of a path, so that what clients saw of it is not to be judged.
func (s *Set) Excused(path int32) bool { return s.facts.paths[path-1].excused }

// Outlives reports whether the hold of a process that has died lasts.
func (s *Set) Outlives(path int32) bool { return s.facts.paths[path-1].strict }

// Seen returns which of the facts that should happen in some run have happened in this one.
func (s *Set) Seen() Facts { return s.seen.facts }

// Statement is a property in words.
type Statement struct{ Name, Sentence string }

// Statements returns the properties in the order of their numbers.
func Statements() []Statement {
	return []Statement{
		{"P1", exclusionSentence}, {"P4", lineSentence}, {"P5", reentrancySentence}, {"P6", progressSentence}, {"P7", evictionSentence}, {"P8", takeoverSentence},
		{"P9", fencingSentence}, {"P11", livenessSentence}, {"P12", recoverySentence}, {"P13", garbageSentence}, {"P14", ownNamesSentence}, {"P15", errorSentence},
		{"P16", lossSentence}, {"P17", leaksSentence}, {"P18", costSentence}, {"P19", DeterminismSentence}, {"P20", SometimesSentence},
	}
}
