package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/holdfast-lock/holdfast/bench/contend"
	"github.com/holdfast-lock/holdfast/bench/worker"
	"github.com/holdfast-lock/holdfast/fs/osfs"
)

// Options say what is measured.
type Options struct {
	Dir        string           // on the filesystem to be measured; nothing is left there
	Programs   []worker.Program // that call worker.Serve with Tasks; the first has Subjects
	Processes  []int            // numbers of contending processes
	Goroutines []int            // numbers of contending goroutines
	Hold       time.Duration    // how long a process stays inside
	For        time.Duration    // how long each measurement lasts
	Rounds     int              // how often each is repeated, in turns with those of the other locks
	Progress   func(done, total int, what string)
}

// disturbedProcesses is the number of processes that contend while waiters are stopped and killed.
const disturbedProcesses = 8

// contestant is a lock that is measured.
type contestant struct {
	listed
	program worker.Program
}

type runner struct {
	Options
	ctx         context.Context
	dir         string // of our own
	contestants []contestant
	report      *Report
	steps       []step
}

// step is one measurement of one lock, in one round.
type step struct {
	what string
	do   func() error
}

// Run measures everything and returns what it found. When ctx ends it breaks off and returns context.Cause(ctx).
func Run(ctx context.Context, o Options) (*Report, error) {
	dir, err := os.MkdirTemp(o.Dir, "holdfast-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	r := &runner{Options: o, ctx: ctx, dir: dir, report: newReport(o, dir)}
	for _, p := range o.Programs {
		if err := r.enlist(p); err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(p[0]), err)
		}
	}
	r.planSolo()
	r.planHandOff()
	r.planGoroutines()
	r.planDisturbance()
	r.planCancellation()
	for n, s := range r.steps {
		o.Progress(n, len(r.steps), s.what)
		err := s.do()
		if cause := context.Cause(ctx); cause != nil {
			return nil, cause
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.what, err)
		}
	}
	o.Progress(len(r.steps), len(r.steps), "")
	r.report.Claims = claims(r.report)
	return r.report, nil
}

func newReport(o Options, dir string) *Report {
	r := &Report{OS: runtime.GOOS, Arch: runtime.GOARCH, Go: runtime.Version(), CPUs: runtime.NumCPU(), Time: time.Now().UTC(),
		Hold: o.Hold, For: o.For, Rounds: o.Rounds}
	if m, err := osfs.MountOf(dir); err == nil {
		r.Filesystem, r.MountOptions = m.Type, m.Options
	}
	return r
}

// enlist asks a program which locks it has.
func (r *runner) enlist(p worker.Program) error {
	w, err := worker.Start(r.ctx, p)
	if err != nil {
		return err
	}
	defer w.Close(time.Second)
	var locks []listed
	if err := w.Call(listTask, struct{}{}, &locks); err != nil {
		return err
	}
	for _, l := range locks {
		r.contestants = append(r.contestants, contestant{l, p})
	}
	return nil
}

func (r *runner) path(name string) string { return filepath.Join(r.dir, name+".lock") }

func (r *runner) plan(what string, do func() error) { r.steps = append(r.steps, step{what, do}) }

// once does a task in a worker of its own.
func (r *runner) once(p worker.Program, task string, args, result any) error {
	w, err := worker.Start(r.ctx, p)
	if err != nil {
		return err
	}
	defer w.Close(time.Second)
	return w.Call(task, args, result)
}

// inRounds plans a measurement of each of the locks, in alternating rounds, and keeps what merge makes of its rounds.
func inRounds[T any](r *runner, what string, locks []contestant, measure func(contestant) (T, error), merge func([]T) T, keep func(Row[T])) {
	rounds := make([][]T, len(locks))
	for n := range r.Rounds {
		for i, c := range locks {
			r.plan(fmt.Sprintf("%s: %s", what, c.Name), func() error {
				t, err := measure(c)
				if err != nil {
					return err
				}
				rounds[i] = append(rounds[i], t)
				if n == r.Rounds-1 {
					keep(Row[T]{c.Name, merge(rounds[i])})
				}
				return nil
			})
		}
	}
}

