package model_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/lock"
	"github.com/holdfast-lock/holdfast/sim"
	"pgregory.net/rapid"
)

// queuePlan is tasks of one process that wait for a lock in line, some of which give up. Another process holds the lock from time to time. Every step has had all its
// consequences before the next one, so that there is one right line.
type queuePlan struct{ Steps []queueStep }

// rushPlan is a queuePlan in which steps follow each other at once where they are told to. Who is just about to get in may give up then, and either can happen; but nobody is overtaken,
// and nobody is lost.
type rushPlan struct{ Steps []queueStep }

// queueStep is something that happens to the line.
type queueStep struct {
	Do    string
	Place int // of who gives up, among those that wait
	For   int // tens of milliseconds
	Rush  int // microseconds until the next step of a rushPlan; 0 if that waits until nothing happens any more
}

var queueSteps = steps(rapid.Custom(func(t *rapid.T) queueStep {
	return queueStep{
		Do: rapid.SampledFrom([]string{
			"arrive", "arrive", "arrive", "arrive for", "give up", "release", "release", "they try", "they release", "pass time",
		}).Draw(t, "do"),
		Place: rapid.IntRange(0, 3).Draw(t, "place"),
		For:   rapid.IntRange(1, 6).Draw(t, "for"),
		Rush:  rapid.IntRange(0, 30).Draw(t, "rush"),
	}
}), 1)

// waiter is a task and what became of it.
type waiter struct {
	number int
	cancel context.CancelCauseFunc
	gone   time.Duration // when it gives up if it is not inside by then; 0 if it does not
	told   bool          // the acquisition has returned
	hold   *lock.Hold
	err    error
}

// queueGame is a play of a queuePlan or rushPlan.
type queueGame struct {
	*stage
	begun   time.Duration
	proc    *sim.Process
	others  *sim.Process
	locks   [2]*lock.Lock // waiters use them in turns: the line is that of the file
	theirs  *lock.Lock
	held    *lock.Hold // by the other process
	waiters []*waiter
	inside  *waiter
	entered []int // numbers of the waiters in the order in which they got in
	wrong   error // what tasks found out that nobody waits for
}

func newQueueGame(s *stage) (*queueGame, error) {
	g := &queueGame{stage: s, proc: s.start("a"), others: s.start("b")}
	var err error
	for i := range g.locks {
		if g.locks[i], err = s.open(g.proc); err != nil {
			return nil, err
		}
	}
	g.theirs, err = s.open(g.others)
	g.begun = s.Now()
	return g, err
}

// settle passes time until all that can happen has happened, and the next ten milliseconds begin. Timeouts end half-way in between.
func (g *queueGame) settle() { g.Sleep(tens - (g.Now()-g.begun)%tens) }

// arrive lets a task begin to acquire the lock. It gives up after d, unless that is 0.
func (g *queueGame) arrive(d time.Duration) *waiter {
	w := &waiter{number: len(g.waiters)}
	g.waiters = append(g.waiters, w)
	ctx, cancel := g.proc.WithCancel(background)
	w.cancel = cancel
	timeout := time.Duration(-1)
	if d > 0 {
		timeout, w.gone = d, g.Now()+d
	}
	g.begin(g.proc, func() {
		w.hold, w.err = g.locks[w.number%2].Acquire(ctx, lock.Timeout(timeout))
		w.told = true
		if w.err == nil {
			g.enter(w, w.hold)
		}
	})
	return w
}

// enter takes note of who got in, which is a waiter or the other process.
func (g *queueGame) enter(w *waiter, h *lock.Hold) {
	if g.inside != nil || g.held != nil {
		g.wrong = errors.New("two are inside")
	}
	if w == nil {
		g.held = h
		return
	}
	g.inside = w
	g.entered = append(g.entered, w.number)
}

// release lets the waiter out that is inside, and returns what is set when it is.
func (g *queueGame) release() fs.Event {
	h := g.inside.hold
	g.inside = nil
	return g.begin(g.proc, func() { g.wrong = cmp.Or(g.wrong, h.Release()) })
}

