package locktest

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/lock"
)

// probe is one run of one check.
type probe struct {
	reporter
	Fixture
	patience time.Duration
	ctx      context.Context // ends with errPatience
	cancel   context.CancelFunc
	skipped  string

	mu    sync.Mutex // never held across a call of the host
	locks []Locker
	tasks []*task
}

var errPatience = errors.New("locktest: nothing happened for too long")

func newProbe(r reporter, f Fixture, patience time.Duration) *probe {
	p := &probe{reporter: r, Fixture: f, patience: patience}
	p.ctx, p.cancel = f.Host.WithTimeout(context.Background(), patience, errPatience)
	return p
}

// close ends what the check began.
func (p *probe) close() {
	p.cancel()
	ctx, cancel := p.Host.WithTimeout(context.Background(), p.patience, errPatience)
	defer cancel()
	for _, t := range p.tasks {
		if err := t.done.Wait(ctx); err != nil {
			p.Errorf("task %s did not end with its context", t.name)
			return
		}
	}
	for _, l := range p.locks {
		l.Close()
	}
}

// stop is the panic that ends a check early. testing.T.FailNow would do only on the goroutine of the test, and a check may run on a task.
type stop struct{}

func stopHere() {
	if r := recover(); r != nil && r != (stop{}) {
		panic(r)
	}
}

// fatalf reports a failure and ends the check, or the task of it that calls.
func (p *probe) fatalf(format string, args ...any) {
	p.Helper()
	p.Errorf(format, args...)
	panic(stop{})
}

// skip ends the check because the fixture lacks something. It is called by the check itself only, not by a task of it.
func (p *probe) skip(why string) {
	p.skipped = why
	panic(stop{})
}

// path returns the path of a name in the directory under test.
func (p *probe) path(elements ...string) string {
	return filepath.Join(append([]string{p.Dir}, elements...)...)
}

// tryOpen makes a lock on the file work.lock, as the process h sees it.
func (p *probe) tryOpen(h fs.Host, name string, opts ...lock.Option) (Locker, error) {
	l, err := p.New(p.path(name), append([]lock.Option{lock.Host(h)}, opts...)...)
	if err == nil {
		p.mu.Lock()
		p.locks = append(p.locks, l)
		p.mu.Unlock()
	}
	return l, err
}

// open makes a lock in the first process.
func (p *probe) open(opts ...lock.Option) Locker {
	p.Helper()
	return p.openAt(p.Host, opts...)
}

func (p *probe) openAt(h fs.Host, opts ...lock.Option) Locker {
	p.Helper()
	l, err := p.tryOpen(h, "work.lock", opts...)
	if err != nil {
		p.fatalf("New: %v", err)
	}
	return l
}

// acquire takes the lock, which must succeed.
func (p *probe) acquire(l Locker, opts ...lock.Option) *lock.Hold {
	p.Helper()
	return p.enter(p.ctx, l, opts...)
}

// enter takes the lock with a context of the caller's.
func (p *probe) enter(ctx context.Context, l Locker, opts ...lock.Option) *lock.Hold {
	p.Helper()
	h, err := l.Acquire(ctx, opts...)
	if err != nil {
		p.fatalf("Acquire: %v", err)
	}
	return h
}

// release must succeed.
func (p *probe) release(h *lock.Hold) {
	p.Helper()
	if err := h.Release(); err != nil {
		p.fatalf("Release: %v", err)
	}
}

// wantHeld says that nobody gets in through l.
func (p *probe) wantHeld(l Locker, when string) {
	p.Helper()
	h, err := l.TryAcquire(p.ctx)
	if err == nil {
		h.Release()
		p.fatalf("%s: the lock could be taken", when)
	}
	p.wantError(when, err, lock.ErrTimeout)
}

// wantFree says that the lock can be taken through l.
func (p *probe) wantFree(l Locker, when string) {
	p.Helper()
	h, err := l.TryAcquire(p.ctx)
	if err != nil {
		p.fatalf("%s: the lock could not be taken: %v", when, err)
	}
	p.release(h)
}

// wantError says that err is each of the wanted errors.
func (p *probe) wantError(what string, err error, want ...error) {
	p.Helper()
	for _, w := range want {
		if !errors.Is(err, w) {
			p.fatalf("%s: got error %v, want one that is %q", what, err, w)
		}
	}
}

func (p *probe) wantDepth(l Locker, ctx context.Context, want int) {
	p.Helper()
	if got := l.Depth(ctx); got != want {
		p.fatalf("Depth is %d, want %d", got, want)
	}
}

// task is a task that the check started.
type task struct {
	name string
	done fs.Event
}

