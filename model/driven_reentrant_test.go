package model_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/lock"
	"github.com/holdfast-lock/holdfast/model"
	"github.com/holdfast-lock/holdfast/sim"
	"pgregory.net/rapid"
)

// levelsPlan is a process that goes deeper into its holds and out of them in any order, with two Locks on the path, while another process looks whether the lock is free.
type levelsPlan struct {
	Shared  bool // the Locks have shared ownership
	Fencing bool
	Steps   []levelsStep
}

// levelsStep is one call, of one of the two Locks or one of the levels that there have been.
type levelsStep struct {
	Do    string
	Lock  int
	Level int  // number of a level, counted back from the last; beyond the first one it is none, and the call is made from outside
	Late  bool // the level's context is not asked for before it is used
}

var levelsPlans = rapid.Custom(func(t *rapid.T) levelsPlan {
	step := rapid.Custom(func(t *rapid.T) levelsStep {
		return levelsStep{
			Do: rapid.SampledFrom([]string{
				"acquire", "acquire", "try", "timeout", "release", "release", "release", "release all", "close",
			}).Draw(t, "do"),
			Lock:  max(0, rapid.IntRange(-2, 1).Draw(t, "lock")),
			Level: rapid.IntRange(0, 5).Draw(t, "level"),
			Late:  rapid.Bool().Draw(t, "late"),
		}
	})
	return levelsPlan{rapid.Bool().Draw(t, "shared"), rapid.Bool().Draw(t, "fencing"), steps(step, 1).Draw(t, "steps")}
})

// level is a hold that was got, and what must be true of it.
type level struct {
	hold     *lock.Hold
	lock     int
	grant    int    // which time that the lock was taken it belongs to
	within   *level // it was acquired with the context of this one; nil if from outside
	deeper   bool   // within a level of the same grant
	released bool
	ctx      context.Context // nil while nobody has asked for it
}

// levelsGame is a play of a levelsPlan.
type levelsGame struct {
	*stage
	shared  bool
	fencing bool
	proc    *sim.Process
	probe   *sim.Process
	locks   [2]*lock.Lock
	closed  [2]bool
	prober  *lock.Lock
	levels  []*level
	grant   int // how often the lock was taken
	state   model.Reentrant
}

// Clients of the model: either Lock from inside, either from outside of what is held, and the other process.
const (
	inside  model.Client = 1
	outside model.Client = 3
	other   model.Client = 5
)

func (p levelsPlan) play(s *stage) (err error) {
	g := &levelsGame{stage: s, shared: p.Shared, fencing: p.Fencing, proc: s.start("a"), probe: s.start("b")}
	for i := range g.locks {
		if g.locks[i], err = s.open(g.proc, g.options()...); err != nil {
			return err
		}
	}
	var opts []lock.Option
	if p.Fencing {
		opts = append(opts, lock.Fencing())
	}
	if g.prober, err = s.open(g.probe, opts...); err != nil {
		return err
	}
	for i, step := range p.Steps {
		what, err := g.step(step)
		s.say("%s: %s", what, g.state.Text(clientName))
		if err == nil {
			err = g.look()
		}
		if err != nil {
			return fmt.Errorf("step %d, %s: %w", i, what, err)
		}
	}
	return g.leave()
}

func clientName(c model.Client) string {
	return [...]string{"", "Lock 0", "Lock 1", "Lock 0 from outside", "Lock 1 from outside", "b"}[c]
}

func (g *levelsGame) options() []lock.Option {
	var opts []lock.Option
	if g.shared {
		opts = append(opts, lock.SharedOwnership())
	}
	if g.fencing {
		opts = append(opts, lock.Fencing())
	}
	return opts
}

func (g *levelsGame) next(op model.Op) error {
	next, legal, why := g.state.Step(op)
	if !legal {
		return fmt.Errorf("%s (%s)", why, g.state.Text(clientName))
	}
	g.state = next
	return nil
}

// over reports whether a level's grant is over.
func (g *levelsGame) over(l *level) bool { return g.state.Depth == 0 || l.grant != g.grant }

// ended reports whether the context of a level must have ended. All levels of a hold are one, and so are their contexts; those of shared ownership stand for themselves, unless
// they were entered by the context of another one.
func (g *levelsGame) ended(l *level) bool {
	switch {
	case g.over(l):
		return true
	case l.deeper:
		return g.ended(l.within)
	}
	return g.shared && l.released
}