// theyTry lets the other process make one attempt, and reports whether it got the lock.
func (g *queueGame) theyTry() (got bool, err error) {
	g.do(g.others, func() {
		var h *lock.Hold
		if h, err = g.theirs.TryAcquire(background); err == nil {
			g.enter(nil, h)
		}
	})
	if err != nil {
		return false, waited(err, lock.ErrTimeout, 0, 0)
	}
	return true, nil
}

func (g *queueGame) theyRelease() (err error) {
	h := g.held
	g.held = nil
	g.do(g.others, func() { err = h.Release() })
	return err
}

// giveUp ends the context of a waiter.
func (g *queueGame) giveUp(w *waiter) {
	w.gone = g.Now()
	w.cancel(nil)
}

// answer says what is wrong with what a waiter was told so far.
func (g *queueGame) answer(w *waiter) error {
	switch {
	case !w.told || w.err == nil:
		return nil
	case w.gone == 0 || w.gone > g.Now():
		return fmt.Errorf("waiter %d, who does not give up, was told: %w", w.number, w.err)
	case !errors.Is(w.err, context.Canceled) && !errors.Is(w.err, lock.ErrTimeout):
		return fmt.Errorf("waiter %d, who gave up, was told: %w", w.number, w.err)
	}
	return nil
}

// leave makes sure that the lock is free, closes the Locks, and looks for what is left.
func (g *queueGame) leave() error {
	if got, err := g.theyTry(); !got {
		return fmt.Errorf("everybody has left, and the lock is not free (error %v)", err)
	}
	if err := g.theyRelease(); err != nil {
		return err
	}
	g.do(g.proc, func() {
		g.locks[0].Close()
		g.locks[1].Close()
	})
	g.Sleep(time.Second)
	return cmp.Or(g.watches(g.proc), g.traces(g.proc))
}

// line is what the model is of a queue.
type line struct {
	inside  *waiter
	theirs  bool
	waiting []*waiter
	entered []int
}

// admit lets the first one in if nobody is inside.
func (l *line) admit() {
	if l.inside == nil && !l.theirs && len(l.waiting) > 0 {
		l.inside, l.waiting = l.waiting[0], l.waiting[1:]
		l.entered = append(l.entered, l.inside.number)
	}
}

// lose takes out who has given up by now.
func (l *line) lose(now time.Duration) {
	l.waiting = slices.DeleteFunc(l.waiting, func(w *waiter) bool { return w.gone > 0 && w.gone <= now })
}

func (l *line) String() string {
	text := "nobody is inside"
	if l.inside != nil {
		text = fmt.Sprintf("waiter %d is inside", l.inside.number)
	} else if l.theirs {
		text = "the other process is inside"
	}
	for i, w := range l.waiting {
		text += fmt.Sprintf("%s %d", [...]string{", then", ""}[min(i, 1)], w.number)
	}
	return text
}

func (p queuePlan) play(s *stage) error {
	g, err := newQueueGame(s)
	if err != nil {
		return err
	}
	l := new(line)
	for i, step := range p.Steps {
		err := g.step(l, step)
		if err == nil {
			l.admit()
			g.settle()
			l.lose(g.Now())
			err = g.compare(l)
		}
		s.say("%s: %v", step.Do, l)
		if err != nil {
			return fmt.Errorf("step %d, %s: %w (%v)", i, step.Do, err, l)
		}
	}
	for l.theirs || l.inside != nil {
		out := queueStep{Do: "release"}
		if l.theirs {
			out.Do = "they release"
		}
		if err := g.step(l, out); err != nil {
			return fmt.Errorf("in the end: %w (%v)", err, l)
		}
		l.admit()
		g.settle()
		l.lose(g.Now())
		if err := g.compare(l); err != nil {
			return fmt.Errorf("in the end: %w (%v)", err, l)
		}
	}
	return g.leave()
}

