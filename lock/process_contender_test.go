//go:build linux

package lock_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/fs/osfs"
	"github.com/holdfast-lock/holdfast/lock"
	"github.com/holdfast-lock/holdfast/lock/internal/fence"
	"github.com/holdfast-lock/holdfast/lock/internal/lifetime"
)

// command is a line that a test writes to a contender.
type command struct {
	Do       string
	Kind     string        // open: "soft" or "lease", or the native lock
	Path     string        // open: the lock file; spawn: what the child reads
	Lifetime time.Duration // open: 0 for none
	Lease    time.Duration // open: of a lease
	Fencing  bool          // open
	Quiet    bool          // open: do not report "waiting"
	Gate     string        // open: a step of the host at which the contender reports "gate" once and waits for "pass"
	Timeout  time.Duration // acquire: 0 for none
	Once     bool          // acquire: TryAcquire
	Name     string        // work
	Target   int           // work: where the counter stops; churn, spin: how many acquisitions at most
	Quota    int           // work: how many increments, in place of Target
}

// report is a line that a contender answers with.
type report struct {
	What     string
	At       time.Duration // the machine's uptime when it was written: after an acquisition, before a release
	Err      string
	Is       []string // the sentinels that errors.Is finds in the error, see sentinels
	Holders  []int    // of a TimeoutError
	Waiters  int      // of a TimeoutError
	Token    uint64
	Evidence string        // on which the hold of another process was ended
	Expires  time.Duration // of a hold with a lifetime, as recorded; 0 if it is over already
	PID      int           // of a spawned child
	N        int
}

var sentinels = map[string]error{
	"timeout": lock.ErrTimeout, "canceled": context.Canceled, "deadline": context.DeadlineExceeded,
	"expired": lock.ErrExpired, "not held": lock.ErrNotHeld,
}

func (r report) is(name string) bool {
	for _, s := range r.Is {
		if s == name {
			return true
		}
	}
	return false
}

func uptime() time.Duration {
	t, err := osfs.Default().Uptime()
	if err != nil {
		panic(err)
	}
	return t
}

// contender is the process that obeys: one lock, one hold at a time. It does what it is told in order, except that an acquisition goes on while others are obeyed.
type contender struct {
	commands *json.Decoder
	lock     *lock.Lock
	path     string
	quiet    bool
	gate     *gate

	mu       sync.Mutex
	out      *json.Encoder
	hold     *lock.Hold
	cancel   context.CancelFunc
	evidence string
}

func serve(in io.Reader, out io.Writer) {
	c := &contender{commands: json.NewDecoder(in), out: json.NewEncoder(out)}
	c.tell(report{What: "ready"})
	for {
		cmd, ok := c.next()
		if !ok {
			return
		}
		switch cmd.Do {
		case "open":
			c.open(cmd)
		case "acquire":
			ctx, cancel := context.WithCancel(context.Background())
			c.mu.Lock()
			c.cancel = cancel
			c.mu.Unlock()
			go c.acquire(ctx, cmd)
		case "cancel":
			c.cancel()
		case "pass":
			c.gate.pass <- struct{}{}
		case "release":
			at := uptime()
			c.answer("released", at, c.held().Release())
		case "look":
			c.look()
		case "watch":
			c.watch()
		case "spawn":
			c.spawn(cmd)
		case "churn":
			c.churn(cmd)
		case "work":
			c.work(cmd)
		case "spin":
			go c.spin(cmd)
		default:
			panic("unknown command " + cmd.Do)
		}
	}
}

// next returns the next command, or false when there will be none.
func (c *contender) next() (cmd command, ok bool) {
	err := c.commands.Decode(&cmd)
	return cmd, err == nil
}

