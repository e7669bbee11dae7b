package campaign

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/holdfast-lock/holdfast/sim"
)

// Options say which schedules to run.
type Options struct {
	Profile
	First, Last uint64 // seeds, both included
	For         time.Duration
	Shard       Shard
	Jobs        int            // goroutines that run schedules; 0 is one for each core
	Engine      sim.Engine     // how the tasks of a world take turns
	All         bool           // goes on after a finding
	Histories   int            // checks the history of one schedule in so many for linearizability; 0 is [DefaultHistories], negative none
	Repeats     int            // runs one schedule in so many a second time, on the other engine; 0 is [DefaultRepeats], negative none
	Version     string         // of the program, for the report
	Progress    func(*Report)  // is told every second how far it has come, unless it is nil
	Found       func(*Finding) // is told of each finding at once, one at a time, unless it is nil
}

// What a campaign looks at twice that says nothing else.
const (
	DefaultHistories = 16
	DefaultRepeats   = 100
)

// mostFindings ends a campaign that collects them: one bug shows in many schedules.
const mostFindings = 100

// Explore runs the schedules of a range of seeds until there is a finding, all were run, the time is up, or ctx ends, which is no error. Without All, the finding with the lowest seed is
// the only one in the report: which one it is does not depend on the number of cores, unless time ends the campaign.
func Explore(ctx context.Context, o Options) (*Report, error) {
	if err := o.Profile.Check(); err != nil {
		return nil, err
	}
	if o.Last < o.First {
		return nil, fmt.Errorf("the seeds from %d to %d are none: write the lower one first", o.First, o.Last)
	}
	e := newExplorer(o)
	ctx, stop := o.limited(ctx)
	defer stop()
	return e.run(ctx)
}

// limited returns a context that ends when the time is up.
func (o *Options) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	if o.For > 0 {
		return context.WithTimeout(ctx, o.For)
	}
	return context.WithCancel(ctx)
}

type explorer struct {
	Options
	started time.Time
	cpu     time.Duration
	next    atomic.Uint64 // plan to deal out
	end     atomic.Uint64 // no seed from here on matters any more
	cut     atomic.Bool   // ended before all was run

	mu    sync.Mutex
	total Report
	err   error
}

func newExplorer(o Options) *explorer {
	e := &explorer{Options: o, started: time.Now(), cpu: cpuTime()}
	e.Shard = o.Shard.whole()
	if e.Histories == 0 {
		e.Histories = DefaultHistories
	}
	if e.Repeats == 0 {
		e.Repeats = DefaultRepeats
	}
	if e.Jobs <= 0 {
		e.Jobs = runtime.GOMAXPROCS(0)
	}
	e.next.Store(o.First / plans)
	e.end.Store(math.MaxUint64)
	e.total = Report{Profile: o.Profile.String(), Peers: o.Needs.Has(Peers), Kind: o.Kind, Version: o.Version, First: o.First, Until: o.Last, Last: o.First, Shards: []int{e.Shard.Number}, Of: e.Shard.Of}
	return e
}

func (e *explorer) run(ctx context.Context) (*Report, error) {
	var workers sync.WaitGroup
	for range e.Jobs {
		workers.Go(func() { e.work(ctx) })
	}
	done := make(chan struct{})
	go func() { // ends with the workers
		workers.Wait()
		close(done)
	}()
	e.watch(done)
	if e.err != nil {
		return nil, e.err
	}
	r := e.report()
	slices.SortFunc(r.Findings, bySeed)
	if !e.All && len(r.Findings) > 1 {
		r.Findings = r.Findings[:1]
	}
	return r, nil
}

// ending says by what a context was ended.
func ending(ctx context.Context) []Ending {
	if ctx.Err() == context.DeadlineExceeded {
		return []Ending{ByTime}
	}
	return []Ending{ByInterrupt}
}

// watch tells how far it has come until the workers are done.
func (e *explorer) watch(done <-chan struct{}) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
			if e.Progress != nil {
				e.Progress(e.report())
			}
		}
	}
}

// report returns what it has come to so far.
func (e *explorer) report() *Report {
	e.mu.Lock()
	defer e.mu.Unlock()
	r := e.total
	r.Findings = slices.Clone(e.total.Findings)
	r.Sometimes = make(map[string]uint64, len(e.total.Sometimes))
	for k, v := range e.total.Sometimes {
		r.Sometimes[k] = v
	}
	r.Wall = time.Since(e.started)
	if e.cpu > 0 {
		r.CPU = cpuTime() - e.cpu
	}
	return &r
}

// deal returns the next plan of the shard, and false if there is none.
func (e *explorer) deal() (uint64, bool) {
	for {
		n := e.next.Add(1) - 1
		if n > e.Last/plans || n*plans >= e.end.Load() {
			return 0, false
		}
		if e.Shard.has(n) {
			return n, true
		}
	}
}

// work runs plans until there is none left.
func (e *explorer) work(ctx context.Context) {
	x := newExecutor(&e.Options)
	defer x.close()
	for !e.cut.Load() {
		n, ok := e.deal()
		if !ok {
			break
		}
		if err := e.plan(ctx, x, n); err != nil {
			e.mu.Lock()
			e.err = errors.Join(e.err, err)
			e.mu.Unlock()
			e.end.Store(0)
			return
		}
	}
}

// plan runs the seeds of a plan that are in the range.
func (e *explorer) plan(ctx context.Context, x *executor, n uint64) error {
	if err := x.load(n); err != nil {
		return err
	}
	for seed := max(n*plans, e.First); seed <= min(n*plans+plans-1, e.Last) && seed < e.end.Load(); seed++ {
		if ctx.Err() != nil {
			e.cutBy(ctx)
			break
		}
		if f := x.seed(seed); f != nil {
			e.found(f)
		}
		if seed == math.MaxUint64 {
			break
		}
	}
	e.take(x)
	return nil
}

func (e *explorer) cutBy(ctx context.Context) {
	e.cut.Store(true)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.total.Ended = ending(ctx)
}

// take adds what a worker has done since it was last asked.
func (e *explorer) take(x *executor) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.total.add(&x.part)
	for fact, count := range x.facts {
		if count > 0 {
			e.total.Sometimes[factNames[fact]] += count
		}
	}
	x.part = Report{}
	clear(x.facts[:])
}

func (e *explorer) found(f *Finding) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.total.Findings = append(e.total.Findings, f)
	switch {
	case !e.All && f.Seed < e.end.Load():
		e.end.Store(f.Seed) // those before it are still run
	case e.All && len(e.total.Findings) >= mostFindings:
		e.end.Store(0)
		e.total.Ended = []Ending{ByFindings}
	}
	if e.Found != nil {
		e.Found(f)
	}
}