func (g *queueGame) step(l *line, step queueStep) error {
	switch step.Do {
	case "arrive":
		l.waiting = append(l.waiting, g.arrive(0))
	case "arrive for":
		l.waiting = append(l.waiting, g.arrive(time.Duration(step.For)*tens+tens/2))
	case "give up":
		if n := len(l.waiting); n > 0 {
			g.giveUp(l.waiting[step.Place%n])
		}
	case "release":
		if l.inside != nil {
			l.inside = nil
			g.release().Wait(background)
		}
	case "they try":
		if l.theirs {
			return nil
		}
		got, err := g.theyTry()
		if err != nil {
			return err
		}
		if got != (l.inside == nil) {
			return fmt.Errorf("one attempt got the lock: %t", got)
		}
		l.theirs = got
	case "they release":
		if l.theirs {
			l.theirs = false
			return g.theyRelease()
		}
	case "pass time":
		g.Sleep(time.Duration(step.For) * tens)
	}
	return nil
}

// compare compares what the waiters were told with the line.
func (g *queueGame) compare(l *line) error {
	if g.wrong != nil {
		return g.wrong
	}
	if !slices.Equal(g.entered, l.entered) {
		return fmt.Errorf("%v got in, want %v", g.entered, l.entered)
	}
	for _, w := range g.waiters {
		if told := !slices.Contains(l.waiting, w); told != w.told {
			return fmt.Errorf("waiter %d has an answer: %t", w.number, w.told)
		}
		if err := g.answer(w); err != nil {
			return err
		}
	}
	return nil
}

func (p rushPlan) play(s *stage) error {
	g, err := newQueueGame(s)
	if err != nil {
		return err
	}
	for i, step := range p.Steps {
		err := g.rush(step)
		if step.Rush > 0 && step.Do != "arrive" && step.Do != "arrive for" { // who comes at the same time can come in any order
			g.Sleep(time.Duration(step.Rush) * time.Microsecond)
		} else {
			g.settle()
		}
		s.say("%s: %v got in", step.Do, g.entered)
		if err = cmp.Or(err, g.wrong); err != nil {
			return fmt.Errorf("step %d, %s: %w", i, step.Do, err)
		}
	}
	for g.settle(); g.held != nil || g.inside != nil; g.settle() {
		out := queueStep{Do: "release"}
		if g.held != nil {
			out.Do = "they release"
		}
		if err := cmp.Or(g.rush(out), g.wrong); err != nil {
			return fmt.Errorf("in the end: %w", err)
		}
	}
	for _, w := range g.waiters {
		if !w.told {
			return fmt.Errorf("waiter %d has no answer, and nobody is inside", w.number)
		}
		if err := g.answer(w); err != nil {
			return err
		}
	}
	if !slices.IsSorted(g.entered) {
		return fmt.Errorf("they arrived in the order of their numbers, and got in as %v", g.entered)
	}
	return g.leave()
}

// rush is a step that takes things as they are.
func (g *queueGame) rush(step queueStep) (err error) {
	switch step.Do {
	case "arrive":
		g.arrive(0)
	case "arrive for":
		g.arrive(time.Duration(step.For) * tens) // ends when something else begins
	case "give up":
		waiting := slices.DeleteFunc(slices.Clone(g.waiters), func(w *waiter) bool { return w.told })
		if n := len(waiting); n > 0 {
			g.giveUp(waiting[step.Place%n])
		}
	case "release":
		if g.inside != nil {
			g.release() // and the next step follows, maybe, when it has just begun
		}
	case "they try":
		if g.held == nil {
			_, err = g.theyTry()
		}
	case "they release":
		if g.held != nil {
			return g.theyRelease()
		}
	case "pass time":
		g.Sleep(time.Duration(step.For) * tens)
	}
	return err
}

// TestTasksAreServedInTheOrderOfTheirArrival: first in, first out, and who gives up leaves no trace in the line.
func TestTasksAreServedInTheOrderOfTheirArrival(t *testing.T) {
	drive(t, rapid.Map(queueSteps, func(s []queueStep) queuePlan { return queuePlan{s} }), 4, 0)
}

// TestNoWaiterIsLostInARush: who gives up at the moment at which it could get in either gets in or lets the next one.
func TestNoWaiterIsLostInARush(t *testing.T) {
	drive(t, rapid.Map(queueSteps, func(s []queueStep) rushPlan { return rushPlan{s} }), 60, 0, 100*time.Microsecond, time.Millisecond)
}
