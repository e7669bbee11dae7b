package sim

import (
	"context"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
)

// event implements [fs.Event].
type event struct {
	world   *World
	set     bool
	waiters []*Task
}

// NewEvent implements [fs.Tasks].
func (p *Process) NewEvent() fs.Event { return &event{world: p.world} }

func (e *event) Set() {
	e.world.call(OpSet)
	e.set = true
	for _, t := range e.waiters {
		e.world.wake(t)
	}
	e.waiters = nil
}

func (e *event) Wait(ctx context.Context) error {
	c := e.world.contextOf(ctx)
	for {
		t := e.world.call(OpWait)
		if e.set {
			return nil
		}
		if err := c.cause(); err != nil {
			return err
		}
		e.waiters = append(e.waiters, t)
		c.enlist(t)
		e.world.block(t)
		e.waiters = without(e.waiters, t)
		c.discharge(t)
	}
}

// Sleep implements [fs.Tasks].
func (p *Process) Sleep(ctx context.Context, d time.Duration) error {
	w, c := p.world, p.world.contextOf(ctx)
	t := w.call(OpSleep)
	if err := c.cause(); err != nil {
		return err
	}
	c.enlist(t)
	w.pause(t, d)
	c.discharge(t)
	if t.woken {
		return c.cause()
	}
	return nil
}

// Yield implements [fs.Tasks].
func (p *Process) Yield() { p.world.call(OpYield) }

// Work is what the program does for d without asking the machine: others run meanwhile.
func (p *Process) Work(d time.Duration) {
	w := p.world
	w.pause(w.call(OpWork), d)
}
