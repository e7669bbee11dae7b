package model_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/lock"
	"github.com/holdfast-lock/holdfast/model"
	"github.com/holdfast-lock/holdfast/sim"
	"pgregory.net/rapid"
)

// leasePlan is processes whose holds expire, and which are stopped, killed and suspended. One thing happens at a time, and the clock is that of the world, so it is certain when a hold is
// over and who gets the lock when.
type leasePlan struct {
	Lives []int // lifetime for each of three processes, n·100+50 milliseconds; 0 is none
	Steps []leaseStep
}

type leaseStep struct {
	Who int
	Do  string
	For int // hundreds of milliseconds, of what takes time
}

var leasePlans = rapid.Custom(func(t *rapid.T) leasePlan {
	step := rapid.Custom(func(t *rapid.T) leaseStep {
		return leaseStep{
			Who: rapid.IntRange(0, 2).Draw(t, "who"),
			Do: rapid.SampledFrom([]string{
				"acquire", "acquire", "try", "deeper", "release", "release all", "look", "pass time", "stop", "continue", "suspend", "set the clock", "kill",
			}).Draw(t, "do"),
			For: rapid.SampledFrom([]int{1, 2, 3, 4, 5, 6, 7, 8, 15, 50}).Draw(t, "for"),
		}
	})
	life := rapid.SampledFrom([]int{0, 1, 2, 3, 4, 20, 120})
	return leasePlan{rapid.SliceOfN(life, 3, 3).Draw(t, "lives"), steps(step, 2).Draw(t, "steps")}
})

const hundreds = 100 * time.Millisecond

// never is when nothing happens.
const never = time.Duration(math.MaxInt64)

// tenant is a process, and the last hold that it got.
type tenant struct {
	number  model.Client
	proc    *sim.Process
	stopped bool
	lock    *lock.Lock
	life    time.Duration // 0 is for ever
	taken   time.Duration // when the lock was taken last, as OnAcquired says
	levels  []*storey
	former  []*storey // levels of earlier holds
	ctx     context.Context
	from    time.Duration // the hold expires between these two, which are close together
	to      time.Duration
	due     time.Duration // when the process looks next, by itself, whether the hold has expired; it does so if it runs
	over    error         // why the hold has ended, as the process knows; nil if it does not
}

// looks returns when a process that has looked at the clock at a time does so next. Timers stand still while the machine is suspended, and the clock does not, so it does not sleep through all
// that is left.
func (t *tenant) looks(at time.Duration) time.Duration {
	left := t.to - at
	return at + min(left, max(left/8, time.Second))
}

// finds returns when the process finds out by itself that the hold has expired, if it runs and its machine is not suspended any more.
func (t *tenant) finds() time.Duration {
	at := t.due
	for at < t.to {
		at = t.looks(at)
	}
	return at
}

// storey is one level of a hold.
type storey struct {
	hold     *lock.Hold
	released bool // or told that it could not be
}

// holds reports whether the process has a hold, as far as it knows.
func (t *tenant) holds() bool { return len(t.levels) > 0 && t.over == nil }

// expired reports whether the hold has expired, or would have.
func (g *leaseGame) expired(t *tenant) bool { return g.Now() > t.to }

// leaseGame is a play of a leasePlan.
type leaseGame struct {
	*stage
	tenants []*tenant
	holder  *tenant // who has locked the lock file, be its hold over or not; nil if the lock is free
	state   model.Lease
}

func (p leasePlan) play(s *stage) error {
	g := &leaseGame{stage: s}
	for i, life := range p.Lives {
		t := &tenant{number: model.Client(i + 1)}
		if life > 0 {
			t.life = time.Duration(life)*hundreds + hundreds/2
		}
		g.tenants = append(g.tenants, t)
		if err := g.enter(t, string(rune('a'+i))); err != nil {
			return err
		}
	}
	for i, step := range p.Steps {
		t := g.tenants[step.Who]
		err := g.step(t, step)
		s.say("%s: %s: %s", t.proc.Name(), step.Do, g.state.Text(g.name))
		if err == nil {
			g.clear()
			err = g.look()
		}
		if err != nil {
			return fmt.Errorf("step %d, %s: %s: %w (%s)", i, t.proc.Name(), step.Do, err, g.state.Text(g.name))
		}
	}
	return g.leave()
}

