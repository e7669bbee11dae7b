package model_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/lock"
	"github.com/holdfast-lock/holdfast/model"
	"github.com/holdfast-lock/holdfast/sim"
	"pgregory.net/rapid"
)

// turnsPlan is clients that use the lock one at a time: a call has returned before the next one is made. So there is no doubt about any result.
type turnsPlan struct {
	Fencing bool
	Steps   []turnsStep
}

// turnsStep is one call. Of three processes each has two Locks on the path; Who is one of the six.
type turnsStep struct {
	Who int
	Do  string
	For int // tens of milliseconds, of what takes time
}

const tens = 10 * time.Millisecond

var turnsPlans = rapid.Custom(func(t *rapid.T) turnsPlan {
	step := rapid.Custom(func(t *rapid.T) turnsStep {
		return turnsStep{
			Who: rapid.IntRange(0, 5).Draw(t, "who"),
			Do: rapid.SampledFrom([]string{
				"try", "acquire", "deadline", "cancel", "ask", "release", "release", "release", "release all", "release in vain", "acquire in vain", "kill",
				"remove the file",
			}).Draw(t, "do"),
			For: rapid.IntRange(1, 30).Draw(t, "for"),
		}
	})
	return turnsPlan{rapid.Bool().Draw(t, "fencing"), steps(step, 2).Draw(t, "steps")}
})

// turnsClient is a Lock, and what became of it.
type turnsClient struct {
	number model.Client
	proc   *sim.Process
	lock   *lock.Lock
	hold   *lock.Hold // the last one
	inside bool
}

// turnsGame is a play of a turnsPlan.
type turnsGame struct {
	*stage
	plan    turnsPlan
	clients []*turnsClient
	hook    error // what OnAcquired returns
	state   model.Mutex
}

func (p turnsPlan) play(s *stage) error {
	g := &turnsGame{stage: s, plan: p}
	for _, name := range []string{"a", "b", "c"} {
		if err := g.enter(name, len(g.clients)); err != nil {
			return err
		}
	}
	for i, step := range p.Steps {
		c := g.clients[step.Who]
		err := g.step(c, step)
		s.say("%s/%d: %s: %s", c.proc.Name(), step.Who%2, step.Do, g.state.Text(g.name))
		if err == nil {
			err = g.look()
		}
		if err != nil {
			return fmt.Errorf("step %d, %s/%d: %s: %w", i, c.proc.Name(), step.Who%2, step.Do, err)
		}
	}
	return g.leave()
}

// enter starts a process in the place of clients from at on.
func (g *turnsGame) enter(name string, at int) error {
	p := g.start(name)
	for i := range 2 {
		opts := []lock.Option{lock.OnAcquired(func(fs.File) error { return g.hook })}
		if g.plan.Fencing {
			opts = append(opts, lock.Fencing())
		}
		l, err := g.open(p, opts...)
		if err != nil {
			return err
		}
		if at+i == len(g.clients) {
			g.clients = append(g.clients, &turnsClient{number: model.Client(at + i + 1)})
		}
		*g.clients[at+i] = turnsClient{number: g.clients[at+i].number, proc: p, lock: l}
	}
	return nil
}

func (g *turnsGame) name(c model.Client) string {
	return fmt.Sprintf("%s/%d", g.clients[c-1].proc.Name(), (c-1)%2)
}

// next brings the model up to an operation that has happened.
func (g *turnsGame) next(op model.Op) error {
	next, legal, why := g.state.Step(op)
	if !legal {
		return fmt.Errorf("%s (%s)", why, g.state.Text(g.name))
	}
	g.state = next
	return nil
}

func (g *turnsGame) step(c *turnsClient, step turnsStep) error {
	switch step.Do {
	case "release", "release all":
		return g.release(c, step.Do == "release all")
	case "release in vain": // the system refuses to unlock the file, once
		if !c.inside {
			return nil
		}
		g.AddFault(sim.Fault{Process: c.proc.Name(), Op: sim.OpUnlock, Path: lockPath, Nth: 1, Kind: sim.Error, Err: syscall.EIO})
		var err error
		if g.do(c.proc, func() { err = c.hold.Release() }); !errors.Is(err, syscall.EIO) {
			return fmt.Errorf("returned %v", err)
		}
		return nil // it is held as before
	case "acquire in vain":
		return g.acquireInVain(c, step.For%2 == 0)
	case "kill":
		for _, other := range g.clients {
			if other.proc == c.proc && other.inside {
				if err := g.next(model.Op{Kind: model.End, Client: other.number}); err != nil {
					return err
				}
			}
		}
		c.proc.Kill()
		return g.enter(c.proc.Name()+"'", step.Who/2*2)
	case "remove the file":
		if g.state.Holder == 0 { // what a holder loses this way is no fault of the lock
			g.removeLockFile(c.proc)
		}
		return nil
	}
	return g.acquire(c, step)
}

// acquireInVain lets an acquisition fail once it has the lock: what OnAcquired called does not like it, or the number cannot be written, since the disk is full.
func (g *turnsGame) acquireInVain(c *turnsClient, full bool) error {
	want := errors.New("not today")
	if full = full && g.plan.Fencing && g.state.Holder == 0; full {
		want = syscall.ENOSPC
		g.AddFault(sim.Fault{Process: c.proc.Name(), Op: sim.OpWrite, Path: lockPath + ".fence", Nth: 1, Kind: sim.Error, Err: syscall.ENOSPC})
	} else {
		g.hook = want
		defer func() { g.hook = nil }()
	}
	var err error
	g.do(c.proc, func() { _, err = c.lock.TryAcquire(background) })
	switch {
	case g.state.Holder != 0:
		return waited(err, lock.ErrTimeout, 0, 0)
	case !errors.Is(err, want):
		return fmt.Errorf("returned %v, want %w", err, want)
	case g.plan.Fencing && !full:
		g.state.Last++ // the number is gone
	}
	return nil
}

