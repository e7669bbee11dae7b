package scenario

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/fs/osfs"
	"github.com/holdfast-lock/holdfast/lock"
)

// request is a line that a worker is told: the locks first, then steps of its clients.
type request struct {
	Locks  []Lock `json:",omitempty"` // with paths of the machine
	Client string `json:",omitempty"`
	Cancel bool   `json:",omitempty"` // the client's pending call
	Step   Step
}

// answer is a line that a worker answers a step with.
type answer struct {
	Client    string
	Outcome   Outcome
	Text      string        // of an error
	Explained bool          // the error is the one that is wanted
	Token     uint64        // of a hold
	Depth     int           // of a hold
	Call      time.Duration // when it began, and when it ended, on a clock that all processes of the machine share
	Return    time.Duration
}

// Worker is a process of a scenario that is run on a real filesystem, see [RunOn]: it does what it is told on in, and says on out what came of it, until in ends.
func Worker(in io.Reader, out io.Writer) error {
	w := &worker{host: osfs.Default(), out: json.NewEncoder(out), clients: make(map[string]*realClient), locks: make(map[string]*lock.Lock), named: make(map[string]*lock.Hold),
		bare: make(map[string]fs.File), errs: make(map[string]error)}
	for lines := json.NewDecoder(in); ; {
		var r request
		if err := lines.Decode(&r); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if r.Client == "" {
			w.plans = r.Locks
			continue
		}
		c := w.client(r.Client)
		if r.Cancel {
			c.endCall()
			continue
		}
		c.steps <- r.Step
	}
}

// worker is a process of a scenario. Each client is a goroutine, which ends with the process.
type worker struct {
	host    fs.Host
	plans   []Lock
	clients map[string]*realClient // of the goroutine that reads

	writing sync.Mutex
	out     *json.Encoder

	mu    sync.Mutex // guards what follows
	locks map[string]*lock.Lock
	errs  map[string]error
	named map[string]*lock.Hold // by name
	bare  map[string]fs.File
}

// realClient is a client in a process of its own.
type realClient struct {
	w     *worker
	steps chan Step
	own   map[string]*lock.Hold   // by lock
	shown map[string]*lock.Record // by the last status of a lock that nothing was broken after

	mu     sync.Mutex
	cancel context.CancelFunc // of the pending call
}

func (w *worker) client(name string) *realClient {
	c := w.clients[name]
	if c == nil {
		c = &realClient{w: w, steps: make(chan Step, 1), own: make(map[string]*lock.Hold), shown: make(map[string]*lock.Record)}
		w.clients[name] = c
		go c.serve(name)
	}
	return c
}

func (c *realClient) endCall() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cancel != nil {
		c.cancel()
	}
}

func (c *realClient) serve(name string) {
	for s := range c.steps {
		a := answer{Client: name, Call: uptime(c.w.host)}
		o := op{Step: &s}
		o.errno = wantedErrno(&s.Want)
		err := c.do(&s, &a)
		a.Return = uptime(c.w.host)
		if err != nil {
			a.Outcome, a.Text, a.Explained = outcomeOf(err), err.Error(), o.explains(err)
		}
		c.w.writing.Lock()
		c.w.out.Encode(a)
		c.w.writing.Unlock()
	}
}

// uptime reads the clock that all processes of the machine share.
func uptime(host fs.Host) time.Duration {
	t, err := host.Uptime()
	if err != nil {
		return host.Monotonic()
	}
	return t
}

// lock returns a lock of the process, which is made at its first use.
func (w *worker) lock(name string) (*lock.Lock, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lockLocked(name)
}

func (w *worker) lockLocked(name string) (*lock.Lock, error) {
	l, err := w.locks[name], w.errs[name]
	if l != nil || err != nil {
		return l, err
	}
	for _, plan := range w.plans {
		if plan.Name != name {
			continue
		}
		options := plan.options()
		if plan.HookFails {
			options = append(options, lock.OnAcquired(func(fs.File) error { return errHook }))
		}
		if plan.Fallback != "" {
			other, err := w.lockLocked(plan.Fallback)
			if err != nil {
				return nil, err
			}
			options = append(options, lock.FallbackTo(other))
		}
		l, err = opens[plan.Kind](plan.Path, options...)
		w.locks[name], w.errs[name] = l, err
	}
	return l, err
}

// hold returns the hold that a step is about, nil if there is none.
func (c *realClient) hold(lockName, name string) *lock.Hold {
	if name == "" {
		return c.own[lockName]
	}
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	if h, ok := c.w.named[name]; ok {
		return h
	}
	return c.own[name]
}

func (c *realClient) keep(s *Step, h *lock.Hold) {
	if s.Hold == "" {
		c.own[s.Lock] = h
		return
	}
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	c.w.named[s.Hold] = h
}

