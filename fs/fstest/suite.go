// Package fstest is the suite with which an implementation of [fs.Host] proves that it keeps what package fs documents.
//
//	func TestHost(t *testing.T) {
//		fstest.TestHost(t, func(t *testing.T) (fs.Host, string) {
//			return osfs.New(), t.TempDir()
//		}, fstest.MustSupport(fstest.WaitLock), fstest.Symlinks(os.Symlink))
//	}
//
// A host may answer [fs.ErrUnsupported]. The sub-test is then skipped and says which operation was missing; [MustSupport] makes that a
// failure instead, so that an operation that works today cannot disappear in silence.
package fstest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
)

// Operation is something that a host may be unable to do.
type Operation string

// The operations that a sub-test may be skipped for.
const (
	Exclusive       Operation = "Exclusive"       // Open with fs.Exclusive
	NoFollow        Operation = "NoFollow"        // Open with fs.NoFollow
	Directory       Operation = "Directory"       // Open with fs.Directory
	NonBlock        Operation = "NonBlock"        // Open with fs.NonBlock
	Truncate        Operation = "Truncate"        // File.Truncate
	Chmod           Operation = "Chmod"           // File.Chmod, of the owner's right to write
	Permissions     Operation = "Permissions"     // all nine permission bits
	SetTimes        Operation = "SetTimes"        // File.SetTimes
	Sync            Operation = "Sync"            // File.Sync of a file
	SyncDirectory   Operation = "SyncDirectory"   // File.Sync of a directory
	Identity        Operation = "Identity"        // Info.ID, the zero FileID is none
	Links           Operation = "Links"           // Info.Links of a file that lost its name
	Link            Operation = "Link"            // Files.Link
	Rename          Operation = "Rename"          // Files.Rename
	Remove          Operation = "Remove"          // Files.Remove
	Mkdir           Operation = "Mkdir"           // Files.Mkdir
	Lstat           Operation = "Lstat"           // Files.Lstat
	ReadDir         Operation = "ReadDir"         // Files.ReadDir
	Canonical       Operation = "Canonical"       // Files.Canonical
	Watch           Operation = "Watch"           // Files.Watch
	LockTable       Operation = "LockTable"       // Files.LockTable
	Whole           Operation = "Whole"           // File.TryLock on fs.Whole
	Ranges          Operation = "Ranges"          // File.TryLock on byte ranges
	SeparateRegions Operation = "SeparateRegions" // Volume.SeparateRegions
	Conflict        Operation = "Conflict"        // File.Conflict
	WaitLock        Operation = "WaitLock"        // File.WaitLock on fs.Whole
	WaitRange       Operation = "WaitRange"       // File.WaitLock on byte ranges
	Uptime          Operation = "Uptime"          // Clock.Uptime
	OnDropped       Operation = "OnDropped"       // Tasks.OnDropped
	Liveness        Operation = "Liveness"        // Process.Liveness, other than Unknown for everybody
	Start           Operation = "Start"           // Identity.Start
	Boot            Operation = "Boot"            // Identity.Boot
	PIDNamespace    Operation = "PIDNamespace"    // Identity.PIDNamespace
	Symlink         Operation = "Symlink"         // the caller gave Symlinks
	FIFO            Operation = "FIFO"            // the caller gave FIFOs
)

// Operations returns all operations that a sub-test may be skipped for.
func Operations() []Operation {
	return []Operation{Exclusive, NoFollow, Directory, NonBlock, Truncate, Chmod, Permissions, SetTimes, Sync, SyncDirectory, Identity, Links,
		Link, Rename, Remove, Mkdir, Lstat, ReadDir, Canonical, Watch, LockTable, Whole, Ranges, SeparateRegions, Conflict, WaitLock, WaitRange,
		Uptime, OnDropped, Liveness, Start, Boot, PIDNamespace, Symlink, FIFO}
}

// Option changes how [TestHost] runs.
type Option func(*options)

type options struct {
	must     map[Operation]bool
	symlink  func(oldname, newname string) error
	fifo     func(path string) error
	within   func(h fs.Host, body func())
	patience time.Duration
}

