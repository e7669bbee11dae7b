package scenario

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/holdfast-lock/holdfast/fs/osfs"
	"github.com/holdfast-lock/holdfast/linearize"
)

// OnResult is what came of a run with real processes.
type OnResult struct {
	Skipped  string   // why it was not run, or says nothing: something in it cannot be done for real, or the machine was too busy; "" if it was run
	Finding  *Finding // nil: all is well
	Timeline string
}

// The bounds of runs with real processes.
const (
	realPatience = 30 * time.Second       // for a step, beyond what it is to last
	realLength   = 2 * time.Second        // what a run that is to last longer is shortened to
	realShortest = 100 * time.Millisecond // below it, what the processes do takes a part of the time that counts
	realLateness = realShortest / 2       // of this process; if it is woken later, a step may have come too late for what is expected of it
)

// RunOn runs a scenario with processes of the operating system, in the directory dir, which takes the place of the root directory: /data is dir/data, which must not exist. Every process is command, a
// program that calls [Worker] on its standard input and output. What cannot be done for real makes a scenario be skipped; if it lasts too long, all its times are shortened by one factor. How long a
// step takes, and how many calls it makes, is not judged, and a step that does not come to what it should on a machine that keeps its processes waiting says nothing. When the context ends, so do the
// processes, those that are stopped too, and its cause is the error.
func RunOn(ctx context.Context, s *Scenario, dir string, command []string) (result OnResult, err error) {
	if reason := s.unreal(); reason != "" {
		return OnResult{Skipped: reason}, nil
	}
	short, reason := s.shortened()
	if reason != "" {
		return OnResult{Skipped: reason}, nil
	}
	p, err := Compile(short)
	if err != nil {
		return OnResult{}, err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return OnResult{}, err
	}
	r := &onRun{ctx: ctx, program: p, dir: dir, command: command, host: osfs.Default(), stretch: s.stretch(short), histories: make([]linearize.History, len(p.paths)), spoiled: make([]bool, len(p.paths)),
		children: make([]*os.Process, len(p.children)), lasts: make([]chan answer, len(p.clients))}
	r.begun = uptime(r.host)
	if err := r.prepare(); err != nil {
		return OnResult{}, err
	}
	defer r.end()
	if len(short.times()) > 0 {
		done, late := make(chan struct{}), make(chan time.Duration)
		go func() { late <- lateness(done) }()
		defer func() { // on every way out, so that it ends
			close(done)
			result = result.onMachine(<-late)
		}()
	}
	for i := range p.processes {
		if err := r.start(i); err != nil {
			return OnResult{}, err
		}
	}
	for i := range p.steps {
		if r.step(&p.steps[i]); r.found() {
			break
		}
	}
	if ctx.Err() != nil {
		return OnResult{}, context.Cause(ctx)
	}
	r.judge()
	return OnResult{Finding: r.finding, Timeline: strings.Join(r.story, "")}, r.err
}

// lateness returns by how much this process was woken late at the most, until done is closed.
func lateness(done <-chan struct{}) time.Duration {
	const beat = 5 * time.Millisecond
	for most := time.Duration(0); ; {
		begun := time.Now()
		select {
		case <-done:
			return most
		case <-time.After(beat):
			most = max(most, time.Since(begun)-beat)
		}
	}
}

// onMachine is the result on a machine that woke a process so late. That two were inside at once counts at any speed.
func (r OnResult) onMachine(late time.Duration) OnResult {
	if r.Finding != nil && r.Finding.Property == findingExpectation && late > realLateness {
		r.Skipped = fmt.Sprintf("the machine kept its processes waiting for up to %v, in which times run out: run it again (%v)", late.Round(time.Millisecond), r.Finding)
		r.Finding = nil
	}
	return r
}

// onRun is a run with real processes.
type onRun struct {
	ctx       context.Context
	program   *Program
	dir       string
	command   []string
	host      *osfs.Host
	begun     time.Duration // on the clock that all processes of the machine share
	stretch   float64       // how much longer the scenario's times are than those that were waited
	processes []*realProcess
	lasts     []chan answer // of clients with a step that is not waited for
	children  []*os.Process
	lives     []string // names of the processes, by their number in histories less 1

	mu        sync.Mutex // guards what follows
	holds     []realHold
	histories []linearize.History
	spoiled   []bool // paths whose files were taken away while they were held
	story     []string
	finding   *Finding
	err       error // that says nothing of the lock
}

