package fstest

import (
	"bytes"
	"context"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/fs/osfs"
)

// turns is a host with the rules of a simulator: its calls are allowed only on tasks that it started itself, one of which runs at a time, until it calls the host. A task that
// waits for another one without the host keeps its turn, and nothing happens any more.
type turns struct {
	fs.Host
	turn  chan struct{} // has one element, which whoever runs has taken
	tasks sync.Map      // of goroutine numbers
	t     *testing.T
}

func newTurns(t *testing.T) *turns {
	h := &turns{Host: osfs.New(), turn: make(chan struct{}, 1), t: t}
	h.turn <- struct{}{}
	return h
}

// goroutine returns the number of the calling goroutine, which only its stack trace says.
func goroutine() string {
	b := make([]byte, 64)
	fields := bytes.Fields(b[:runtime.Stack(b, false)])
	return string(fields[1])
}

// run makes the calling goroutine a task until f returns.
func (h *turns) run(f func()) {
	<-h.turn
	number := goroutine()
	h.tasks.Store(number, true)
	defer func() {
		h.tasks.Delete(number)
		h.turn <- struct{}{}
	}()
	f()
}

// call gives up the turn for the time of a call. A task never goes on before another one that waits for its turn has had it.
func (h *turns) call() (done func()) {
	if _, ok := h.tasks.Load(goroutine()); !ok {
		stack := make([]byte, 4096)
		h.t.Errorf("the host is called outside its tasks:\n%s", stack[:runtime.Stack(stack, false)])
		return func() {}
	}
	h.turn <- struct{}{}
	return func() { <-h.turn }
}

func (h *turns) Go(name string, f func()) { defer h.call()(); h.Host.Go(name, func() { h.run(f) }) }

func (h *turns) AfterFunc(d time.Duration, f func()) fs.Timer {
	defer h.call()()
	return turnTimer{h.Host.AfterFunc(d, func() { h.run(f) }), h}
}

func (h *turns) AfterDone(ctx context.Context, f func()) func() bool {
	defer h.call()()
	stop := h.Host.AfterDone(ctx, func() { h.run(f) })
	return func() bool { defer h.call()(); return stop() }
}

func (h *turns) OnDropped(obj any, f func(any)) {
	defer h.call()()
	if f == nil {
		h.Host.OnDropped(obj, nil)
		return
	}
	h.Host.OnDropped(obj, func(obj any) { h.run(func() { f(obj) }) })
}

func (h *turns) NewEvent() fs.Event {
	defer h.call()()
	return turnEvent{h.Host.NewEvent(), h}
}

func (h *turns) Open(path string, flag fs.OpenFlag, perm fs.FileMode) (fs.File, error) {
	defer h.call()()
	f, err := h.Host.Open(path, flag, perm)
	if err != nil {
		return nil, err
	}
	return turnFile{f, h}, nil
}

func (h *turns) Watch(path string) (fs.Watch, error) {
	defer h.call()()
	w, err := h.Host.Watch(path)
	return turnWatch{w, h}, err
}

func (h *turns) Sleep(ctx context.Context, d time.Duration) error {
	defer h.call()()
	return h.Host.Sleep(ctx, d)
}
func (h *turns) Yield()                             { defer h.call()(); h.Host.Yield() }
func (h *turns) Monotonic() time.Duration           { defer h.call()(); return h.Host.Monotonic() }
func (h *turns) PID() int                           { defer h.call()(); return h.Host.PID() }
func (h *turns) Lstat(path string) (fs.Info, error) { defer h.call()(); return h.Host.Lstat(path) }
func (h *turns) Remove(path string) error           { defer h.call()(); return h.Host.Remove(path) }
func (h *turns) Rename(oldname, newname string) error {
	defer h.call()()
	return h.Host.Rename(oldname, newname)
}
func (h *turns) Link(oldname, newname string) error {
	defer h.call()()
	return h.Host.Link(oldname, newname)
}
func (h *turns) Mkdir(path string, perm fs.FileMode) error {
	defer h.call()()
	return h.Host.Mkdir(path, perm)
}
func (h *turns) LockTable(path string, id fs.FileID) (fs.LockTable, error) {
	defer h.call()()
	return h.Host.LockTable(path, id)
}

func (h *turns) WithCancel(parent context.Context) (context.Context, context.CancelCauseFunc) {
	defer h.call()()
	ctx, cancel := h.Host.WithCancel(parent)
	return ctx, func(cause error) { defer h.call()(); cancel(cause) }
}

func (h *turns) WithTimeout(parent context.Context, d time.Duration, cause error) (context.Context, context.CancelFunc) {
	defer h.call()()
	ctx, cancel := h.Host.WithTimeout(parent, d, cause)
	return ctx, func() { defer h.call()(); cancel() }
}

type turnTimer struct {
	fs.Timer
	host *turns
}

func (t turnTimer) Stop() bool { defer t.host.call()(); return t.Timer.Stop() }

type turnEvent struct {
	fs.Event
	host *turns
}

func (e turnEvent) Set()                           { defer e.host.call()(); e.Event.Set() }
func (e turnEvent) Wait(ctx context.Context) error { defer e.host.call()(); return e.Event.Wait(ctx) }

type turnWatch struct {
	fs.Watch
	host *turns
}

func (w turnWatch) Next(ctx context.Context) error { defer w.host.call()(); return w.Watch.Next(ctx) }
func (w turnWatch) Close() error                   { defer w.host.call()(); return w.Watch.Close() }

type turnFile struct {
	fs.File
	host *turns
}

func (f turnFile) Close() error           { defer f.host.call()(); return f.File.Close() }
func (f turnFile) Stat() (fs.Info, error) { defer f.host.call()(); return f.File.Stat() }
func (f turnFile) ReadAt(p []byte, off int64) (int, error) {
	defer f.host.call()()
	return f.File.ReadAt(p, off)
}
func (f turnFile) WriteAt(p []byte, off int64) (int, error) {
	defer f.host.call()()
	return f.File.WriteAt(p, off)
}
func (f turnFile) Unlock(r fs.Region) error { defer f.host.call()(); return f.File.Unlock(r) }
func (f turnFile) TryLock(r fs.Region, m fs.LockMode) (bool, error) {
	defer f.host.call()()
	return f.File.TryLock(r, m)
}

func (f turnFile) WaitLock(ctx context.Context, r fs.Region, m fs.LockMode) (bool, error) {
	defer f.host.call()()
	return f.File.WaitLock(ctx, r, m)
}

// TestSuiteKeepsTheRulesOfASimulator: it calls the host on the host's tasks only, and waits only through it.
func TestSuiteKeepsTheRulesOfASimulator(t *testing.T) {
	o := suiteOptions(t)
	TestHost(t, func(t *testing.T) (fs.Host, string) { return newTurns(t), t.TempDir() }, Symlinks(o.symlink), FIFOs(o.fifo),
		Within(func(h fs.Host, body func()) {
			ended := make(chan struct{})
			go h.(*turns).run(func() { defer close(ended); body() })
			<-ended
		}))
}