// MustSupport makes it a failure if one of the operations is not supported. It panics on a name that is none of [Operations].
func MustSupport(operations ...Operation) Option {
	for _, op := range operations {
		if !slices.Contains(Operations(), op) {
			panic(fmt.Sprintf("fstest: no operation is called %q", op))
		}
	}
	return func(o *options) {
		for _, op := range operations {
			o.must[op] = true
		}
	}
}

// Symlinks says how to make a symbolic link on the filesystem under test, which the seam itself has no operation for.
func Symlinks(symlink func(oldname, newname string) error) Option {
	return func(o *options) { o.symlink = symlink }
}

// FIFOs says how to make a named pipe on the filesystem under test.
func FIFOs(mkfifo func(path string) error) Option {
	return func(o *options) { o.fifo = mkfifo }
}

// Within makes every sub-test run its body inside run, which must return after body has. A host whose calls are allowed only on tasks that it
// started itself starts one here, and drives it to its end. By default the body runs on the goroutine of the test.
func Within(run func(h fs.Host, body func())) Option {
	return func(o *options) { o.within = run }
}

// TestHost runs the suite, one sub-test for each behaviour. Every sub-test asks newHost for a host and for an empty directory on the filesystem
// under test. newHost is called on the goroutine of the test and cleans up with t.Cleanup.
func TestHost(t *testing.T, newHost func(t *testing.T) (h fs.Host, dir string), opts ...Option) {
	o := collect(opts)
	for _, c := range checks() {
		t.Run(c.name, func(t *testing.T) {
			h, dir := newHost(t)
			if skipped := c.on(t, h, dir, o); skipped != "" {
				t.Skip(skipped)
			}
		})
	}
}

func collect(opts []Option) options {
	o := options{
		must:     make(map[Operation]bool),
		within:   func(_ fs.Host, body func()) { body() },
		patience: patience,
	}
	for _, opt := range opts {
		opt(&o)
	}
	return o
}

// check is one behaviour.
type check struct {
	name string
	run  func(*probe)
}

func checks() []check {
	return slices.Concat(openChecks, contentChecks, attributeChecks, nameChecks, canonicalChecks, watchChecks,
		wholeAndRange(lockChecks), conversionChecks, regionChecks, lockTableChecks, wholeAndRange(waitChecks), clockChecks, taskChecks, contextChecks, processChecks)
}

// on runs the check and returns why it was skipped, or "". The failures are reported to t.
func (c check) on(t reporter, h fs.Host, dir string, o options) (skipped string) {
	o.within(h, func() {
		p := newProbe(t, h, dir, o)
		defer func() { skipped = p.skipped }()
		defer p.close()
		defer stopHere()
		c.run(p)
	})
	return skipped
}

// reporter is what a check needs of testing.T. It is this small so that the suite's own tests can see a check fail.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
}

// stop is the panic that ends a check early. testing.T.FailNow would do only on the goroutine of the test, and a check may run on a task.
type stop struct{}

func stopHere() {
	if r := recover(); r != nil && r != (stop{}) {
		panic(r)
	}
}

// patience bounds every wait, so that a host that forgets to wake a task fails and does not hang. It is no measure of speed: on the slowest
// machine everything here takes less.
const patience = time.Minute

var errPatience = errors.New("fstest: it did not happen, however long it was waited for")

// probe is one run of one check.
type probe struct {
	reporter
	fs.Host
	dir     string
	options options
	ctx     context.Context // ends with errPatience
	cancel  context.CancelFunc

	mu      sync.Mutex // held across no call of the host
	tasks   []*task
	last    []func() error // run at the end, in reverse order
	skipped string
}

func newProbe(t reporter, h fs.Host, dir string, o options) *probe {
	p := &probe{reporter: t, Host: h, dir: dir, options: o}
	p.ctx, p.cancel = h.WithTimeout(context.Background(), o.patience, errPatience)
	return p
}

