package model_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/linearize"
	"github.com/holdfast-lock/holdfast/lock"
	"github.com/holdfast-lock/holdfast/model"
	"github.com/holdfast-lock/holdfast/sim"
	"pgregory.net/rapid"
)

// crowdPlan is clients that all use the lock at once, while their processes are stopped and killed. What they saw must be explained by some order of what they did, and nobody waits for
// ever.
type crowdPlan struct {
	Life    int // lifetime of all holds, in milliseconds; 0 is none
	Fencing bool
	Clients []crowdClient
	Blows   []blow
}

// crowdClient is a task of one of three processes. It gets the lock, does something and releases it, some times.
type crowdClient struct {
	Process int
	Cycles  []cycle
}

// cycle is one hold, or an attempt to get one. Times are in steps of 50 microseconds.
type cycle struct {
	How    string
	Lock   int // one of two of the process
	Pause  int // before
	For    int // until the client gives up, if How says that it does
	Work   int // while inside
	Levels string
}

// blow is something that is done to a process from outside.
type blow struct {
	At      int
	Process int
	Do      string
	For     int // how long it is stopped
}

const crowdUnit = 50 * time.Microsecond

var crowdPlans = rapid.Custom(func(t *rapid.T) crowdPlan {
	process := rapid.IntRange(0, 2)
	cycles := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) cycle {
		return cycle{
			How:    rapid.SampledFrom([]string{"acquire", "acquire", "try", "timeout", "deadline", "cancel"}).Draw(t, "how"),
			Lock:   rapid.IntRange(0, 1).Draw(t, "lock"),
			Pause:  rapid.IntRange(0, 20).Draw(t, "pause"),
			For:    rapid.IntRange(0, 20).Draw(t, "for"),
			Work:   rapid.IntRange(0, 20).Draw(t, "work"),
			Levels: rapid.SampledFrom([]string{"one", "one", "inner first", "outer first", "all at once", "twice"}).Draw(t, "levels"),
		}
	}), 0, 6)
	clients := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) crowdClient {
		return crowdClient{process.Draw(t, "process"), cycles.Draw(t, "cycles")}
	}), 0, 6)
	return crowdPlan{
		Life:    max(0, rapid.IntRange(-2, 3).Draw(t, "life")),
		Fencing: rapid.Bool().Draw(t, "fencing"),
		Clients: slices.Concat(clients.Draw(t, "clients"), clients.Draw(t, "more clients")), // six on the average
		Blows: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) blow {
			return blow{
				At:      rapid.IntRange(0, 60).Draw(t, "at"),
				Process: process.Draw(t, "process"),
				Do:      rapid.SampledFrom([]string{"stop", "stop", "kill"}).Draw(t, "do"),
				For:     rapid.IntRange(1, 200).Draw(t, "for"),
			}
		}), 0, 3).Draw(t, "blows"),
	}
})

// crowdGame is a play of a crowdPlan.
type crowdGame struct {
	*stage
	life    time.Duration
	procs   [3]*sim.Process
	locks   [3][2]*lock.Lock
	done    []*linearize.Operation
	history linearize.History // without the operations
	inside  []*stay           // of each client; nil if it is not
	moments time.Duration     // how many there were: in the machine several things can have the same time, and each has a moment of its own in the history
}

func (p crowdPlan) play(s *stage) error {
	g := &crowdGame{stage: s, life: time.Duration(p.Life) * time.Millisecond}
	var opts []lock.Option
	if p.Fencing {
		opts = append(opts, lock.Fencing())
	}
	if g.life > 0 {
		opts = append(opts, lock.Lifetime(g.life))
	}
	for i := range g.procs {
		g.procs[i] = s.start(string(rune('a' + i)))
		for k := range g.locks[i] {
			var err error
			if g.locks[i][k], err = s.open(g.procs[i], opts...); err != nil {
				return err
			}
		}
	}
	over := make([]bool, len(p.Clients))
	g.inside = make([]*stay, len(p.Clients))
	for i, c := range p.Clients {
		me := linearize.Client{Process: c.Process, Task: i}
		g.begin(g.procs[c.Process], func() {
			for _, cycle := range c.Cycles {
				g.cycle(me, cycle)
			}
			over[i] = true
		})
	}
	for _, b := range p.Blows {
		s.After(time.Duration(b.At)*crowdUnit, func() { g.strike(b) })
	}
	waits := func(i int) bool { return !over[i] && !g.procs[p.Clients[i].Process].Dead() }
	for range 100 {
		g.Sleep(time.Second)
		if !slices.ContainsFunc(indices(over), waits) {
			g.Sleep(time.Second) // a hold that expired is being ended by a task of its own
			return g.leave(opts)
		}
	}
	return fmt.Errorf("clients %v have not got on for long", slices.DeleteFunc(indices(over), func(i int) bool { return !waits(i) }))
}