func (r *runner) planSolo() {
	inRounds(r, "alone", r.contestants, func(c contestant) (s Solo, err error) {
		err = r.once(c.program, uncontendedTask, soloArgs{c.Name, r.path("alone"), r.For}, &s)
		return s, err
	}, mergeSolo, func(row Row[Solo]) { r.report.Uncontended = append(r.report.Uncontended, row) })
	inRounds(r, "reentrant", r.contestants[:1], func(c contestant) (s Solo, err error) {
		err = r.once(c.program, reentrantTask, soloArgs{c.Name, r.path("reentrant"), r.For}, &s)
		return s, err
	}, mergeSolo, func(row Row[Solo]) { r.report.Reentrant = append(r.report.Reentrant, row) })
}

// mergeSolo takes the round whose average is the median.
func mergeSolo(rounds []Solo) Solo {
	slices.SortFunc(rounds, func(a, b Solo) int { return cmp.Compare(a.Each, b.Each) })
	return rounds[len(rounds)/2]
}

// patience is how long processes are waited for that should end. Those of a lock that starves its waiters need long.
const patience = 30 * time.Second

func (r *runner) fleet(c contestant, processes, spares int) (*contend.Fleet, error) {
	return contend.Start(r.ctx, contend.Options{Program: c.program, Subject: c.Name, Path: r.path("contended"),
		Processes: processes, Spares: spares, Hold: r.Hold})
}

// pause lets a run go on for d, or until the context ends.
func (r *runner) pause(d time.Duration) {
	select {
	case <-time.After(d):
	case <-r.ctx.Done():
	}
}

func (r *runner) planHandOff() {
	for _, processes := range r.Processes {
		what := fmt.Sprintf("%d processes", processes)
		inRounds(r, what, r.contestants, func(c contestant) (contend.Figures, error) {
			f, err := r.fleet(c, processes, 0)
			if err != nil {
				return contend.Figures{}, err
			}
			if err := f.Go(); err != nil {
				f.Abort()
				return contend.Figures{}, err
			}
			warmUp := r.For / 5
			r.pause(warmUp + r.For)
			o, err := f.Finish(patience)
			return o.Figures(processes, warmUp), err
		}, mergeFigures, func(row Row[contend.Figures]) { r.report.HandOff = append(r.report.HandOff, row) })
	}
}

// mergeFigures takes the median of the rounds for what is typical, and the worst for what must not happen.
func mergeFigures(rounds []contend.Figures) contend.Figures {
	m := rounds[0]
	m.HandOff, m.Wait = mergeQuantiles(rounds, handOffOf), mergeQuantiles(rounds, waitOf)
	m.PerSecond = medianOf(rounds, func(f contend.Figures) float64 { return f.PerSecond })
	m.CPU = medianOf(rounds, func(f contend.Figures) time.Duration { return f.CPU })
	for _, f := range rounds[1:] {
		m.Acquisitions += f.Acquisitions
		m.Jain = min(m.Jain, f.Jain)
		m.Starved = max(m.Starved, f.Starved)
		m.LongestFree = max(m.LongestFree, f.LongestFree)
		m.LongestHold = max(m.LongestHold, f.LongestHold)
		m.Overlaps += f.Overlaps
		m.Wedged += f.Wedged
	}
	return m
}

func handOffOf(f contend.Figures) contend.Quantiles { return f.HandOff }
func waitOf(f contend.Figures) contend.Quantiles    { return f.Wait }

func mergeQuantiles[T any](rounds []T, of func(T) contend.Quantiles) contend.Quantiles {
	var q contend.Quantiles
	for _, r := range rounds {
		q.Count += of(r).Count
		q.Max = max(q.Max, of(r).Max)
	}
	q.Median = medianOf(rounds, func(t T) time.Duration { return of(t).Median })
	q.P99 = medianOf(rounds, func(t T) time.Duration { return of(t).P99 })
	q.P999 = medianOf(rounds, func(t T) time.Duration { return of(t).P999 })
	return q
}

