package verify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/holdfast-lock/holdfast/bench/contend"
	"github.com/holdfast-lock/holdfast/bench/journal"
	"github.com/holdfast-lock/holdfast/fs/osfs"
	"github.com/holdfast-lock/holdfast/lock"
)

// disturber does to a fleet what is planned.
type disturber struct {
	Options
	ctx   context.Context
	fleet *contend.Fleet
	began time.Duration
	stops []stop

	cannotStop bool // there is no way to stop a process here
}

// stop is a process that stood where it was meant to.
type stop struct {
	whom      where
	from, to  time.Duration
	takenOver bool // its hold expired, and somebody else got the lock meanwhile
}

const (
	// lookEvery is how often the records are looked at for the moment to strike. It is a small part of a hold.
	lookEvery = 50 * time.Microsecond
	// aimTime bounds how long the moment is waited for: one for which a lock gives no occasion is left out.
	aimTime = 500 * time.Millisecond
	// aims bounds how often a process is stopped again that had gone on before it stood.
	aims = 20
)

// run lets the fleet contend and disturbs it, until the time is over or ctx ends.
func (d *disturber) run(planned []disturbance, show func(done int, what string)) error {
	for n, p := range planned {
		show(n, fmt.Sprintf("%s of a %v", map[contend.FaultKind]string{contend.Killed: "kill", contend.Stopped: "stop"}[p.what], p.whom))
		if d.until(p.at); d.over() {
			break
		}
		err := d.disturb(p)
		switch {
		case errors.Is(err, errors.ErrUnsupported):
			d.cannotStop = true
		case err != nil:
			return err
		}
	}
	show(len(planned), "undisturbed")
	d.until(d.For)
	return nil
}

func (d *disturber) disturb(p disturbance) error {
	if p.what == contend.Killed {
		if _, found := d.aim(p); !found {
			return nil
		}
		if err := d.fleet.Kill(p.place); err != nil {
			return err
		}
		return d.fleet.Replace(p.place)
	}
	for range aims {
		holder, found := d.aim(p)
		if !found {
			return nil
		}
		resume, err := d.fleet.Stop(p.place)
		if err != nil {
			return err
		}
		// It stands, and the holder is still the one that was seen: so it was stopped where it was meant to be.
		hit := d.is(p, holder)
		if hit {
			d.stops = append(d.stops, d.keepStopped(p))
		}
		if err := resume(); err != nil || hit {
			return err
		}
	}
	return nil
}

// target is what was aimed at: the process that is inside, and its hold.
type target struct {
	place    int
	acquired time.Duration
}

// aim waits until the process at the place of the disturbance is where it shall be met.
func (d *disturber) aim(p disturbance) (target, bool) {
	for end := journal.Now() + aimTime; journal.Now() < end && !d.over(); d.sleep(lookEvery) {
		if holder, ok := d.holder(p); ok && d.is(p, holder) {
			return holder, true
		}
	}
	return target{}, false
}

// holder returns who is inside since a short time, so that it will be for a while.
func (d *disturber) holder(p disturbance) (target, bool) {
	for place := range d.Processes {
		if (place == p.place) != (p.whom == inside) {
			continue
		}
		i, ok := d.fleet.Last(place)
		if ok && isInside(i) && journal.Now()-i.Acquired < d.Hold/2 {
			return target{place, i.Acquired}, true
		}
	}
	return target{}, false
}

func isInside(i journal.Interval) bool { return i.Acquired != 0 && i.Releasing == 0 }

// is reports whether the process to be disturbed is where it shall be met, while the holder is still inside.
func (d *disturber) is(p disturbance, holder target) bool {
	if p.whom == waiting {
		if i, ok := d.fleet.Last(p.place); !ok || i.Acquired != 0 || i.Released != 0 {
			return false
		}
	}
	i, ok := d.fleet.Last(holder.place)
	return ok && i.Acquired == holder.acquired && isInside(i)
}

// keepStopped lets time pass while a process stands. A holder whose hold can expire stands until somebody else has taken over, which needs the lifetime and a look at it.
func (d *disturber) keepStopped(p disturbance) stop {
	s := stop{whom: p.whom, from: journal.Now()}
	if p.whom == inside && d.Lifetime > 0 {
		for end := s.from + d.Lifetime + takeOverTime; journal.Now() < end && !d.over() && !s.takenOver; d.sleep(time.Millisecond) {
			s.takenOver = d.acquiredSince(s.from)
		}
	}
	d.sleep(min(p.last, d.left()))
	s.to = journal.Now()
	return s
}

// takeOverTime is what a contender may need to notice that a holder has outlived its lifetime, on a busy machine.
const takeOverTime = 2*lock.RecheckInterval + 500*time.Millisecond

func (d *disturber) acquiredSince(t time.Duration) bool {
	for place := range d.Processes {
		if i, ok := d.fleet.Last(place); ok && i.Acquired > t {
			return true
		}
	}
	return false
}

func (d *disturber) left() time.Duration { return d.began + d.For - journal.Now() }

func (d *disturber) over() bool { return d.ctx.Err() != nil || d.left() <= 0 }

// until waits for a time since the beginning.
func (d *disturber) until(t time.Duration) { d.sleep(d.began + t - journal.Now()) }

// sleep sleeps until ctx ends. A timer of the runtime would be too coarse for lookEvery.
func (d *disturber) sleep(t time.Duration) { osfs.Default().Sleep(d.ctx, t) }