// start runs f as a task of the process h.
func (p *probe) start(h fs.Host, name string, f func()) *task {
	t := &task{name: name, done: p.Host.NewEvent()}
	p.mu.Lock()
	p.tasks = append(p.tasks, t)
	p.mu.Unlock()
	h.Go(name, func() {
		defer t.done.Set()
		defer stopHere()
		f()
	})
	return t
}

// wait waits until the tasks have ended.
func (p *probe) wait(tasks ...*task) {
	p.Helper()
	for _, t := range tasks {
		p.happens("the end of task "+t.name, t.done)
	}
}

// atPeer runs f as a task of the other process and waits for its end.
func (p *probe) atPeer(f func()) {
	p.Helper()
	p.wait(p.start(p.Peer, "peer", f))
}

// happens waits for an event.
func (p *probe) happens(what string, e fs.Event) {
	p.Helper()
	if err := e.Wait(p.ctx); err != nil {
		p.fatalf("waiting for %s: %v", what, err)
	}
}

// ends waits until ctx does.
func (p *probe) ends(what string, ctx context.Context) {
	p.Helper()
	e := p.Host.NewEvent()
	stop := p.Host.AfterDone(ctx, e.Set)
	defer stop()
	p.happens("the end of "+what, e)
}

// attempt is an acquisition that runs as a task.
type attempt struct {
	*task
	waits fs.Event // set when the acquisition has to wait
	hold  *lock.Hold
	err   error
}

// contend starts to acquire l, made with the given observer, and returns when it has to wait.
func (p *probe) contend(ctx context.Context, l Locker, w *waitWatch, opts ...lock.Option) *attempt {
	p.Helper()
	a := p.begin(ctx, l, w, opts...)
	p.happens("an acquisition to wait", a.waits)
	return a
}

func (p *probe) begin(ctx context.Context, l Locker, w *waitWatch, opts ...lock.Option) *attempt {
	a := &attempt{waits: p.Host.NewEvent()}
	w.next(a.waits)
	a.task = p.start(p.Host, "contender", func() { a.hold, a.err = l.Acquire(ctx, opts...) })
	return a
}

// got waits for the end of an acquisition that must succeed.
func (p *probe) got(a *attempt) *lock.Hold {
	p.Helper()
	p.wait(a.task)
	if a.err != nil {
		p.fatalf("Acquire: %v", a.err)
	}
	return a.hold
}

// failed waits for the end of an acquisition that must fail with the wanted errors.
func (p *probe) failed(what string, a *attempt, want ...error) {
	p.Helper()
	p.wait(a.task)
	if a.err == nil {
		a.hold.Release()
		p.fatalf("%s: the acquisition succeeded", what)
	}
	p.wantError(what, a.err, want...)
}

// waitWatch is an observer that tells when the next acquisition of its lock has to wait.
type waitWatch struct {
	mu    sync.Mutex
	event fs.Event
}

func (w *waitWatch) next(e fs.Event) {
	w.mu.Lock()
	w.event = e
	w.mu.Unlock()
}

// Observe implements lock.Observer.
func (w *waitWatch) Observe(e lock.Event) {
	if e.Kind != lock.EventWait {
		return
	}
	w.mu.Lock()
	next := w.event
	w.event = nil
	w.mu.Unlock()
	if next != nil {
		next.Set()
	}
}

// watched makes a lock whose waits can be watched.
func (p *probe) watched(opts ...lock.Option) (Locker, *waitWatch) {
	p.Helper()
	w := new(waitWatch)
	return p.open(append(opts, lock.Observe(w))...), w
}

// queued waits until n tasks of this process wait for the lock. That an acquisition has begun to wait does not mean yet that it has its place in the queue.
func (p *probe) queued(l Locker, n int) {
	p.Helper()
	for {
		h, err := l.TryAcquire(p.ctx)
		var timeout *lock.TimeoutError
		switch {
		case err == nil:
			h.Release()
			p.fatalf("the lock could be taken while others should wait for it")
		case !errors.As(err, &timeout):
			p.fatalf("TryAcquire of a lock that is waited for: %v", err)
		case timeout.Waiters == n:
			return
		}
		if err := p.Host.Sleep(p.ctx, time.Millisecond); err != nil {
			p.fatalf("waiting until %d wait: %d do: %v", n, timeout.Waiters, err)
		}
	}
}

// journal is what happened in which order.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) write(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, fmt.Sprintf(format, args...))
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Join(j.lines, ", ")
}

// want compares the journal with lines separated by a comma and a blank.
func (p *probe) want(j *journal, want string) {
	p.Helper()
	if got := j.String(); got != want {
		p.fatalf("got %s\nwant %s", got, want)
	}
}
