package verify

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/holdfast-lock/holdfast/bench/contend"
	"github.com/holdfast-lock/holdfast/bench/journal"
	"github.com/holdfast-lock/holdfast/bench/worker"
	"github.com/holdfast-lock/holdfast/cmd/holdfast/internal/kind"
	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/fs/osfs"
)

// Options say what is verified, and how.
type Options struct {
	Dir       string // on the filesystem in question; nothing is left there
	Kinds     kind.Table
	Program   worker.Program // that serves the Tasks of the same kinds
	Processes int            // that contend; at least 2
	For       time.Duration  // for which they do, for each kind
	Hold      time.Duration  // for which each stays inside
	Kills     int
	Stops     int
	Lifetime  time.Duration // of the holds that the kinds give; 0 if they do not expire
	Fencing   bool          // the holds have numbers
	Seed      uint64        // of the disturbances
	Keep      string        // where histories of all holds go; "" for those that show something wrong only, in a new directory for temporary files
	Begin     func(kind string)
	Progress  func(done, total int, what string)
}

// Run verifies one kind after the other. When ctx ends it kills the processes, removes what it made in the directory, and returns context.Cause(ctx).
func Run(ctx context.Context, o Options) (r *Report, err error) {
	dir, err := os.MkdirTemp(o.Dir, "holdfast-verify-")
	if err != nil {
		return nil, err
	}
	defer func() {
		if removeErr := os.RemoveAll(dir); removeErr != nil {
			err = errors.Join(err, fmt.Errorf("what was made for the run is left behind: %w", removeErr))
		}
	}()
	r = newReport(o)
	keepIn := sync.OnceValues(o.makeKeep)
	for n, k := range o.Kinds {
		o.Begin(k.Name)
		v := verifier{Options: o, ctx: ctx, kind: k, path: filepath.Join(dir, k.Name+".lock"), keepIn: keepIn,
			result: Result{Kind: k.Name, Excludes: Unknown, Linearizable: Unknown, Findings: []Finding{}, History: []string{}}}
		v.show = func(done int, what string) {
			steps := o.Kills + o.Stops + 2
			o.Progress(n*steps+done, len(o.Kinds)*steps, k.Name+": "+what)
		}
		if err := v.run(); err != nil {
			return nil, fmt.Errorf("%s: %w", k.Name, err)
		}
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		r.Kinds = append(r.Kinds, v.result)
		r.Passed = r.Passed && v.result.Passed()
	}
	return r, nil
}

func newReport(o Options) *Report {
	r := &Report{Time: time.Now().UTC(), OS: runtime.GOOS, Arch: runtime.GOARCH, Go: runtime.Version(), CPUs: runtime.NumCPU(), Dir: o.Dir, Seed: o.Seed,
		Processes: o.Processes, For: o.For, Hold: o.Hold, Lifetime: o.Lifetime, Fencing: o.Fencing, Passed: true}
	if m, err := osfs.MountOf(o.Dir); err == nil {
		r.Mount = Mount{Point: m.Point, Type: m.Type, Options: m.Options}
	}
	return r
}

// verifier verifies one kind.
type verifier struct {
	Options
	ctx    context.Context
	kind   kind.Kind
	path   string
	show   func(done int, what string)
	result Result
	keepIn func() (string, error) // returns the directory for histories, which it makes

	cannotStop bool // there is no way to stop a process here
}

func (v *verifier) found(what Problem, format string, args ...any) {
	v.result.Findings = append(v.result.Findings, Finding{what, fmt.Sprintf(format, args...)})
}

// run returns errors that say nothing about the lock.
func (v *verifier) run() error {
	if !v.gives() {
		return nil
	}
	outcome, stops, err := v.contend()
	if v.ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return err
	}
	v.show(v.Kills+v.Stops+1, "check")
	return v.judge(outcome, stops)
}

// probeTime bounds the wait for a lock that nobody else knows of.
const probeTime = 10 * time.Second

// gives reports whether there is a lock to be had at all, and adds a finding if not.
func (v *verifier) gives() bool {
	l, err := v.kind.Open(v.path + ".probe")
	if err == nil {
		defer l.Close()
		ctx, cancel := context.WithTimeout(v.ctx, probeTime)
		defer cancel()
		h, acquireErr := l.Acquire(ctx)
		if err = acquireErr; err == nil {
			err = h.Release()
		}
	}
	switch {
	case err == nil:
		return true
	case errors.Is(err, fs.ErrNoLocks):
		v.result.Excludes = NoLocks
		v.found(Unsupported, "%v", err)
	default:
		v.found(Failed, "%v", err)
	}
	return false
}

// contend lets processes contend for the lock and disturbs them. Errors of the lock are findings.
func (v *verifier) contend() (contend.Outcome, []stop, error) {
	v.show(0, "start")
	fleet, err := contend.Start(v.ctx, contend.Options{Program: v.Program, Subject: v.kind.Name, Path: v.path, Processes: v.Processes, Spares: v.Kills, Hold: v.Hold,
		Records: max(contend.DefaultRecords, int(v.For/v.Hold))})
	if err != nil {
		return contend.Outcome{}, nil, err
	}
	began := journal.Now()
	if err := fleet.Go(); err != nil {
		fleet.Abort()
		return contend.Outcome{}, nil, err
	}
	d := disturber{Options: v.Options, ctx: v.ctx, fleet: fleet, began: began, open: func() (kind.Lock, error) { return v.kind.Open(v.path) }}
	disturbErr := d.run(plan(v.Options), v.show)
	v.cannotStop = d.cannotStop
	outcome, err := fleet.Finish(v.patience())
	if err != nil {
		v.foundErrors(err)
		return outcome, d.stops, nil
	}
	return outcome, d.stops, disturbErr
}

// foundErrors adds what processes ended with: one error says what is wrong, all of them say how much.
func (v *verifier) foundErrors(err error) {
	all := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		all = joined.Unwrap()
	}
	v.found(Failed, "%s ended with an error; %v", count(len(all), "process"), all[0])
}

// patience is how long processes that wait may take to get in and out again when the time is over: each needs one turn, of which a busy machine makes many times a hold.
func (v *verifier) patience() time.Duration {
	return max(5*time.Second, 20*time.Duration(v.Processes)*v.Hold) + v.Lifetime
}