// do does a step, as client.do does it in the machine.
func (c *realClient) do(s *Step, a *answer) error {
	a.Outcome = OK
	switch s.Verb {
	case VerbLock:
		return c.acquire(s, a)
	case VerbUnlock, VerbUnlockAll, VerbVouch:
		h := c.hold(s.Lock, s.Hold)
		switch {
		case h == nil:
			a.Outcome = Nothing
			return nil
		case s.Verb == VerbVouch:
			return h.Lost()
		}
		a.Depth = h.Depth()
		if s.Verb == VerbUnlock {
			return h.Release()
		}
		return h.ReleaseAll()
	case VerbSleep, VerbWork:
		a.Outcome = Any
		return c.w.host.Sleep(context.Background(), s.For)
	case VerbStatus:
		l, err := c.w.lock(s.Lock)
		if err != nil {
			return err
		}
		st, err := l.Status()
		c.shown[s.Lock] = st.Record
		a.Outcome, a.Token = map[lock.State]Outcome{lock.StateFree: Free, lock.StateHeld: Held, lock.StateUnknown: Unknown}[st.State], st.Token
		return err
	case VerbBreak:
		return c.breakLock(s, a)
	case VerbClean:
		return clean(c.w.host, s.Path)
	case VerbOpen:
		_, err := c.w.lock(s.Lock)
		return err
	case VerbClose:
		l, err := c.w.lock(s.Lock)
		if err != nil {
			return err
		}
		return l.Close()
	case VerbCheckSame:
		k, _ := c.w.lock(s.Lock)
		q, _ := c.w.lock(s.Hold)
		if k == nil || k != q {
			return errors.New("they are not")
		}
		return nil
	case VerbExec: // the child lives until its standard input, which is a pipe that only this process has, ends
		child := exec.Command("cat")
		if _, err := child.StdinPipe(); err != nil {
			return err
		}
		a.Outcome = Any
		if err := child.Start(); err != nil {
			return err
		}
		a.Depth = child.Process.Pid
		return nil
	case VerbWrite:
		f, err := os.OpenFile(s.Path, os.O_RDWR|os.O_CREATE, 0o666)
		if err != nil {
			return err
		}
		_, err = f.WriteString(s.Text)
		return errors.Join(err, f.Truncate(int64(len(s.Text))), f.Close())
	case VerbFlock:
		return c.flock(s, a)
	case VerbFunlock:
		c.w.mu.Lock()
		f := c.w.bare[s.Path]
		delete(c.w.bare, s.Path)
		c.w.mu.Unlock()
		if f == nil {
			a.Outcome = Nothing
			return nil
		}
		return errors.Join(f.Unlock(fs.Whole), f.Close())
	}
	return errors.ErrUnsupported
}

func (c *realClient) breakLock(s *Step, a *answer) error {
	l, err := c.w.lock(s.Lock)
	if err != nil {
		return err
	}
	judged, looked := c.shown[s.Lock]
	delete(c.shown, s.Lock)
	if !looked {
		st, err := l.Status()
		if err != nil {
			return err
		}
		judged = st.Record
	}
	err = l.Break(judged)
	if a.Outcome = brokenOutcome(err); a.Outcome == Unsupported {
		return nil
	}
	return err
}

func (c *realClient) acquire(s *Step, a *answer) error {
	l, err := c.w.lock(s.Lock)
	if err != nil {
		return err
	}
	c.keep(s, nil)
	ctx := context.Background()
	if s.In != "" {
		h := c.hold("", s.In)
		if h == nil {
			a.Outcome = Nothing
			return nil
		}
		ctx = h.Context()
	}
	if s.Deadline {
		ctx, _ = c.w.host.WithTimeout(ctx, s.For, nil) // ends with the process: the hold's context descends from it
	}
	ctx, cancel := context.WithCancel(ctx)
	c.mu.Lock()
	c.cancel = cancel
	c.mu.Unlock()
	h, err := l.Acquire(ctx, s.options()...)
	c.mu.Lock()
	c.cancel = nil
	c.mu.Unlock()
	if err != nil {
		cancel()
		return err
	}
	c.keep(s, h)
	a.Token, a.Depth = h.Token(), h.Depth()
	return nil
}

func (c *realClient) flock(s *Step, a *answer) error {
	f, err := c.w.host.Open(s.Path, fs.ReadWrite|fs.Create, 0o666)
	if err != nil {
		return err
	}
	held := false
	for !held && err == nil {
		if s.Try {
			held, err = f.TryLock(fs.Whole, fs.LockExclusive)
			break
		}
		held, err = f.WaitLock(context.Background(), fs.Whole, fs.LockExclusive)
	}
	if !held {
		a.Outcome = Busy
		return errors.Join(err, f.Close())
	}
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	c.w.bare[s.Path] = f
	return nil
}