func (g *leaseGame) name(c model.Client) string { return g.tenants[c-1].proc.Name() }

// enter starts the process of a tenant.
func (g *leaseGame) enter(t *tenant, name string) (err error) {
	*t = tenant{number: t.number, proc: g.start(name), life: t.life, from: never, to: never, due: never}
	opts := []lock.Option{lock.Fencing(), lock.OnAcquired(func(fs.File) error {
		t.taken = g.Now()
		return nil
	})}
	if t.life > 0 {
		opts = append(opts, lock.Lifetime(t.life))
	}
	t.lock, err = g.open(t.proc, opts...)
	return err
}

func (g *leaseGame) next(op model.Op) error {
	next, legal, why := g.state.Step(op)
	if !legal {
		return fmt.Errorf("%v: %s", op.Kind, why)
	}
	g.state = next
	return nil
}

// clear passes time until it is certain what has happened, and takes note of it.
func (g *leaseGame) clear() {
	for i := 0; i < len(g.tenants); i++ {
		t := g.tenants[i]
		for t.due < t.to && t.due+late < g.Now() && !t.stopped {
			t.due = t.looks(t.due) // it was too early
		}
		for _, moment := range []time.Duration{t.from, t.to, t.due} {
			if now := g.Now(); now >= moment-late && now-late <= moment {
				g.Sleep(moment - now + late + 1)
				i = -1 // it may be the moment of another one now
				break
			}
		}
	}
	for _, t := range g.tenants {
		if g.expired(t) {
			g.next(model.Op{Kind: model.Expire, Client: t.number}) // legal in every state
		}
		if g.Now() > t.due && !t.stopped {
			g.notice(t)
		}
	}
}

// notice takes note that a process has found out that its hold has expired.
func (g *leaseGame) notice(t *tenant) {
	if t.holds() && g.expired(t) {
		t.over = lock.ErrExpired
		if g.holder == t {
			g.holder = nil
		}
	}
}

func (g *leaseGame) step(t *tenant, step leaseStep) error {
	d := time.Duration(step.For) * hundreds
	switch step.Do {
	case "pass time":
		g.Sleep(d)
		return nil
	case "suspend":
		g.machine.Suspend()
		g.Sleep(d)
		g.machine.Resume()
		for _, t := range g.tenants {
			if t.holds() && t.life > 0 {
				t.due += d
			}
		}
		return nil
	case "set the clock": // nothing may depend on it
		g.machine.StepClock(time.Duration(step.For-4) * time.Hour)
		return nil
	case "kill":
		return g.kill(t)
	case "continue":
		if t.stopped {
			t.stopped = false
			t.due = max(t.due, g.Now())
		}
		t.proc.Continue()
		g.Sleep(late)
		return nil
	}
	if t.stopped {
		return nil
	}
	switch step.Do {
	case "stop":
		t.stopped = true
		t.proc.Stop()
	case "acquire", "try":
		return g.acquire(t, step.Do == "try", d)
	case "deeper":
		return g.deeper(t)
	case "release", "release all":
		return g.release(t, step.Do == "release all")
	case "look":
		return g.lookClosely(t)
	}
	return nil
}

func (g *leaseGame) kill(t *tenant) error {
	t.proc.Kill()
	if g.holder == t {
		g.holder = nil
	}
	if g.state.Holder == t.number {
		if err := g.next(model.Op{Kind: model.End, Client: t.number}); err != nil {
			return err
		}
	}
	return g.enter(t, t.proc.Name()+"'")
}

// granted returns when a tenant that waits from now on gets the lock.
func (g *leaseGame) granted(t *tenant) time.Duration {
	at := g.Now()
	if t.holds() && !g.expired(t) {
		at = t.finds() // its tasks stand in line behind the hold
	}
	h := g.holder
	if h == nil || h == t {
		return at
	}
	free := never
	if !h.stopped {
		free = h.finds()
	}
	if t.life > 0 && h.life > 0 {
		free = min(free, h.to) // the holder is relieved if it does not know that it has to go
	}
	return max(at, free)
}