func (g *levelsGame) step(step levelsStep) (what string, err error) {
	var l *level
	name := "outside"
	if n := len(g.levels) - 1 - step.Level; n >= 0 {
		l = g.levels[n]
		name = fmt.Sprintf("level %d", n)
	}
	switch step.Do {
	case "release", "release all":
		if l == nil {
			return step.Do + " nothing", nil
		}
		return fmt.Sprintf("%s %s", step.Do, name), g.release(l, step.Do == "release all")
	case "close":
		g.do(g.proc, func() { err = g.locks[step.Lock].Close() })
		g.closed[step.Lock] = true
		return fmt.Sprintf("close Lock %d", step.Lock), err
	}
	return fmt.Sprintf("%s Lock %d from %s", step.Do, step.Lock, name), g.acquire(step, l)
}

// context returns the context of a level.
func (g *levelsGame) context(l *level) context.Context {
	if l == nil {
		return background
	}
	if l.ctx == nil {
		g.do(g.proc, func() { l.ctx = l.hold.Context() })
	}
	return l.ctx
}

func (g *levelsGame) acquire(step levelsStep, within *level) error {
	ctx := g.context(within)
	free := g.state.Depth == 0
	endedBefore := within != nil && g.ended(within)
	in := within != nil && !endedBefore // then it is of the grant that there is
	own := g.state.Holder == inside+model.Client(step.Lock)
	deeper := !free && own && (in || g.shared)

	do := step.Do
	if do == "acquire" && !free && !deeper && !in {
		do = "timeout" // it would wait for as long as the plan does not go on
	}
	const d = 30 * time.Millisecond
	var h *lock.Hold
	var err error
	g.do(g.proc, func() {
		switch do {
		case "try":
			h, err = g.locks[step.Lock].TryAcquire(ctx)
		case "timeout":
			h, err = g.locks[step.Lock].Acquire(ctx, lock.Timeout(d))
		default:
			h, err = g.locks[step.Lock].Acquire(ctx)
		}
	})
	got := err == nil
	op := model.Op{Kind: model.Acquire, Client: inside + model.Client(step.Lock), OK: got}
	if !free && !deeper {
		op.Client = outside + model.Client(step.Lock)
	}
	if got {
		op.Token, op.Depth = h.Token(), uint32(h.Depth())
		g.levels = append(g.levels, &level{hold: h, lock: step.Lock, within: within, deeper: deeper && in})
	}
	was := g.state
	if err := g.next(op); err != nil {
		return err
	}
	closed := g.closed[step.Lock]
	switch {
	case got && endedBefore:
		return errors.New("a context that has ended was good enough")
	case got && closed && !deeper:
		return errors.New("the Lock is closed")
	case got && (op.Token != 0) != g.fencing:
		return fmt.Errorf("the token is %d", op.Token)
	case got:
		if free {
			g.grant++
		}
		l := g.levels[len(g.levels)-1]
		l.grant = g.grant
		if !step.Late {
			g.context(l)
		}
		return nil
	case endedBefore && errors.Is(err, context.Canceled) && errors.Is(err, lock.ErrReleased):
	case endedBefore:
		return fmt.Errorf("with a context that has ended: %w", err)
	case closed && !deeper && errors.Is(err, lock.ErrClosed):
	case do == "acquire" && in && !own && !free && errors.Is(err, lock.ErrDeadlock): // whether the Lock is closed or not
	case free || deeper || closed:
		return fmt.Errorf("returned %w (%s)", err, was.Text(clientName))
	case do == "acquire":
		return fmt.Errorf("returned %w, want ErrDeadlock", err)
	case do == "try":
		return waited(err, lock.ErrTimeout, 0, 0)
	case do == "timeout":
		return waited(err, lock.ErrTimeout, d, d+late)
	}
	return nil
}

func (g *levelsGame) release(l *level, all bool) error {
	valid := !l.released && !g.over(l)
	op := model.Op{Kind: model.Release, Client: inside + model.Client(l.lock)}
	var err error
	g.do(g.proc, func() {
		if all {
			op.Kind = model.ReleaseAll
			err = l.hold.ReleaseAll()
		} else {
			err = l.hold.Release()
		}
	})
	l.released = true
	switch {
	case valid && err != nil:
		return fmt.Errorf("returned %w (%s)", err, g.state.Text(clientName))
	case valid:
		op.OK = true
		op.Depth = uint32(l.hold.Depth())
		return g.next(op)
	case !errors.Is(err, lock.ErrNotHeld):
		return fmt.Errorf("of a level that has ended returned %v", err)
	}
	return nil
}

