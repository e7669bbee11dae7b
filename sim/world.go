package sim

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Config is everything that a run depends on, beside the program.
type Config struct {
	// Seed decides whatever is drawn at random.
	Seed uint64
	// Strategy picks who runs next. Nil keeps the running task running, else takes the one that is ready first.
	Strategy Strategy
	// Engine is how tasks take turns; it changes nothing that can be seen.
	Engine Engine
	// Crew are the coroutines of worlds before, if there were some.
	Crew *Crew
	// Slack is how far the clock may run ahead of a task that could go on: whoever is ready within that time after the first may run as well. With 0 events happen in the order
	// of their times; with a negative one anybody may be held up for as long as the strategy likes, which is some minutes at most: a program in which something happens every quarter of
	// a second would otherwise go on for ever without one of its tasks.
	Slack time.Duration
	// Faults are what goes wrong in a call.
	Faults []Fault
	// Steps bounds the length of the run; 0 means [DefaultSteps].
	Steps int
	// Record keeps the schedule, see [World.Schedule].
	Record bool
	// Trace is told every call; nil if nobody wants to know.
	Trace func(Record)
	// Watch is told at once what befalls a process. It makes no call of a host, and changes nothing in the world but by [World.After] and [World.Fail]. Nil if nobody wants to know.
	Watch func(*Process, Happening)
	// Named is told of a call about a name at the moment of its effect, before the caller or anybody else can know of that: of a file that was opened, linked, renamed, removed or
	// looked at by Lstat, whether there is one or not, or given other times, by the name that it was opened by. Of two names the second is the one from which. It is as bound as Watch. Nil if nobody wants to know.
	Named func(p *Process, op Op, name, from string)
}

// DefaultSteps is the bound on a run that says nothing else. Runs of a few processes need some hundred steps; only one that spins comes so far.
const DefaultSteps = 1 << 20

// unbounded is longer than anybody in a world waits who does not wait for ever.
const unbounded = 2 * time.Minute

// ErrSteps says that a run was ended because it did not end by itself.
var ErrSteps = errors.New("the run reached its bound of steps")

// StuckError says that tasks are left which nothing can ever wake.
type StuckError struct{ Tasks []string } // each with what it waits for

func (e *StuckError) Error() string {
	return "nothing is left that can run, but these wait: " + strings.Join(e.Tasks, "; ")
}

// World is machines, the processes on them, and a clock that only runs when they do. It is used for one run.
//
// A world and all that belongs to it is used from its own tasks, and before and after [World.Run] from the goroutine that calls it.
type World struct {
	config    Config
	strategy  Strategy
	now       time.Duration
	slack     time.Duration
	steps     int
	limit     int
	decisions int
	hash      uint64
	source    source // of what is no decision of the strategy: jitter of clocks
	god       *Process
	machines  []*Machine
	processes []*Process // all there ever were
	tasks     []*Task    // those that are not done, by ID
	enabled   []*Task    // scratch of choose
	lastID    int32
	current   *Task
	next      *Task   // whom the running task gives way to
	doomed    []*Task // of processes that are gone, to be unwound
	err       error   // ends the run
	over      bool
	faults    []*faultState
	faulty    [numOps]bool // some fault is about the call
	schedule  []Deviation
	onPower   func(*Machine)
	crew      *Crew
	contexts  []*simContext // that have not ended, those that descend from no other
	lockers   []*Task       // that wait for locks, in the order in which they began
}

// god is what is called whatever no process does.
const god = "world"

// New returns an empty world.
func New(c Config) *World {
	w := &World{config: c, strategy: c.Strategy, slack: c.Slack, limit: c.Steps, source: source{scramble(c.Seed)}}
	if w.crew = c.Crew; w.crew == nil {
		w.crew = new(Crew)
	}
	if w.slack < 0 {
		w.slack = unbounded
	}
	if w.limit == 0 {
		w.limit = DefaultSteps
	}
	if w.strategy != nil {
		w.strategy.Begin(c.Seed)
	}
	w.god = &Process{world: w, name: god}
	for _, f := range c.Faults {
		w.AddFault(f)
	}
	return w
}

