package contend

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/holdfast-lock/holdfast/bench/journal"
	"github.com/holdfast-lock/holdfast/bench/worker"
)

// Options say who contends for what.
type Options struct {
	Program   worker.Program
	Subject   string
	Path      string        // of the lock file
	Processes int           // that contend at a time
	Spares    int           // how many processes can be replaced
	Hold      time.Duration // how long each stays inside
	Turns     bool          // of two processes: each asks again when the other has been inside
	Records   int           // how often one process takes the lock at most; one that has done so stops early. 0 for DefaultRecords
}

// DefaultRecords is enough for some seconds of a lock that takes 50 µs.
const DefaultRecords = 1 << 17

// Fleet is a number of processes that contend for one lock.
type Fleet struct {
	ctx     context.Context // ends all processes
	options Options
	journal *journal.Journal
	members []*member // by lane; those that were replaced stay
	active  []int     // the lanes of those that contend, by place
	began   time.Duration
	faults  []Fault
}

type member struct {
	worker *worker.Worker
	killed bool
}

// Fault is something that was done to a process.
type Fault struct {
	Lane  int
	What  FaultKind
	Begin time.Duration // before it was done
	End   time.Duration // after it was done, or undone
}

// FaultKind says what was done.
type FaultKind string

// What can be done to a process.
const (
	Killed  FaultKind = "killed"
	Stopped FaultKind = "stopped"
)

// Start starts the processes. They contend after Go. Finish ends them. When ctx ends, they are killed, so that whatever waits for one returns; Finish or Abort is
// called all the same.
func Start(ctx context.Context, o Options) (*Fleet, error) {
	j, err := journal.Create(o.Processes+o.Spares, cmp.Or(o.Records, DefaultRecords))
	if err != nil {
		return nil, err
	}
	f := &Fleet{ctx: ctx, options: o, journal: j, active: make([]int, o.Processes)}
	for place := range o.Processes {
		if err := f.launch(place); err != nil {
			f.Abort()
			return nil, err
		}
	}
	for _, m := range f.members {
		if err := m.worker.Ready(); err != nil {
			f.Abort()
			return nil, err
		}
	}
	return f, nil
}

func (f *Fleet) launch(place int) error {
	w, err := worker.Start(f.ctx, f.options.Program)
	if err != nil {
		return err
	}
	lane := len(f.members)
	f.active[place] = lane
	f.members = append(f.members, &member{worker: w})
	return w.Begin(TaskName, args{f.options.Subject, f.options.Path, f.journal.Name(), lane, f.options.Hold, f.options.Turns})
}

// Go lets the processes contend.
func (f *Fleet) Go() error {
	f.began = journal.Now()
	var errs []error
	for _, lane := range f.active {
		errs = append(errs, f.members[lane].worker.Go())
	}
	return errors.Join(errs...)
}

// Last returns the latest interval of the process at a place, while it goes on.
func (f *Fleet) Last(place int) (journal.Interval, bool) { return f.journal.Last(f.active[place]) }

// Kill kills the process at a place.
func (f *Fleet) Kill(place int) error {
	lane := f.active[place]
	m := f.members[lane]
	begin := journal.Now()
	m.killed = true
	err := m.worker.Kill()
	f.faults = append(f.faults, Fault{lane, Killed, begin, journal.Now()})
	return err
}

// PID returns the number of the process at a place.
func (f *Fleet) PID(place int) int { return f.members[f.active[place]].worker.PID() }

// Replace puts a new process in the place of one that was killed, and lets it contend.
func (f *Fleet) Replace(place int) error {
	if len(f.members) == f.options.Processes+f.options.Spares {
		return errors.New("contend: there are no more spares")
	}
	if err := f.launch(place); err != nil {
		return err
	}
	w := f.members[f.active[place]].worker
	return errors.Join(w.Ready(), w.Go())
}

// Stop stops the process at a place, and returns a function that lets it go on.
func (f *Fleet) Stop(place int) (resume func() error, err error) {
	lane := f.active[place]
	n := len(f.faults)
	f.faults = append(f.faults, Fault{Lane: lane, What: Stopped, Begin: journal.Now()})
	if err := f.members[lane].worker.Stop(); err != nil {
		f.faults = f.faults[:n]
		return nil, err
	}
	return func() error {
		err := f.members[lane].worker.Continue()
		f.faults[n].End = journal.Now()
		return err
	}, nil
}

// Finish lets everybody end who is inside or waits, and returns what was recorded. A process that has not ended after patience is killed and counted as wedged.
func (f *Fleet) Finish(patience time.Duration) (Outcome, error) {
	f.journal.Stop()
	o := Outcome{Began: f.began, Ended: f.journal.Stopped(), Hold: f.options.Hold, Faults: f.faults}
	var mu sync.Mutex
	var errs []error
	var wait sync.WaitGroup
	for lane, m := range f.members {
		wait.Go(func() {
			late := time.AfterFunc(patience, func() { m.worker.Kill() })
			var u used
			err := m.worker.Result(&u)
			timely := late.Stop()
			mu.Lock()
			defer mu.Unlock()
			switch {
			case m.killed:
			case !timely:
				o.Wedged = append(o.Wedged, lane)
			case err != nil:
				errs = append(errs, fmt.Errorf("process %d: %w", lane, err))
			default:
				o.CPU += u.CPU
			}
		})
	}
	wait.Wait()
	o.Intervals = f.journal.Intervals()
	f.Abort()
	return o, errors.Join(errs...)
}

// Abort ends the processes, wherever they are.
func (f *Fleet) Abort() {
	var wait sync.WaitGroup
	for _, m := range f.members {
		wait.Go(func() { m.worker.Close(time.Second) })
	}
	wait.Wait()
	f.journal.Close()
}

// Outcome is what was recorded.
type Outcome struct {
	Intervals []journal.Interval // by lane, one lane for each process
	Began     time.Duration
	Ended     time.Duration // when everybody was told to end
	Hold      time.Duration
	CPU       time.Duration // of the processes that ended by themselves
	Faults    []Fault
	Wedged    []int // lanes of those that had to be killed at the end
}

// KilledAt returns before which time a process was certainly alive, by lane, for those that were killed.
func (o Outcome) KilledAt() map[int]time.Duration {
	at := make(map[int]time.Duration)
	for _, f := range o.Faults {
		if f.What == Killed {
			at[f.Lane] = f.Begin
		}
	}
	return at
}
