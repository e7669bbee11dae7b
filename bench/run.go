package bench

import (
	"cmp"
	"context"
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
	Kinds      []Kind           // to be measured; the first is Native
	Programs   []worker.Program // that call worker.Serve with Tasks, the first one with KindTasks
	Processes  []int            // numbers of contending processes
	Goroutines []int            // numbers of contending goroutines
	Hold       time.Duration    // how long a process stays inside
	For        time.Duration    // how long each measurement lasts
	Rounds     int              // how often each is repeated, in turns with those of the other locks
	Progress   func(done, total int, what string)
}

// contestant is a lock that is measured.
type contestant struct {
	listed
	program worker.Program
}

type runner struct {
	Options
	ctx         context.Context
	dir         string // of our own
	paths       int    // that were used
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
	r.planCalls()
	r.planTurns()
	r.planHandOff()
	r.planGoroutines()
	r.planDisturbance()
	r.planTakeover()
	r.planCancellation()
	r.planIdle()
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

// path returns a path where nothing is yet: the kinds do not share files, and a marker that was left behind would be in the way.
func (r *runner) path() string {
	r.paths++
	return filepath.Join(r.dir, fmt.Sprintf("%d.lock", r.paths))
}

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
		err = r.once(c.program, uncontendedTask, soloArgs{subjectArgs{c.Name, r.path()}, r.For}, &s)
		return s, err
	}, mergeSolo, func(row Row[Solo]) { r.report.Uncontended = append(r.report.Uncontended, row) })
	inRounds(r, "reentrant", r.contestants[:1], func(c contestant) (s Solo, err error) {
		err = r.once(c.program, reentrantTask, soloArgs{subjectArgs{c.Name, r.path()}, r.For}, &s)
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

// begin lets processes contend, as the options say.
func (r *runner) begin(c contestant, o contend.Options) (*contend.Fleet, error) {
	o.Program, o.Subject, o.Path = c.program, c.Name, r.path()
	f, err := contend.Start(r.ctx, o)
	if err != nil {
		return nil, err
	}
	if err := f.Go(); err != nil {
		f.Abort()
		return nil, err
	}
	return f, nil
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
			f, err := r.begin(c, contend.Options{Processes: processes, Hold: r.Hold})
			if err != nil {
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

// turnHold is longer than it takes the other process to wait for its turn.
const turnHold = 5 * time.Millisecond

// planTurns lets two processes take turns. Where processes ask again at once, a lock that is polled for is handed on only in the moment in which somebody looks, which makes it seem quick.
func (r *runner) planTurns() {
	inRounds(r, "turns", r.contestants, func(c contestant) (contend.Quantiles, error) {
		f, err := r.begin(c, contend.Options{Processes: 2, Hold: turnHold, Turns: true})
		if err != nil {
			return contend.Quantiles{}, err
		}
		warmUp := r.For / 5
		r.pause(warmUp + r.For)
		o, err := f.Finish(patience)
		return o.Figures(2, warmUp).HandOff, err
	}, func(rounds []contend.Quantiles) contend.Quantiles {
		return mergeQuantiles(rounds, func(q contend.Quantiles) contend.Quantiles { return q })
	}, func(row Row[contend.Quantiles]) { r.report.Turns = append(r.report.Turns, row) })
}

// planCalls counts what does not vary, in this process and once.
func (r *runner) planCalls() {
	for _, k := range r.Kinds {
		name := nameOf(k.Name)
		r.plan("calls: "+name, func() error {
			c, err := countCalls(k, r.path())
			r.report.Calls = append(r.report.Calls, Row[Calls]{name, c})
			return err
		})
	}
}

func (r *runner) planGoroutines() {
	for _, n := range r.Goroutines {
		inRounds(r, fmt.Sprintf("%d goroutines", n), r.contestants, func(c contestant) (crowd Crowd, err error) {
			err = r.once(c.program, goroutinesTask, goroutinesArgs{soloArgs{subjectArgs{c.Name, r.path()}, r.For}, n}, &crowd)
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