func (c *contender) tell(r report) {
	if r.At == 0 {
		r.At = uptime()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out.Encode(r)
}

// answer reports what, or that it failed.
func (c *contender) answer(what string, at time.Duration, err error) {
	r := report{What: what, At: at}
	if err != nil {
		r.What, r.Err = "failed", err.Error()
		for name, sentinel := range sentinels {
			if errors.Is(err, sentinel) {
				r.Is = append(r.Is, name)
			}
		}
		if timeout, ok := errors.AsType[*lock.TimeoutError](err); ok {
			r.Is = append(r.Is, "TimeoutError")
			r.Waiters = timeout.Waiters
			for _, h := range timeout.Holders {
				r.Holders = append(r.Holders, h.PID)
			}
		}
	}
	c.tell(r)
}

// Observe reports that an acquisition begins to wait.
func (c *contender) Observe(e lock.Event) {
	switch e.Kind {
	case lock.EventWait:
		if !c.quiet {
			c.tell(report{What: "waiting"})
		}
	case lock.EventBroke:
		c.mu.Lock()
		c.evidence = e.Evidence
		c.mu.Unlock()
	}
}

var openers = map[string]func(string, ...lock.Option) (*lock.Lock, error){"": lock.New, "soft": lock.NewSoft, "lease": lock.NewLease, "strict": lock.NewStrict}

func (c *contender) open(cmd command) {
	c.gate = &gate{Host: osfs.Default(), at: cmd.Gate, reached: func() { c.tell(report{What: "gate"}) }, pass: make(chan struct{})}
	opts := []lock.Option{lock.Host(c.gate), lock.Observe(c)}
	if cmd.Lifetime > 0 {
		opts = append(opts, lock.Lifetime(cmd.Lifetime))
	}
	if cmd.Lease > 0 {
		opts = append(opts, lock.LeaseDuration(cmd.Lease))
	}
	if cmd.Fencing {
		opts = append(opts, lock.Fencing())
	}
	var err error
	c.path, c.quiet = cmd.Path, cmd.Quiet
	c.lock, err = openers[cmd.Kind](cmd.Path, opts...)
	c.answer("opened", uptime(), err)
}

func (c *contender) acquire(ctx context.Context, cmd command) {
	var opts []lock.Option
	if cmd.Timeout > 0 {
		opts = append(opts, lock.Timeout(cmd.Timeout))
	}
	if cmd.Once {
		opts = append(opts, lock.NoWait())
	}
	h, err := c.lock.Acquire(ctx, opts...)
	at := uptime()
	if err != nil {
		c.answer("acquired", at, err)
		return
	}
	c.mu.Lock()
	c.hold = h
	evidence := c.evidence
	c.evidence = ""
	c.mu.Unlock()
	rec, _, _ := lifetime.Peek(osfs.Default(), c.path)
	if rec.Holder.PID != os.Getpid() { // the hold is over already, and the record is that of the next one
		rec.Expires = 0
	}
	c.tell(report{What: "acquired", At: at, Token: h.Token(), Evidence: evidence, Expires: rec.Expires})
}

func (c *contender) held() *lock.Hold {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.hold
}

// look tells what the hold says of itself, one question per line.
func (c *contender) look() {
	h, ctx := c.held(), c.held().Context()
	c.answer("lost", uptime(), h.Lost())
	c.answer("context", uptime(), ctx.Err())
	c.answer("cause", uptime(), context.Cause(ctx))
}

// watch looks at the hold until it is lost, and fails if the hold or its context ever vouched for itself after it had expired.
func (c *contender) watch() {
	h, ctx := c.held(), c.held().Context()
	rec, _, err := lifetime.Peek(osfs.Default(), c.path)
	if err != nil {
		c.answer("watched", uptime(), err)
		return
	}
	c.tell(report{What: "watching", Expires: rec.Expires})
	for n := 1; ; n++ {
		now := uptime()
		ended, lost := ctx.Err(), h.Lost()
		if now >= rec.Expires && (ended == nil || lost == nil) {
			c.answer("watched", now, fmt.Errorf("%v after the end: Context().Err() is %v, Lost() is %v", now-rec.Expires, ended, lost))
			return
		}
		if lost != nil {
			c.tell(report{What: "watched", At: now, N: n})
			return
		}
	}
}

// spawn starts a child, as any program may that knows nothing of the lock, and leaves it to itself.
func (c *contender) spawn(cmd command) {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	child := exec.Command(self)
	child.Env = environment(roleBystander)
	if child.Stdin, err = os.Open(cmd.Path); err == nil {
		err = child.Start() // returns once the child has become the other program
	}
	if err != nil {
		c.answer("spawned", uptime(), err)
		return
	}
	c.tell(report{What: "spawned", PID: child.Process.Pid})
}

// churn acquires and releases while the lock file is being moved away, and tells how many descriptors the process has before and after.
func (c *contender) churn(cmd command) {
	for i := range cmd.Target {
		h, err := c.lock.Acquire(context.Background())
		if err != nil {
			c.answer("churned", uptime(), err)
			return
		}
		if i == 0 {
			c.tell(report{What: "before", N: openDescriptors()})
		}
		os.Rename(c.path, c.path+".aside") // it may just have been moved by somebody else
		if err := h.Release(); err != nil {
			c.answer("churned", uptime(), err)
			return
		}
	}
	c.tell(report{What: "churned", N: openDescriptors()})
}

func openDescriptors() int {
	names, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		panic(err)
	}
	return len(names)
}

