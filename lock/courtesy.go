package lock

import (
	"context"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
)

// The kernel wakes the first waiter when a lock is released, but whoever asks before that waiter has got to run takes the lock. A process that releases and
// asks again always does, so that with the kernel's queue alone most waiters starve. Therefore a waiter shows itself: while it waits it holds a shared
// lock on a byte of the lock file, far behind any content. Whoever is about to take the lock and sees that byte locked steps back for a moment, in which the waiter that
// was woken takes it.
//
// Often the waiter that was woken waits for nothing but the processor that the releaser runs on. So a releaser that knows of waiters yields it right after the release. If somebody
// ran meanwhile it was the waiter, as a rule, and there is nothing to step back for.
//
// The flag goes with the process that raised it. No waiter stands in front of another one, so a waiter that is stopped holds up nobody; it costs the others
// the moments of stepping back, ever more rarely.
var waiterFlag = fs.Region{Offset: 1 << 62, Length: 1}

const (
	// lookInterval is how long the answer "nobody waits" is good for. Looking costs about as much as locking, so that locks which are held for
	// less than this time are not looked after each time; a waiter is passed by for this much longer.
	lookInterval = 20 * time.Microsecond
	// stepBackTime is how long a contender steps back at first: a sleeping thread needs 50 to 100 µs to wake up and take the lock.
	stepBackTime = 120 * time.Microsecond
	// If nobody took the lock meanwhile, the next stepping back is twice as long, because on a busy machine a waiter needs longer to get a processor; after
	// maxVain times in vain, the waiter is taken to be stopped and others step back once in vainPause only.
	maxVain   = 4
	vainPause = 20 * time.Millisecond
	// yieldTime tells a yield in which somebody else ran, and did as much as to take the lock, from one that came back at once.
	yieldTime = 5 * time.Microsecond
	// maxDistrust is for how many releases such a yield is not relied on after one in which it was not the waiter who ran.
	maxDistrust = 4
	// maxPossession bounds how long the lock goes from task to task in this process before it is released for others to take: programs that know
	// nothing of the flag would never get it.
	maxPossession = 50 * time.Millisecond
)

// courtesy is how a native lock sees to it that processes take turns. It is used by the one task that has the site's turn.
type courtesy struct {
	host     fs.Host
	canWait  bool // in the kernel
	canFlag  bool // the filesystem keeps locks on bytes apart from those on the file
	raised   bool
	lookedAt time.Duration // when nobody was seen to wait
	since    time.Duration // when the lock first went from task to task here without being released; 0 while it has not
	stepping bool          // the next wait begins with stepping back
	vain     int           // how often nobody took the chance
	vainTill time.Duration
	crowded  bool          // since the last release, this process has waited or seen others wait
	yielded  time.Duration // when the last release let somebody else run; 0 if it did not
	relied   bool          // the attempt under way relies on that
	distrust int           // for how many releases that is not relied on
}

// prepareFor takes note of a file that was opened.
func (c *courtesy) prepareFor(v fs.Volume) {
	c.canWait, c.canFlag, c.raised = v.KernelWait, v.SeparateRegions, false
}

func (c *courtesy) raiseFlag(f fs.File) {
	c.crowded, c.relied = true, false
	if !c.canFlag || c.raised {
		return
	}
	ok, err := f.TryLock(waiterFlag, fs.LockShared)
	c.raised = ok
	c.canFlag = err == nil // no such locks here: nobody can be shown anything
}

func (c *courtesy) lowerFlag(f fs.File) {
	if c.raised && f != nil {
		f.Unlock(waiterFlag)
	}
	c.raised = false
}

// othersWait reports whether another process is seen to wait.
func (c *courtesy) othersWait(f fs.File) bool {
	if f == nil || !c.canFlag {
		return false
	}
	now := c.host.Monotonic()
	if c.lookedAt != 0 && now-c.lookedAt < lookInterval {
		return false
	}
	seen, err := f.Conflict(waiterFlag, fs.LockExclusive)
	if err != nil {
		c.canFlag = false
		return false
	}
	if seen {
		c.crowded = true
	} else {
		c.lookedAt = now
	}
	return seen
}

// shouldStepBack reports whether a contender should leave the lock to others first. If so, its wait begins with stepBack.
func (c *courtesy) shouldStepBack(f fs.File) bool {
	if c.stepping {
		return true
	}
	if !c.othersWait(f) {
		return false
	}
	if c.yielded != 0 && c.host.Monotonic()-c.yielded < stepBackTime {
		c.relied = true
		return false
	}
	if c.vain >= maxVain && c.host.Monotonic() < c.vainTill {
		return false
	}
	c.stepping = true
	return true
}

// stepBack pauses if it is due, and reports whether it did.
func (c *courtesy) stepBack(ctx context.Context) (bool, error) {
	if !c.stepping {
		return false, nil
	}
	c.stepping = false
	return true, c.host.Sleep(ctx, stepBackTime<<min(c.vain, maxVain-1))
}

// steppedBack learns from what came of it.
func (c *courtesy) steppedBack(stepped, inVain bool) {
	switch {
	case !stepped:
	case !inVain:
		c.vain = 0
	default:
		c.vain++
		if c.vain >= maxVain {
			c.vain = maxVain
			c.vainTill = c.host.Monotonic() + vainPause
		}
	}
}

// holdBegins takes note that the lock was taken or passed on.
func (c *courtesy) holdBegins() {
	if c.relied {
		c.relied, c.distrust = false, maxDistrust // it was somebody else who ran: the lock was still free
	}
}

// holdEnds takes note that the lock was released, and lets those run who waited for it.
func (c *courtesy) holdEnds() {
	c.since, c.yielded = 0, 0
	if !c.crowded {
		return
	}
	c.crowded = false
	before := c.host.Monotonic()
	c.host.Yield()
	switch now := c.host.Monotonic(); {
	case now-before < yieldTime:
	case c.distrust > 0:
		c.distrust--
	default:
		c.yielded = now
	}
}

// mayKeep reports whether the lock may go to the next task of this process. If not, the next one lets other processes in first.
func (c *courtesy) mayKeep(f fs.File) bool {
	if c.othersWait(f) {
		return false
	}
	now := c.host.Monotonic()
	if c.since == 0 {
		c.since = now
	}
	if now-c.since < maxPossession {
		return true
	}
	c.stepping = true
	return false
}