func (g *leaseGame) acquire(t *tenant, try bool, limit time.Duration) error {
	at, begun := g.granted(t), g.Now()
	for at < never && begun+limit >= at-2*late && begun+limit <= at+2*late {
		limit += late
	}
	g.notice(t) // it looks at the clock when it finds itself in its own way
	want := at < begun+limit
	if try {
		want = g.holder == nil // one attempt relieves nobody
	}
	var h *lock.Hold
	var ctx context.Context
	var err error
	g.do(t.proc, func() {
		if try {
			h, err = t.lock.TryAcquire(background)
		} else {
			h, err = t.lock.Acquire(background, lock.Timeout(limit))
		}
		if err == nil {
			ctx = h.Context()
		}
	})
	switch {
	case (err == nil) != want:
		return fmt.Errorf("returned %v", err)
	case err != nil && try:
		return waited(err, lock.ErrTimeout, 0, 0)
	case err != nil:
		return waited(err, lock.ErrTimeout, limit, limit+late)
	case g.Now() > at+late:
		return fmt.Errorf("got the lock at %v, later than at %v", g.Now(), at)
	}
	if last := g.holder; last != nil {
		if t.taken <= last.from {
			return fmt.Errorf("got the lock at %v, before the hold of %s expired, after %v", t.taken, last.proc.Name(), last.from)
		}
		g.next(model.Op{Kind: model.Expire, Client: last.number})
		if !last.stopped && g.Now() > last.finds() {
			g.notice(last)
		}
	}
	t.former = append(t.former, t.levels...)
	t.levels, t.ctx, t.over = []*storey{{hold: h}}, ctx, nil
	if t.life > 0 {
		t.from, t.to = t.taken+t.life-late, t.taken+t.life
		t.due = t.looks(t.taken)
	}
	g.holder = t
	return g.next(model.Op{Kind: model.Acquire, Client: t.number, OK: true, Token: h.Token()})
}

// end returns why the hold of a tenant has ended, whether it knows or not, or nil.
func (g *leaseGame) end(t *tenant) error {
	if t.over == nil && g.expired(t) {
		return lock.ErrExpired
	}
	return t.over
}

func (g *leaseGame) deeper(t *tenant) error {
	if len(t.levels) == 0 {
		return nil
	}
	var h *lock.Hold
	var err error
	g.do(t.proc, func() { h, err = t.lock.Acquire(t.ctx) })
	switch end := g.end(t); {
	case end == nil && err != nil:
		return err
	case end == nil:
		t.levels = append(t.levels, &storey{hold: h})
	case !errors.Is(err, end) || !errors.Is(err, context.Canceled):
		return fmt.Errorf("into a hold that has ended (%w) returned: %v", end, err)
	}
	g.notice(t)
	return nil
}

// unreleased returns how many levels are, and the last of them, or the last one if none is.
func (t *tenant) unreleased() (n int, last *storey) {
	for _, l := range t.levels {
		if !l.released {
			n++
			last = l
		} else if n == 0 {
			last = l
		}
	}
	return n, last
}

func (g *leaseGame) release(t *tenant, all bool) error {
	n, l := t.unreleased()
	if l == nil {
		return nil
	}
	var err error
	g.do(t.proc, func() {
		if all {
			err = l.hold.ReleaseAll()
		} else {
			err = l.hold.Release()
		}
	})
	want := g.end(t)
	if l.released || want == lock.ErrReleased {
		want = lock.ErrNotHeld
	}
	l.released = true
	if !errors.Is(err, want) {
		return fmt.Errorf("returned %v, want %v", err, want)
	}
	g.notice(t)
	if err == nil && (all || n == 1) {
		t.over, g.holder = lock.ErrReleased, nil
		return g.next(model.Op{Kind: model.Release, Client: t.number, OK: true, Token: l.hold.Token()})
	}
	if errors.Is(err, lock.ErrExpired) {
		return g.next(model.Op{Kind: model.Release, Client: t.number, Token: l.hold.Token()})
	}
	return nil
}

