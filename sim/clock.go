package sim

import (
	"time"

	"github.com/holdfast-lock/holdfast/fs"
)

// Now implements [fs.Clock].
func (p *Process) Now() time.Time {
	p.world.call(OpNow)
	return p.machine.wall(p.world.now)
}

// Monotonic implements [fs.Clock]. It stands still while the machine is suspended. Its origin is another one for every process, so that a time of one means nothing to another.
func (p *Process) Monotonic() time.Duration {
	p.world.call(OpMonotonic)
	return p.machine.monotonic() + p.origin
}

// Uptime implements [fs.Clock].
func (p *Process) Uptime() (time.Duration, error) {
	p.world.call(OpUptime)
	return p.machine.uptime(), nil
}

// AfterFunc implements [fs.Clock].
func (p *Process) AfterFunc(d time.Duration, f func()) fs.Timer {
	p.world.call(OpTimer)
	return p.after(d, f)
}

// timer is a task that has not started yet.
type timer struct{ task *Task }

// after makes a task that starts after d.
func (p *Process) after(d time.Duration, f func()) *timer {
	t := p.world.newTask(p, "timer", f)
	t.sleeps, t.timed = true, true
	t.readyAt = p.world.now + max(d, 0)
	if t.readyAt < 0 { // overflow: at the end of time
		t.readyAt = 1<<63 - 1
	}
	return &timer{t}
}

func (t *timer) Stop() bool {
	t.task.world.call(OpStopTimer)
	return t.stop()
}

func (t *timer) stop() bool {
	if t.task.baton != nil || t.task.state == done {
		return false
	}
	t.task.state = done
	t.task.world.remove(t.task)
	return true
}

// Clock is a machine's wall clock: how it differs from the time of the world.
type Clock struct {
	Start  time.Time     // what it showed when the world began; the zero time is [Epoch]
	Drift  float64       // how much it runs ahead: 0.001 is a millisecond in a second
	Noise  time.Duration // it is off by up to so much at any look, in both directions
	offset time.Duration // by which it was stepped
}

// Epoch is the time of the world's beginning on a clock that says nothing else.
var Epoch = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// wall returns what the machine's wall clock shows.
func (m *Machine) wall(now time.Duration) time.Time {
	c := &m.clock
	d := now + c.offset
	if c.Drift != 0 {
		d += time.Duration(float64(now) * c.Drift)
	}
	if c.Noise > 0 {
		d += time.Duration(m.world.source.next()%uint64(2*c.Noise+1)) - c.Noise
	}
	return c.Start.Add(d)
}

// StepClock sets the machine's wall clock forward, or back if d is negative.
func (m *Machine) StepClock(d time.Duration) { m.clock.offset += d }

// uptime returns the time since the machine started, suspension included.
func (m *Machine) uptime() time.Duration { return m.world.now - m.started }

// monotonic returns the time since the machine started less that in which it was suspended.
func (m *Machine) monotonic() time.Duration {
	d := m.world.now - m.started - m.slept
	if m.suspended {
		d -= m.world.now - m.suspendedAt
	}
	return d
}