func indices[T any](s []T) []int {
	var all []int
	for i := range s {
		all = append(all, i)
	}
	return all
}

func (g *crowdGame) strike(b blow) {
	p := g.procs[b.Process]
	switch {
	case p.Dead():
	case b.Do == "kill":
		for _, stay := range g.inside {
			if stay != nil && stay.me.Process == b.Process {
				stay.killed()
			}
		}
		g.history.Killed(b.Process, g.moment())
		p.Kill()
	default:
		p.Stop()
		g.After(time.Duration(b.For)*crowdUnit, p.Continue)
	}
	g.say("%s: %s", p.Name(), b.Do)
}

func (g *crowdGame) moment() time.Duration {
	g.moments++
	return g.moments
}

// call records that an operation begins.
func (g *crowdGame) call(me linearize.Client, kind model.Kind) *linearize.Operation {
	o := &linearize.Operation{Client: me, Kind: kind, Call: g.moment(), Return: linearize.Never}
	g.done = append(g.done, o)
	return o
}

// returned records what came of it.
func (g *crowdGame) returned(o *linearize.Operation, err error, token uint64) {
	o.Return, o.OK, o.Token = g.moment(), err == nil, token
	g.say("%v", o)
}

// fail ends the run.
func (g *crowdGame) fail(me linearize.Client, format string, args ...any) {
	g.Fail(fmt.Errorf("%v: %w", me, fmt.Errorf(format, args...)))
}

func (g *crowdGame) cycle(me linearize.Client, c cycle) {
	p, l := g.procs[me.Process], g.locks[me.Process][c.Lock]
	if c.Pause > 0 {
		p.Sleep(background, time.Duration(c.Pause)*crowdUnit)
	}
	ctx, d := background, time.Duration(c.For)*crowdUnit
	var opts []lock.Option
	var gaveUp error
	switch c.How {
	case "try":
		opts, gaveUp = append(opts, lock.NoWait()), lock.ErrTimeout
	case "timeout":
		opts, gaveUp = append(opts, lock.Timeout(d)), lock.ErrTimeout
	case "deadline":
		var cancel context.CancelFunc
		ctx, cancel = p.WithTimeout(background, d, nil)
		defer cancel()
		gaveUp = context.DeadlineExceeded
	case "cancel":
		var cancel context.CancelCauseFunc
		ctx, cancel = p.WithCancel(background)
		g.After(d, func() { cancel(nil) })
		gaveUp = context.Canceled
	}
	begun := g.Now()
	acquisition := g.call(me, model.Acquire)
	h, err := l.Acquire(ctx, opts...)
	if err != nil {
		g.returned(acquisition, err, 0)
		if gaveUp == nil || !errors.Is(err, gaveUp) {
			g.fail(me, "%s: %w", c.How, err)
		}
		return
	}
	g.returned(acquisition, nil, h.Token())
	s := &stay{crowdGame: g, me: me, cycle: c, hold: h, ctx: ctx, begun: begun}
	s.vouched = acquisition.Call
	g.inside[me.Task] = s
	s.be()
}

// stay is the time that a client is inside.
type stay struct {
	*crowdGame
	me      linearize.Client
	cycle   cycle
	hold    *lock.Hold
	ctx     context.Context
	begun   time.Duration // when it asked
	vouched time.Duration // the moment at which it was certain last that it is inside
}

// over records that the hold has ended by itself, by the given moment at the latest.
func (s *stay) over(by time.Duration) {
	s.inside[s.me.Task] = nil
	s.done = append(s.done, &linearize.Operation{Client: s.me, Kind: model.End, Call: s.vouched, Return: by})
}

// killed is told before the process is killed. A hold that may have expired by then has ended at any time, be it by a release that will never return; any other one is ended by
// the kill or later.
func (s *stay) killed() {
	if s.life == 0 || s.Now() < s.begun+s.life {
		return
	}
	s.done = slices.DeleteFunc(s.done, func(o *linearize.Operation) bool {
		return o.Client == s.me && o.Kind == model.Release && o.Return == linearize.Never
	})
	s.over(linearize.Never)
}

