package scenario

import (
	"errors"
	"fmt"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/linearize"
	"github.com/holdfast-lock/holdfast/lock"
	"github.com/holdfast-lock/holdfast/sim"
	"github.com/holdfast-lock/holdfast/sim/disk"
	"github.com/holdfast-lock/holdfast/sim/scenario/property"
	"github.com/holdfast-lock/holdfast/sim/scenario/python"
)

// RunOptions say what else is wanted of a run. None of them changes what happens, but for Seed, Strategy and Until.
type RunOptions struct {
	// Seed takes the place of that of the scenario, unless it is 0.
	Seed uint64
	// Strategy takes the place of that of the scenario, and of its switches, unless it is nil.
	Strategy sim.Strategy
	// Engine is how tasks take turns.
	Engine sim.Engine
	// Until ends the run after so many steps without a finding, unless it is 0.
	Until int
	// Record keeps the schedule.
	Record bool
	// History keeps what the clients saw of every lock file, and has package linearize judge it, for so long at most for each; what is not decided by then is a finding as well. 0: not.
	History time.Duration
	// Twice runs what nothing was found in once more, on the other engine.
	Twice bool
	// Timeline keeps what came of each step, and which faults and switches came to nothing.
	Timeline bool
	// Trace is told every call.
	Trace func(sim.Record)
}

// Result is what came of a run.
type Result struct {
	Finding   *Finding // nil: all is well
	Hash      uint64   // two runs with the same hash are the same
	Steps     int      // calls through the seam
	Decisions int      // at which there was a choice
	Time      time.Duration
	Seen      property.Facts
	Schedule  []sim.Deviation
	Histories []linearize.Result // by lock file, if they were asked for
	Timeline  string             // a line for each step, with what came of it
	Vain      []Vain             // of a whole run
}

// Finding is what was not as it must be.
type Finding struct {
	// Property is "P1" to "P20"; "expectation" of a step or check; "output" for one that differs from what was recorded; "limit" for a run that does not end in its time; "panic"; [NotLinearizable] or [Undecided].
	Property string
	Line     int // of the step in the file, 0 if it is none in particular
	Step     int
	Time     time.Duration
	Message  string // in one line
	Facts    string // what nobody in the world knows: who holds what
	Stack    string // of a panic
}

func (f *Finding) Error() string {
	place := ""
	if f.Line > 0 {
		place = fmt.Sprintf("line %d, ", f.Line)
	}
	text := fmt.Sprintf("%s at %sstep %d, %v: %s", f.Property, place, f.Step, f.Time, f.Message)
	if f.Facts != "" {
		text += " (" + f.Facts + ")"
	}
	return text
}

// The kinds of findings that are no property's.
const (
	findingExpectation = "expectation"
	findingOutput      = "output"
	findingLimit       = "limit"
	findingPanic       = "panic"
)

// errFinished ends a run that has done what it was to do.
var errFinished = errors.New("finished")

// Run runs a scenario. The finding of one that cannot be compiled is an error.
func Run(s *Scenario, o RunOptions) (Result, error) {
	p, err := Compile(s)
	if err != nil {
		return Result{}, err
	}
	var r Runner
	defer r.Close()
	return r.Run(p, o), nil
}

// Runner runs programs, one after the other. Its zero value is ready; used again it keeps its room, and the coroutines that the tasks were.
type Runner struct {
	crew    sim.Crew
	program *Program
	options RunOptions
	seed    uint64
	world   *sim.World
	set     property.Set
	event   property.Event // scratch
	finding *Finding

	machines   []*sim.Machine
	containers []container
	processes  []process
	clients    []client
	children   []*sim.Process
	holds      []hold // by number, from 1
	slots      []int32
	byTask     []int32 // client of each task, less 1
	inodes     []*disk.Inode
	occupants  []uint64 // files at the paths of the locks
	random     uint64

	awaited   func() bool // whether the conductor may go on; nil if it waits for nothing
	bell      fs.Event
	block     *block // under way
	position  int    // of the conductor in the program
	passed    int    // steps of the program that are done
	strangers int    // that are not done
	asleep    []bool // machines that are suspended
	struck    int
	lives     []string // names of the processes, by their number less 1
	calm      bool
	story     []entry
	histories []linearize.History
	spoiled   uint64 // bits of the paths whose histories say nothing
}