// spin acquires and releases from several goroutines, back to back, until Target acquisitions were made or "cancel" comes.
func (c *contender) spin(cmd command) {
	ctx, cancel := context.WithCancel(context.Background())
	c.mu.Lock()
	c.cancel = cancel
	c.mu.Unlock()
	c.tell(report{What: "spinning"})
	var inside, n int
	var all sync.WaitGroup
	for range spinners {
		all.Go(func() {
			for {
				h, err := c.lock.Acquire(ctx)
				if err != nil {
					return
				}
				inside++ // the race detector would tell of two inside
				if n++; n == cmd.Target {
					cancel()
				}
				inside--
				if err := h.Release(); err != nil {
					panic(err)
				}
			}
		})
	}
	all.Wait()
	c.tell(report{What: "spun", N: n})
}

// spinners is how many goroutines spin: enough that the lock is passed on inside the process.
const spinners = 4

// gate is a host that stops once, before one of its steps, so that a test can do something in between.
type gate struct {
	fs.Host
	at      string
	reached func()
	pass    chan struct{}
	once    sync.Once
}

func (g *gate) stop(step string) {
	if g.at == step {
		g.once.Do(func() {
			g.reached()
			<-g.pass
		})
	}
}

func (g *gate) Open(path string, flag fs.OpenFlag, perm fs.FileMode) (fs.File, error) {
	if filepath.Ext(path) == fence.Suffix {
		g.stop("number") // with the lock taken, before its fencing number is
	}
	f, err := g.Host.Open(path, flag, perm)
	if err != nil {
		return nil, err
	}
	return &gatedFile{File: f, gate: g}, nil
}

type gatedFile struct {
	fs.File
	gate *gate
}

func (f *gatedFile) TryLock(r fs.Region, m fs.LockMode) (bool, error) {
	f.gate.stop("lock") // after the file was opened
	return f.File.TryLock(r, m)
}

func (f *gatedFile) WriteAt(b []byte, off int64) (int, error) {
	if filepath.Ext(f.Name()) == fence.Suffix {
		f.gate.stop("write") // with the fencing number's file locked
	}
	return f.File.WriteAt(b, off)
}

func (f *gatedFile) Sync() error {
	f.gate.stop("sync") // with the fencing number written
	return f.File.Sync()
}

func (f *gatedFile) Truncate(size int64) error {
	f.gate.stop("truncate") // with the lifetime record's file locked
	return f.File.Truncate(size)
}