func (s *stay) be() {
	var inner *lock.Hold
	if s.cycle.Levels != "one" && s.cycle.Levels != "twice" {
		var err error
		inner, err = s.lock().Acquire(s.hold.Context())
		switch {
		case err == nil:
			if d := inner.Depth(); d != 2 && (d != 0 || !s.expired(s.hold.Lost())) {
				s.fail(s.me, "is %d deep", d)
			}
		case s.ctx.Err() == nil && !s.expired(err):
			s.fail(s.me, "deeper: %w", err)
		}
	}
	for range max(1, s.cycle.Work) {
		if err := s.hold.Lost(); err == nil {
			s.vouched = s.moment()
		} else if !s.expired(err) {
			s.fail(s.me, "is lost: %w", err)
		}
		if s.cycle.Work > 0 {
			s.procs[s.me.Process].Work(crowdUnit)
		}
	}
	s.leave(inner)
}

func (s *stay) lock() *lock.Lock { return s.locks[s.me.Process][s.cycle.Lock] }

// expired reports whether err says that the hold has expired, and that can be so: it has been a lifetime since it was asked for.
func (s *stay) expired(err error) bool {
	return errors.Is(err, lock.ErrExpired) && s.life > 0 && s.Now() >= s.begun+s.life
}

// leave releases the levels. The last release is that of the lock.
func (s *stay) leave(inner *lock.Hold) {
	first, last := inner, s.hold
	release := (*lock.Hold).Release
	switch s.cycle.Levels {
	case "outer first":
		if inner != nil {
			first, last = last, first
		}
	case "all at once":
		first = nil
		release = (*lock.Hold).ReleaseAll
	}
	if first != nil {
		err := first.Release()
		if s.expired(err) && first == s.hold {
			s.over(s.moment())
			if err := last.Release(); !s.expired(err) {
				s.fail(s.me, "release of a level of a hold that has expired: %w", err)
			}
			return
		}
		if err != nil && !s.expired(err) {
			s.fail(s.me, "release of the first level: %w", err)
		}
	}
	ctx := s.hold.Context()
	op := s.call(s.me, model.Release)
	err := release(last)
	s.returned(op, err, 0)
	s.inside[s.me.Task] = nil
	if s.expired(err) {
		s.over(s.moments)
	} else if err != nil {
		s.fail(s.me, "release: %w", err)
	}
	if ctx.Err() == nil {
		s.fail(s.me, "the context outlives the hold")
	}
	if s.cycle.Levels == "twice" {
		op := s.call(s.me, model.Release)
		err := last.Release()
		s.returned(op, err, 0)
		if !errors.Is(err, lock.ErrNotHeld) {
			s.fail(s.me, "a second release: %w", err)
		}
	}
}

// leave makes sure that the lock is free, checks what everybody saw, and looks for what is left.
func (g *crowdGame) leave(opts []lock.Option) error {
	last := g.start("z")
	l, err := g.open(last, opts...)
	if err != nil {
		return err
	}
	me := linearize.Client{Process: len(g.procs)}
	g.do(last, func() {
		op := g.call(me, model.Acquire)
		var h *lock.Hold
		if h, err = l.TryAcquire(background); err == nil {
			g.returned(op, nil, h.Token())
			h.Release()
		}
		l.Close()
	})
	if err != nil {
		return fmt.Errorf("everybody has left or is dead: %w", err)
	}
	for _, o := range g.done {
		g.history.Operations = append(g.history.Operations, *o)
	}
	if r := linearize.Check(g.history, time.Minute); r.Verdict != linearize.Linearizable {
		return fmt.Errorf("%v: %s", r.Verdict, r.Evidence)
	}
	killed := false
	for i, p := range g.procs {
		if p.Dead() {
			killed = true
			continue
		}
		g.do(p, func() {
			for _, l := range g.locks[i] {
				l.Close()
			}
		})
	}
	g.Sleep(time.Second)
	for _, p := range append(g.procs[:], last) {
		if err := cmp.Or(g.watches(p), g.traces(p)); err != nil {
			return err
		}
	}
	if killed && g.life > 0 {
		return nil // whoever dies while it relieves a holder leaves the new file
	}
	return g.litter(last)
}

// TestWhatClientsSeeTogetherHasAnOrder: whatever goes on at the same time, and whoever is killed or stopped, the lock is one.
func TestWhatClientsSeeTogetherHasAnOrder(t *testing.T) {
	drive(t, crowdPlans, 30, 0, crowdUnit, time.Millisecond, 100*time.Millisecond)
}