// God starts a task of nobody's: it is never stopped or killed, and may do to the world whatever it likes.
func (w *World) God(name string, f func()) {
	t := w.newTask(w.god, name, f)
	t.readyAt = w.now
}

// Sleep lets d pass. A task of the world's own calls it.
func (w *World) Sleep(d time.Duration) { w.pause(w.call(OpSleep), d) }

// After runs f as a task of nobody's after d.
func (w *World) After(d time.Duration, f func()) { w.after(d, f) }

func (w *World) after(d time.Duration, f func()) {
	t := w.newTask(w.god, "after", f)
	t.readyAt = w.now + d
}

// Now returns the time since the world began. No clock in the world shows it.
func (w *World) Now() time.Duration { return w.now }

// Steps returns how many calls were made so far.
func (w *World) Steps() int { return w.steps }

// Decisions returns how often there was a choice of whom to run.
func (w *World) Decisions() int { return w.decisions }

// Hash returns a number that depends on every call so far, who made it, when, and what came of it. Runs with the same hash are the same.
func (w *World) Hash() uint64 { return w.hash }

// Schedule returns the decisions so far that were no matter of course, if [Config.Record] is set.
func (w *World) Schedule() []Deviation { return w.schedule }

// Machines returns the machines in the order of their creation.
func (w *World) Machines() []*Machine { return w.machines }

// Run runs the world until all tasks have ended, and returns what ended it before: a [*StuckError], a [*PanicError], [ErrSteps], or the error given to [World.Fail].
func (w *World) Run() error {
	defer w.unwind() // also when a task ends the goroutine
	for w.err == nil {
		t := w.next
		w.next = nil
		if t == nil {
			t = w.choose(w.current)
		}
		if t == nil {
			w.err = w.stuck()
			break
		}
		w.resume(t)
		w.bury()
	}
	return w.err
}

// Fail ends the run with an error once the running task makes its next call. The first error counts.
func (w *World) Fail(err error) { w.fail(err) }

func (w *World) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

func (w *World) resume(t *Task) {
	w.current = t
	if t.baton == nil {
		t.op, t.object = OpStart, 0
		t.baton = w.start(t)
	}
	t.baton.resume()
	if t.state == done {
		w.remove(t)
		if t.goexit && w.err == nil {
			w.err = fmt.Errorf("task %s ended its goroutine", t)
		}
		if t == t.proc.main && !t.proc.dead {
			t.proc.end("exited")
		}
	}
}

// bury lets the tasks of dead processes run off the end of their stacks.
func (w *World) bury() {
	for len(w.doomed) > 0 {
		t := w.doomed[0]
		w.doomed = w.doomed[1:]
		if t.state == done {
			continue
		}
		if t.baton != nil {
			last := w.current
			w.current = t
			t.baton.resume()
			w.current = last
		}
		t.state = done
		w.remove(t)
	}
}

// unwind ends what is left of the run.
func (w *World) unwind() {
	w.over = true
	w.bury()
	for len(w.tasks) > 0 {
		t := w.tasks[0]
		if t.baton != nil && t.state != done {
			w.current = t
			t.baton.resume()
		}
		w.remove(t)
	}
	w.current = nil
	if w.config.Crew == nil {
		w.crew.Close()
	}
}

func (w *World) stuck() error {
	var waiting []string
	for _, t := range w.tasks {
		if t.proc != w.god || t.state == blocked {
			waiting = append(waiting, fmt.Sprintf("%v in %v", t, t.op))
		}
	}
	if len(waiting) == 0 {
		return nil
	}
	return &StuckError{waiting}
}

func (w *World) newTask(p *Process, name string, f func()) *Task {
	t := &Task{world: w, proc: p, name: name, id: w.lastID, local: p.lastTask, f: f, state: ready, op: OpStart}
	w.lastID++
	p.lastTask++
	w.tasks = append(w.tasks, t)
	return t
}

func (w *World) remove(t *Task) {
	for i, other := range w.tasks {
		if other == t {
			copy(w.tasks[i:], w.tasks[i+1:])
			w.tasks[len(w.tasks)-1] = nil
			w.tasks = w.tasks[:len(w.tasks)-1]
			return
		}
	}
}