func medianOf[T any, V cmp.Ordered](rounds []T, of func(T) V) V {
	values := make([]V, len(rounds))
	for i, r := range rounds {
		values[i] = of(r)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

func (r *runner) planGoroutines() {
	for _, n := range r.Goroutines {
		inRounds(r, fmt.Sprintf("%d goroutines", n), r.contestants, func(c contestant) (crowd Crowd, err error) {
			err = r.once(c.program, goroutinesTask, goroutinesArgs{soloArgs{c.Name, r.path("crowd"), r.For}, n}, &crowd)
			return crowd, err
		}, mergeCrowds, func(row Row[Crowd]) { r.report.Goroutines = append(r.report.Goroutines, row) })
	}
}

func mergeCrowds(rounds []Crowd) Crowd {
	m := rounds[0]
	m.Wait = mergeQuantiles(rounds, func(c Crowd) contend.Quantiles { return c.Wait })
	m.PerSecond = medianOf(rounds, func(c Crowd) float64 { return c.PerSecond })
	m.CPU = medianOf(rounds, func(c Crowd) time.Duration { return c.CPU })
	for _, c := range rounds[1:] {
		m.Acquisitions += c.Acquisitions
		m.Jain = min(m.Jain, c.Jain)
		m.Starved = max(m.Starved, c.Starved)
		m.Threads = max(m.Threads, c.Threads)
		m.Overlaps += c.Overlaps
	}
	return m
}

// Disturbance is for how long a lock was free, although somebody waited, right after another waiter was stopped or killed.
type Disturbance struct {
	Stopped contend.Quantiles `json:"stopped"`
	Killed  contend.Quantiles `json:"killed"`
}

const (
	disturbances  = 10
	disturbedTime = 100 * time.Millisecond // for which a waiter is stopped, and for which the lock is looked at
)

func (r *runner) planDisturbance() {
	for _, c := range r.contestants {
		r.plan("disturbed waiters: "+c.Name, func() error {
			d, err := r.disturb(c)
			if errors.Is(err, errors.ErrUnsupported) {
				return nil
			}
			r.report.Disturbance = append(r.report.Disturbance, Row[Disturbance]{c.Name, d})
			return err
		})
	}
}

func (r *runner) disturb(c contestant) (Disturbance, error) {
	f, err := r.fleet(c, disturbedProcesses, disturbances)
	if err != nil {
		return Disturbance{}, err
	}
	if err := f.Go(); err != nil {
		f.Abort()
		return Disturbance{}, err
	}
	r.pause(disturbedTime)
	for n := range 2 * disturbances {
		place := n % disturbedProcesses
		if !r.untilWaiting(f, place) {
			continue
		}
		var resume func() error
		if n%2 == 0 {
			resume, err = f.Stop(place)
		} else {
			resume, err = func() error { return f.Replace(place) }, f.Kill(place)
		}
		r.pause(disturbedTime)
		if err == nil {
			err = resume()
		}
		if err != nil {
			f.Abort()
			return Disturbance{}, err
		}
	}
	o, err := f.Finish(patience)
	var stopped, killed []time.Duration
	for _, fault := range o.Faults {
		free := o.FreeAfter(fault.Begin, fault.Begin+disturbedTime)
		if fault.What == contend.Stopped {
			stopped = append(stopped, free)
		} else {
			killed = append(killed, free)
		}
	}
	return Disturbance{contend.QuantilesOf(stopped), contend.QuantilesOf(killed)}, err
}

// untilWaiting returns once the process at a place waits for the lock, or false if it does not come to that.
func (r *runner) untilWaiting(f *contend.Fleet, place int) bool {
	for end := time.Now().Add(time.Second); time.Now().Before(end) && r.ctx.Err() == nil; time.Sleep(50 * time.Microsecond) {
		if i, ok := f.Last(place); ok && i.Acquired == 0 {
			return true
		}
	}
	return false
}

const cancelRounds = 10

func (r *runner) planCancellation() {
	for _, waiters := range []int{1, slices.Max(append(r.Goroutines, 1))} {
		for _, c := range r.contestants {
			if !c.Cancelable {
				continue
			}
			r.plan(fmt.Sprintf("%d canceled waiters: %s", waiters, c.Name), func() error {
				var result Cancellation
				err := r.once(c.program, cancelTask, cancelArgs{c.Name, r.path("canceled"), waiters, cancelRounds}, &result)
				r.report.Cancellation = append(r.report.Cancellation, Row[Cancellation]{c.Name, result})
				return err
			})
		}
	}
}