// look compares what can be seen of the lock and its levels with the model.
func (g *levelsGame) look() error {
	if held := g.state.Depth > 0; g.locks[0].HeldHere() != held || g.locks[1].HeldHere() != held || g.prober.HeldHere() {
		return fmt.Errorf("HeldHere says %t, %t and in the other process %t (%s)", g.locks[0].HeldHere(), g.locks[1].HeldHere(), g.prober.HeldHere(), g.state.Text(clientName))
	}
	for i, l := range g.locks {
		if got, want := l.Depth(background), g.depth(i, nil); got != want {
			return fmt.Errorf("from outside, Lock %d is %d deep, want %d", i, got, want)
		}
	}
	for n, l := range g.levels {
		want := 0
		if !g.over(l) {
			want = int(g.state.Depth)
		}
		if got := l.hold.Depth(); got != want {
			return fmt.Errorf("level %d is %d deep, want %d", n, got, want)
		}
		var lost error
		g.do(g.proc, func() { lost = l.hold.Lost() })
		if lost != nil {
			return fmt.Errorf("level %d is lost: %w", n, lost)
		}
		if l.ctx == nil {
			continue
		}
		if err := g.lookAtContext(l); err != nil {
			return fmt.Errorf("the context of level %d: %w", n, err)
		}
	}
	return g.ask()
}

// depth is how deep the caller is inside a Lock, who is in level l, or nowhere.
func (g *levelsGame) depth(lock int, l *level) int {
	if g.state.Holder == inside+model.Client(lock) && (g.shared || l != nil && !g.over(l)) {
		return int(g.state.Depth)
	}
	return 0
}

func (g *levelsGame) lookAtContext(l *level) error {
	over, err, cause := done(l.ctx), l.ctx.Err(), context.Cause(l.ctx)
	want := g.ended(l)
	switch {
	case over != want || (err != nil) != want:
		return fmt.Errorf("has ended: %t, with %v; want %t", over, err, want)
	case want && (err != context.Canceled || cause != lock.ErrReleased):
		return fmt.Errorf("ended with %v, %v", err, cause)
	}
	for i, k := range g.locks {
		if got, want := k.Depth(l.ctx), g.depth(i, l); got != want {
			return fmt.Errorf("with it, Lock %d is %d deep, want %d", i, got, want)
		}
	}
	return nil
}

// ask lets the other process try to get the lock.
func (g *levelsGame) ask() (err error) {
	var h *lock.Hold
	g.do(g.probe, func() { h, err = g.prober.TryAcquire(background) })
	if free := g.state.Depth == 0; free != (err == nil) {
		return fmt.Errorf("the other process gets %v (%s)", err, g.state.Text(clientName))
	}
	if err != nil {
		return waited(err, lock.ErrTimeout, 0, 0)
	}
	if err := g.next(model.Op{Kind: model.Acquire, Client: other, OK: true, Token: h.Token()}); err != nil {
		return err
	}
	g.do(g.probe, func() { err = h.Release() })
	if err != nil {
		return err
	}
	return g.next(model.Op{Kind: model.Release, Client: other, OK: true})
}

func (g *levelsGame) leave() error {
	for _, l := range g.levels {
		if !l.released { // be it over
			if err := g.release(l, false); err != nil {
				return err
			}
		}
	}
	if g.state.Depth > 0 {
		return fmt.Errorf("every level is released: %s", g.state.Text(clientName))
	}
	for _, l := range g.levels {
		g.context(l) // of the late ones
	}
	if err := g.look(); err != nil {
		return err
	}
	g.do(g.proc, func() {
		for _, l := range g.locks {
			l.Close()
		}
	})
	g.Sleep(time.Second)
	return cmp.Or(g.watches(g.proc), g.traces(g.proc))
}

// TestLevelsAreWhatTheModelSays: whoever goes deeper by a context, or by shared ownership, is as deep as it has acquired and not released, and out with the last release, however levels and
// Locks are nested.
func TestLevelsAreWhatTheModelSays(t *testing.T) {
	drive(t, levelsPlans, 4, 0, time.Millisecond)
}