// end ends what still runs, or is stopped.
func (r *onRun) end() {
	for _, c := range r.children {
		if c != nil {
			c.Kill()
		}
	}
	for _, p := range r.processes {
		if p != nil {
			p.cmd.Process.Kill()
			<-p.dead
			p.in.Close()
		}
	}
}

// at returns when something was, in the scenario's time.
func (r *onRun) at(uptime time.Duration) time.Duration {
	return time.Duration(float64(uptime-r.begun) * r.stretch).Truncate(time.Microsecond)
}

func (r *onRun) now() time.Duration { return r.at(uptime(r.host)) }

func (r *onRun) found() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.finding != nil || r.err != nil || r.ctx.Err() != nil
}

func (r *onRun) fail(s *Step, kind, format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.finding == nil {
		r.finding = &Finding{Property: kind, Line: s.Line, Time: r.now(), Message: s.String() + ": " + fmt.Sprintf(format, args...)}
	}
}

func (r *onRun) tell(s *Step, res *result) {
	plain := *s
	plain.Want, plain.Async = Want{}, false
	text := plain.String()
	if res.outcome != Any {
		text += " -> " + describe(res)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.story = append(r.story, fmt.Sprintf("%10.2fs  %s\n", r.now().Seconds(), text))
}

// step does a step of the program.
func (r *onRun) step(o *op) {
	switch {
	case o.block != nil:
		var all sync.WaitGroup
		for c, job := range o.block.clients {
			all.Go(func() {
				for i := range job {
					if p := r.processes[r.program.clients[c].process]; !r.found() && !p.isDead() {
						r.clientStep(&job[i])
					}
				}
			})
		}
		for _, job := range o.block.strangers {
			all.Go(func() {
				for i := range job {
					if !r.found() {
						r.act(&job[i])
					}
				}
			})
		}
		all.Wait()
	case o.client >= 0:
		r.clientStep(o)
	default:
		r.act(o)
	}
}

// clientStep has a client do a step.
func (r *onRun) clientStep(o *op) {
	process := r.program.clients[o.client].process
	p := r.processes[process]
	to := r.lasts[o.client]
	if o.Verb != VerbWait {
		s := *o.Step
		s.Path, s.Block = r.real(s.Path), nil
		if to = r.ask(process, s.Client, o, s); o.Async {
			r.lasts[o.client] = to
			return
		}
	}
	r.lasts[o.client] = nil
	res, explained := result{outcome: Dead}, false
	select {
	case a := <-to:
		res, explained = a.result(), a.Explained
	case <-p.dead:
		select {
		case a := <-to: // its last words
			res, explained = a.result(), a.Explained
		default:
		}
	case <-r.ctx.Done():
		return
	case <-time.After(o.For + realPatience):
		r.fail(o.Step, findingLimit, "it has not come to its end")
		return
	}
	r.tell(o.Step, &res)
	if o.Verb == VerbExec && res.outcome == Any {
		r.children[o.child], _ = os.FindProcess(res.depth)
	}
	if o.Want.Outcome == Any {
		return
	}
	if text := o.mismatch(&res, explained); text != "" {
		r.fail(o.Step, findingExpectation, "%s", text)
	}
}

// act does a step that is nobody's.
func (r *onRun) act(o *op) {
	var err error
	switch o.Verb {
	case VerbSleep, VerbAdvance:
		select { // it is what the step says, not a means to wait for something
		case <-time.After(o.For):
		case <-r.ctx.Done():
		}
	case VerbKill, VerbStop, VerbContinue, VerbStart, VerbCancel:
		err = r.befall(o)
	case VerbAwaitStopped, VerbAwaitDead, VerbAwaitBlocked, VerbAwaitHeld:
		r.await(o)
	case VerbRename, VerbRemove, VerbCreate, VerbLink, VerbSymlink, VerbMkdir, VerbMkfifo, VerbChmod:
		r.spoil(o.path)
		err = r.disturb(o)
	default:
		if text := r.check(o); text != "" {
			r.fail(o.Step, findingExpectation, "%s", text)
		}
	}
	if err != nil {
		r.fail(o.Step, findingExpectation, "%v", err)
	}
	r.tell(o.Step, &result{})
}
