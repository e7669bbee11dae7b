package verify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/holdfast-lock/holdfast/bench/contend"
	"github.com/holdfast-lock/holdfast/bench/journal"
	"github.com/holdfast-lock/holdfast/cmd/holdfast/internal/kind"
	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/fs/osfs"
	"github.com/holdfast-lock/holdfast/lock"
)

// disturber does to a fleet what is planned.
type disturber struct {
	Options
	ctx   context.Context
	fleet *contend.Fleet
	open  func() (kind.Lock, error)
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
		at, found := d.aim(p)
		if !found {
			return nil
		}
		if err := d.fleet.Kill(at.place); err != nil {
			return err
		}
		if err := d.breakClaims(d.fleet.PID(at.place)); err != nil {
			return err
		}
		return d.fleet.Replace(at.place)
	}
	for range aims {
		at, found := d.aim(p)
		if !found {
			return nil
		}
		resume, err := d.fleet.Stop(at.place)
		if err != nil {
			return err
		}
		// It stands, and the holder is still the one that was seen: so it was stopped where it was meant to be.
		hit := d.stands(at)
		if hit {
			d.stops = append(d.stops, d.keepStopped(p))
		}
		if err := resume(); err != nil || hit {
			return err
		}
	}
	return nil
}

// breakClaims does what an operator does when a process was killed that may have been inside a lock which nobody takes from the dead.
func (d *disturber) breakClaims(pid int) error {
	l, err := d.open()
	if err != nil {
		return err
	}
	defer l.Close()
	strict, ok := l.(interface {
		Claims() ([]lock.Claim, error)
		ForceBreak(name string) error
	})
	if !ok {
		return nil
	}
	for begin := journal.Now(); journal.Now()-begin < deathTime; d.sleep(time.Millisecond) {
		claims, err := strict.Claims()
		if errors.Is(err, errors.ErrUnsupported) {
			return nil
		}
		left := false
		for _, c := range claims {
			switch {
			case c.PID != pid:
			case c.Holder == fs.Dead:
				err = errors.Join(err, strict.ForceBreak(c.Name))
			default:
				left = true // it is still on its way out
			}
		}
		if !left || err != nil {
			return err
		}
	}
	return nil // the judge will see that nobody gets in
}

// deathTime is what a process that was killed may need to end, on a busy machine.
const deathTime = 2 * time.Second

// target is what was aimed at: a process, while somebody, itself or another one, is inside.
type target struct {
	place    int
	holder   int           // the place of who is inside
	acquired time.Duration // since when
}

// aim waits until a process is where it shall be met: the one that was drawn, or if it does not get there, another one.
func (d *disturber) aim(p disturbance) (target, bool) {
	for begin := journal.Now(); journal.Now()-begin < aimTime && !d.over(); d.sleep(lookEvery) {
		from, to := p.place, p.place+1
		switch tried := journal.Now() - begin; {
		case tried > aimTime/2:
			from, to = 0, d.Processes-1 // an unfair lock gives the others no chance; one is left alone in any case
		case tried > aimTime/4:
			from, to = 0, victims(d.Processes)
		}
		if at, ok := d.find(p.whom, from, to); ok {
			return at, true
		}
	}
	return target{}, false
}

// find looks for a process at one of the places that is where it shall be met.
func (d *disturber) find(whom where, from, to int) (target, bool) {
	holder, acquired, ok := d.holder()
	if !ok {
		return target{}, false
	}
	for place := from; place < to; place++ {
		at := target{place, holder, acquired}
		if (place == holder) == (whom == inside) && d.stands(at) {
			return at, true
		}
	}
	return target{}, false
}

// holder returns who is inside since a short time, so that it will be for a while.
func (d *disturber) holder() (place int, acquired time.Duration, ok bool) {
	for place := range d.Processes {
		i, ok := d.fleet.Last(place)
		if ok && isInside(i) && journal.Now()-i.Acquired < d.Hold/2 {
			return place, i.Acquired, true
		}
	}
	return 0, 0, false
}

func isInside(i journal.Interval) bool { return i.Acquired != 0 && i.Releasing == 0 }

// stands reports whether the process that was aimed at is inside or waits, while the holder is still inside.
func (d *disturber) stands(at target) bool {
	if at.place != at.holder {
		if i, ok := d.fleet.Last(at.place); !ok || i.Acquired != 0 || i.Released != 0 {
			return false
		}
	}
	i, ok := d.fleet.Last(at.holder)
	return ok && i.Acquired == at.acquired && isInside(i)
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