func (g *turnsGame) acquire(c *turnsClient, step turnsStep) error {
	d := time.Duration(step.For) * tens
	free := g.state.Holder == 0
	var h *lock.Hold
	var err error
	g.do(c.proc, func() {
		switch step.Do {
		case "try":
			h, err = c.lock.TryAcquire(background)
		case "acquire":
			h, err = c.lock.Acquire(background, lock.Timeout(d))
		case "deadline":
			ctx, cancel := c.proc.WithTimeout(background, d, nil)
			h, err = c.lock.Acquire(ctx)
			cancel()
		case "cancel":
			ctx, cancel := c.proc.WithCancel(background)
			g.After(d, func() { cancel(errors.New("changed my mind")) })
			h, err = c.lock.Acquire(ctx)
		case "ask":
			from := g.Now()
			h, err = c.lock.Acquire(background, lock.CancelWhen(func() bool { return g.Now() >= from+d }))
		}
	})
	op := model.Op{Kind: model.Acquire, Client: c.number, OK: err == nil}
	if op.OK {
		op.Token = h.Token()
	}
	switch {
	case op.OK != free:
		return fmt.Errorf("returned %v (%s)", err, g.state.Text(g.name))
	case op.OK && (op.Token != 0) != g.plan.Fencing:
		return fmt.Errorf("the token is %d", op.Token)
	case op.OK:
		c.hold, c.inside = h, true
		return g.next(op)
	}
	holder := g.clients[g.state.Holder-1].proc.PID()
	if e, ok := errors.AsType[*lock.TimeoutError](err); ok && (len(e.Holders) != 1 || e.Holders[0].PID != holder || e.Waiters != 0) {
		return fmt.Errorf("found %d in the way, and %d waiting (%v)", holder, e.Waiters, err)
	}
	switch {
	case step.Do == "try":
		err = waited(err, lock.ErrTimeout, 0, 0)
	case step.Do == "acquire":
		err = waited(err, lock.ErrTimeout, d, d+late)
	case step.Do == "deadline" && errors.Is(err, lock.ErrTimeout): // the clock of the others runs since before the call
		err = waited(err, context.DeadlineExceeded, d-late, d+late)
	case step.Do == "cancel":
		err = waited(err, context.Canceled, d-late, d+late)
	case step.Do == "ask":
		err = waited(err, lock.ErrCanceled, d-late, d+lock.DefaultPollInterval+late)
	}
	if err != nil {
		return fmt.Errorf("was refused with %w", err)
	}
	return g.next(op)
}

func (g *turnsGame) release(c *turnsClient, all bool) error {
	if c.hold == nil {
		return nil
	}
	var err error
	g.do(c.proc, func() {
		if all {
			err = c.hold.ReleaseAll()
		} else {
			err = c.hold.Release()
		}
	})
	if err != nil && !errors.Is(err, lock.ErrNotHeld) || (err == nil) != c.inside {
		return fmt.Errorf("returned %v (%s)", err, g.state.Text(g.name))
	}
	c.inside = false
	return g.next(model.Op{Kind: model.Release, Client: c.number, OK: err == nil})
}

// look compares what can be seen of the lock with the model.
func (g *turnsGame) look() error {
	var holder *sim.Process
	if g.state.Holder != 0 {
		holder = g.clients[g.state.Holder-1].proc
	}
	for _, c := range g.clients {
		if held := c.lock.HeldHere(); held != (c.proc == holder) {
			return fmt.Errorf("%s says %t to whether it is held there (%s)", c.proc.Name(), held, g.state.Text(g.name))
		}
		if c.hold != nil && (c.hold.Depth() != 0) != c.inside {
			return fmt.Errorf("the depth of a hold of %s is %d (%s)", c.proc.Name(), c.hold.Depth(), g.state.Text(g.name))
		}
	}
	st, err := lock.Status{}, error(nil)
	onlooker := g.clients[0]
	g.do(onlooker.proc, func() { st, err = onlooker.lock.Status() })
	free := st.State == lock.StateFree && len(st.Holders) == 0
	held := st.State == lock.StateHeld && len(st.Holders) == 1 && holder != nil && st.Holders[0].PID == holder.PID()
	if err != nil || free != (holder == nil) || held != (holder != nil) || len(st.Waiters) > 0 || st.Token != g.state.Last {
		return fmt.Errorf("the status is %+v, %v (%s)", st, err, g.state.Text(g.name))
	}
	return nil
}

// leave ends what is held, closes the Locks, and looks for what they left.
func (g *turnsGame) leave() error {
	for _, c := range g.clients {
		if err := g.release(c, false); err != nil {
			return err
		}
		g.do(c.proc, func() { c.lock.Close() })
	}
	g.Sleep(time.Second)
	for _, c := range g.clients {
		if err := cmp.Or(g.traces(c.proc), g.watches(c.proc)); err != nil {
			return err
		}
	}
	return g.litter(g.clients[0].proc)
}

// TestClientsInTurnGetWhatTheModelSays: as long as nobody acts at the same time, every call has exactly one right result.
func TestClientsInTurnGetWhatTheModelSays(t *testing.T) {
	drive(t, turnsPlans, 4, 0, time.Millisecond)
}