type container struct {
	machine   int
	name      string
	namespace *sim.Namespace
}

// hold is a hold as the runner knows it.
type hold struct {
	*lock.Hold // nil for one of filelock, or of a bare file
	peer       *python.Lock
	ctx        fsContext // nil if nobody has asked for it
	end        func()    // ends the context of the acquisition, nil if it has none
	client     int
	process    int
	lock       int
	token      uint64
	since      time.Duration
	called     time.Duration
	depth      int
	live       bool // nobody has released it or seen its end
	open       bool // nobody has released it
	expires    bool
	outer      int32 // number of the hold that it was acquired inside of, 0 if of none
	root       int32 // number of the outermost level
	owed       bool  // of an outermost level: its beginning is in the history, and its end is not
}

// Run runs a program. The result does not depend on what the Runner ran before.
func (r *Runner) Run(p *Program, o RunOptions) Result {
	r.begin(p, o)
	err := r.world.Run()
	return r.end(err)
}

// Close ends the coroutines that wait for the next run. The runner can be used on.
func (r *Runner) Close() { r.crew.Close() }

// end makes the result.
func (r *Runner) end(err error) Result {
	w := r.world
	result := Result{Hash: w.Hash(), Steps: w.Steps(), Decisions: w.Decisions(), Time: w.Now()}
	if r.options.Record {
		result.Schedule = w.Schedule()
	}
	r.judge(err)
	if o := r.options; o.Until > 0 && r.finding != nil && r.finding.Step > o.Until { // it came about when the tasks were ended
		r.finding = nil
	}
	r.tracePending()
	result.Seen = r.set.Seen()
	if r.options.History > 0 {
		result.Histories = r.judgeHistories()
	}
	if r.options.Twice && r.finding == nil {
		r.repeat(&result)
	}
	result.Finding = r.finding
	if r.options.Timeline {
		result.Timeline = r.timeline()
		if r.options.Until == 0 {
			result.Vain = r.vain()
		}
		if want := r.program.scenario.Expected; want != "" && r.finding == nil && r.options.Until == 0 && want != result.Timeline { // it is that of a whole run
			result.Finding = r.newFinding(findingOutput, 0, difference(want, result.Timeline))
		}
	}
	return result
}

// judge turns what ended the run into a finding, if it is one.
func (r *Runner) judge(err error) {
	if r.finding != nil {
		return
	}
	t := property.Tables{Step: r.world.Steps(), Time: r.world.Now()}
	why := "" // the run has not come to its end
	var stuck *sim.StuckError
	var panicked *sim.PanicError
	switch {
	case err == errFinished, err == nil:
		r.tables(&t)
	case errors.Is(err, sim.ErrSteps):
		if r.options.Until > 0 {
			return
		}
		t.Steps, why = true, err.Error()
	case errors.As(err, &stuck):
		why = err.Error() + r.selfish()
		if !r.waitsWithReason(0) {
			t.Stuck = why
		}
	case errors.As(err, &panicked):
		r.finding = r.newFinding(findingPanic, 0, err.Error())
		r.finding.Stack = panicked.Stack
		return
	default: // its time is over
		why = err.Error() + r.selfish()
		if !r.waitsWithReason(r.program.setup.Patience()) {
			t.Stuck = why
		}
	}
	r.set.End(&t)
	if v := r.set.Violation(); v != nil {
		r.violated(v)
	} else if why != "" {
		r.finding = r.newFinding(findingLimit, 0, why)
	}
}

func (r *Runner) violated(v *property.Violation) {
	r.finding = r.newFinding(v.Property, 0, v.Message)
	r.finding.Step, r.finding.Time = v.Step, v.Time
}

func (r *Runner) newFinding(property string, line int, message string) *Finding {
	return &Finding{Property: property, Line: line, Step: r.world.Steps(), Time: r.world.Now(), Message: message, Facts: r.ghosts()}
}

// fail ends the run with a finding about a step.
func (r *Runner) fail(s *Step, format string, args ...any) {
	if r.finding == nil {
		r.finding = r.newFinding(findingExpectation, s.Line, s.String()+": "+fmt.Sprintf(format, args...))
	}
	r.world.Fail(errFinished)
}