// close ends what the check began. Tasks first: they may be using the files.
func (p *probe) close() {
	p.cancel()
	ctx, cancel := p.WithTimeout(context.Background(), p.options.patience, errPatience)
	defer cancel()
	p.mu.Lock()
	tasks, last := p.tasks, p.last
	p.mu.Unlock()
	for _, t := range tasks {
		if err := t.done.Wait(ctx); err != nil {
			p.Errorf("task %s did not end with its context", t.name)
			return
		}
	}
	for _, end := range slices.Backward(last) {
		end()
	}
}

// atEnd arranges that f runs when the check has ended.
func (p *probe) atEnd(f func() error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = append(p.last, f)
}

// fatalf reports a failure and ends the check, or the task of it that calls.
func (p *probe) fatalf(format string, args ...any) {
	p.Helper()
	p.Errorf(format, args...)
	panic(stop{})
}

// skip ends the check, or the task of it that calls, because the host cannot do op.
func (p *probe) skip(op Operation, err error) {
	p.Helper()
	if p.options.must[op] {
		p.fatalf("%s is not supported, and must be: %v", op, err)
	}
	p.mu.Lock()
	p.skipped = fmt.Sprintf("%s is not supported: %v", op, err)
	p.mu.Unlock()
	panic(stop{})
}

// ok ends the check if err is an error: as skipped if the host cannot do op, and else as failed.
func (p *probe) ok(op Operation, err error) {
	p.Helper()
	switch {
	case err == nil:
	case errors.Is(err, fs.ErrUnsupported), errors.Is(err, fs.ErrNoLocks):
		p.skip(op, err)
	default:
		p.fatalf("%s: %v", op, err)
	}
}

// must ends the check if an operation failed that every host can do.
func (p *probe) must(err error) {
	p.Helper()
	if err != nil {
		p.fatalf("unexpected error: %v", err)
	}
}

// wantError reports a failure unless err is the wanted condition. A host that cannot do op skips the check.
func (p *probe) wantError(op Operation, what string, err, want error) {
	p.Helper()
	switch {
	case err != nil && errors.Is(err, want):
	case err != nil && errors.Is(err, fs.ErrUnsupported):
		p.skip(op, err)
	default:
		p.Errorf("%s: got error %v, want one that is %q", what, err, want)
	}
}

// task is a task that the check started.
type task struct {
	name string
	done fs.Event
}

// start runs f as a task and returns what waits for its end.
func (p *probe) start(name string, f func()) *task {
	t := &task{name: name, done: p.NewEvent()}
	p.mu.Lock()
	p.tasks = append(p.tasks, t)
	p.mu.Unlock()
	p.Go(name, func() {
		defer t.done.Set()
		defer stopHere()
		f()
	})
	return t
}

// each runs f(0) to f(n-1) as tasks, none of which goes on before all have begun, and waits until they have ended.
func (p *probe) each(n int, f func(i int)) {
	p.Helper()
	var begun atomic.Int32
	all := p.NewEvent()
	tasks := make([]*task, n)
	for i := range tasks {
		tasks[i] = p.start(fmt.Sprintf("%d of %d", i, n), func() {
			if int(begun.Add(1)) == n {
				all.Set()
			}
			p.happens("the other tasks to begin", all)
			f(i)
		})
	}
	p.wait(tasks...)
}

// wait waits until the tasks have ended.
func (p *probe) wait(tasks ...*task) {
	p.Helper()
	for _, t := range tasks {
		p.happens("the end of task "+t.name, t.done)
	}
}

// happens waits for an event.
func (p *probe) happens(what string, e fs.Event) {
	p.Helper()
	if err := e.Wait(p.ctx); err != nil {
		p.fatalf("waiting for %s: %v", what, err)
	}
}

// eventually looks again and again until it sees what must come to be.
func (p *probe) eventually(what string, seen func() bool) {
	p.Helper()
	for !seen() {
		if err := p.Sleep(p.ctx, time.Millisecond); err != nil {
			p.fatalf("waiting for %s: %v", what, err)
		}
	}
}