// lookClosely lets a process ask the lock about its hold, which finds out then at the latest.
func (g *leaseGame) lookClosely(t *tenant) error {
	if len(t.levels) == 0 {
		return nil
	}
	var lost, err error
	end := g.end(t)
	g.do(t.proc, func() {
		lost = t.levels[0].hold.Lost()
		err = t.ctx.Err()
	})
	if want := map[bool]error{true: lock.ErrExpired}[end == lock.ErrExpired]; lost != want {
		return fmt.Errorf("Lost says %v, want %v", lost, want)
	}
	if (err != nil) != (end != nil) || err != nil && context.Cause(t.ctx) != end {
		return fmt.Errorf("the context says %v, %v, want %v", err, context.Cause(t.ctx), end)
	}
	g.notice(t)
	return nil
}

// look compares what can be seen without asking the holders with the model.
func (g *leaseGame) look() error {
	var onlooker *tenant
	for _, t := range g.tenants {
		if t.ctx != nil && done(t.ctx) != (t.over != nil) {
			return fmt.Errorf("the context of %s has ended: %t, want %v", t.proc.Name(), done(t.ctx), t.over)
		}
		if t.lock.HeldHere() != t.holds() {
			return fmt.Errorf("HeldHere of %s says %t", t.proc.Name(), t.lock.HeldHere())
		}
		n, last := t.unreleased()
		if t.over != nil {
			n = 0
		}
		if last != nil && last.hold.Depth() != n {
			return fmt.Errorf("the hold of %s is %d deep, want %d", t.proc.Name(), last.hold.Depth(), n)
		}
		if !t.stopped {
			onlooker = t
		}
	}
	if onlooker == nil {
		return nil
	}
	var st lock.Status
	var err error
	g.do(onlooker.proc, func() { st, err = onlooker.lock.Status() })
	free := st.State == lock.StateFree && len(st.Holders) == 0
	held := st.State == lock.StateHeld && len(st.Holders) == 1 && g.holder != nil && st.Holders[0].PID == g.holder.proc.PID()
	if err != nil || free != (g.holder == nil) || held != (g.holder != nil) || len(st.Waiters) > 0 || st.Token != g.state.Last {
		return fmt.Errorf("the status is %+v, %v", st, err)
	}
	return nil
}

// leave lets everybody go on and end, and looks for what is left.
func (g *leaseGame) leave() error {
	for _, t := range g.tenants {
		if err := g.step(t, leaseStep{Do: "continue"}); err != nil {
			return err
		}
	}
	for again := true; again; {
		again = false
		for _, t := range g.tenants {
			g.clear()
			if n, _ := t.unreleased(); n > 0 {
				again = true
				if err := g.release(t, false); err != nil {
					return fmt.Errorf("in the end, %s: release: %w", t.proc.Name(), err)
				}
			}
		}
	}
	for _, t := range g.tenants {
		if t.holds() {
			g.Sleep(max(0, t.finds()-g.Now()))
		}
	}
	g.clear()
	if err := g.look(); err != nil || g.holder != nil {
		return fmt.Errorf("in the end: %w (%s)", cmp.Or(err, errors.New("the lock is held")), g.state.Text(g.name))
	}
	for _, t := range g.tenants {
		var err error
		g.do(t.proc, func() {
			for _, l := range t.former {
				if l.released {
					continue
				}
				if end := l.hold.Release(); !errors.Is(end, lock.ErrExpired) && !errors.Is(end, lock.ErrNotHeld) {
					err = fmt.Errorf("in the end, %s: release of a level of a former hold: %w", t.proc.Name(), end)
				}
			}
			t.lock.Close()
		})
		if err != nil {
			return err
		}
	}
	g.Sleep(time.Second)
	for _, t := range g.tenants {
		if err := cmp.Or(g.traces(t.proc), g.watches(t.proc)); err != nil {
			return err
		}
	}
	return g.litter(g.tenants[0].proc)
}

// TestHoldsLastAsLongAsTheirLifetime: a hold ends when its lifetime has passed, neither earlier nor later and whatever the wall clock shows; its process is told at its first look, and
// who waits gets in then, although the process is stopped.
func TestHoldsLastAsLongAsTheirLifetime(t *testing.T) { drive(t, leasePlans, 4, 0) }
