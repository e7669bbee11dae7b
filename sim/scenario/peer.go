package scenario

import (
	"errors"
	"path"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/sim/scenario/property"
	"github.com/holdfast-lock/holdfast/sim/scenario/python"
)

// A peer is a process whose locks are objects of Python's filelock. It has no others, so that what it does to a lock file is filelock's doing.

// settings are those of the object.
func (k *Lock) settings() (python.Settings, error) {
	version, err := python.ParseVersion(k.Python)
	s := python.Settings{Class: python.Class(k.Kind), Version: version, Path: k.Path, Timeout: k.Timeout, NoWait: k.NoWait, Poll: k.Poll, Lifetime: k.Lifetime, Mode: fs.FileMode(k.Mode)}
	if k.Kind == "lease" {
		s.Lifetime = k.Lease
	}
	if err == nil {
		err = s.Check()
	}
	return s, err
}

// python checks a lock of filelock.
func (c *compiler) python(i int, k *Lock) {
	switch _, err := k.settings(); {
	case err != nil:
		c.wrong("lock", i, "%v", err)
	case k.Kind == "lease" && (k.Lifetime != 0 || k.Heartbeat != 0):
		c.wrong("lock", i, "expected lease=DURATION alone with a lease and python=%s: its heartbeat has a third of that", k.Python)
	case k.Fencing || k.Shared || k.Singleton || k.HookFails || k.Fallback != "":
		c.wrong("lock", i, "expected none of fencing, shared, singleton, hook-fails and fallback with python=%s: filelock has not got them, or they are not followed", k.Python)
	case !path.IsAbs(k.Path) || path.Clean(k.Path) != k.Path:
		c.wrong("lock", i, "expected an absolute path without detours with python=%s, not %q", k.Python, k.Path)
	}
	for j := range c.scenario.Locks {
		if o := &c.scenario.Locks[j]; o.Fallback == k.Name {
			c.wrong("lock", j, "expected a lock of Holdfast to fall back to, not %q", k.Name)
		}
	}
}

// lifetime returns after which time a hold of a lock ends by itself. One of filelock never does.
func (c *compiler) lifetime(k Lock) time.Duration {
	if k.Python != "" {
		return 0
	}
	return k.Lifetime
}

// lease returns for how long the holder of a lock has to be seen alive. One of filelock's does not look after its own end, and is none who loses it in time.
func (c *compiler) lease(k Lock) time.Duration {
	if k.Python != "" {
		return 0
	}
	return k.lease()
}

// peers finds the processes that have locks of filelock, and what they cannot do with them.
func (c *compiler) peers() {
	own := make([]bool, len(c.processes)) // has locks of Holdfast
	c.each(func(s *Step) {
		k := c.lock(s.Lock)
		if k < 0 || byNobody(s.Client) {
			return
		}
		p := c.process(processOf(s.Client))
		lock := &c.scenario.Locks[k]
		if own[p] = own[p] || lock.Python == ""; lock.Python == "" {
			if c.processes[p].peer {
				c.bad(s, "expected a lock of filelock: %s has some already, and a process has locks of filelock or of Holdfast", processOf(s.Client))
			}
			return
		}
		c.processes[p].peer = true
		switch lease := lock.Kind == string(python.Lease); {
		case own[p]:
			c.bad(s, "expected a lock of Holdfast: %s has some already, and a process has locks of Holdfast or of filelock", processOf(s.Client))
		case s.Verb == VerbVouch && !lease:
			c.bad(s, "expected a lease: nobody can ask another lock of filelock for its holder's rights")
		case s.Verb != VerbLock && s.Verb != VerbUnlock && s.Verb != VerbVouch:
			c.bad(s, "expected lock, unlock or, of a lease, vouch: locks of filelock do nothing else here")
		case s.In != "" || s.Deadline:
			c.bad(s, "expected neither in nor deadline: filelock has no contexts")
		}
	})
	c.each(func(s *Step) {
		if p := c.process(processOf(s.Who)); s.Verb == VerbCancel && p >= 0 && c.processes[p].peer {
			c.bad(s, "expected a client of Holdfast: a wait of filelock is not cancelled")
		}
	})
	for i := range c.processes {
		if c.processes[i].peer {
			if c.setup.Peers == nil {
				c.setup.Peers = make([]bool, len(c.processes))
			}
			c.setup.Peers[i] = true
		}
	}
}

// lockPeer acquires a lock of filelock, by an object of its own.
func (c *client) lockPeer(o *op) result {
	r := c.r
	r.slots[o.slot] = 0
	s, _ := r.program.scenario.Locks[o.lock].settings() // it was looked at before
	l := python.New(c.host(), s)
	called := r.world.Now()
	e := c.about(property.AcquireCalled, o.lock)
	e.Try, e.Until = o.Try || s.NoWait, r.until(o)
	r.told(e)
	if err := l.Acquire(o.For, o.Try); err != nil {
		res := result{outcome: peerOutcome(err), err: err}
		e := c.about(property.AcquireFailed, o.lock)
		e.Result = propertyResult(res.outcome)
		r.told(e)
		r.acquireEnded(c, o, called, 0)
		if s.Class == python.Strict && res.outcome == Failed { // maybe when it withdrew its claims, which nobody tries again
			r.told(property.Event{Kind: property.Leaked, Process: e.Process})
		}
		return res
	}
	number := int32(len(r.holds))
	r.holds = append(r.holds, hold{peer: l, client: c.index, process: c.process, lock: o.lock, since: r.world.Now(), called: called, depth: 1, live: true, open: true, root: number})
	r.slots[o.slot] = number
	e = c.about(property.Acquired, o.lock)
	e.Hold, e.Depth = number, 1
	if s.Class == python.Native {
		e.File = r.fileNow(r.program.setup.Locks[o.lock].Path, l.File())
	}
	r.told(e)
	r.acquireEnded(c, o, called, number)
	return result{outcome: OK, depth: 1}
}

// fileNow returns the file that a path leads to if that is the one with the given identity, which is open; otherwise 0.
func (r *Runner) fileNow(path int32, id fs.FileID) uint64 {
	if info, err := r.disk().Lstat(rootUser, r.PathName(path)); err == nil && info.ID == id {
		return r.File(path)
	}
	return 0
}

// peerOutcome says in the words of the language what an error of filelock means.
func peerOutcome(err error) Outcome {
	switch {
	case err == nil:
		return OK
	case errors.Is(err, python.ErrTimeout):
		return Timeout
	case errors.Is(err, python.ErrMismatch):
		return Settings
	}
	return Failed
}

// unlockPeer releases a lock of filelock. It may have ended whatever the error.
func (c *client) unlockPeer(number int32) result {
	r := c.r
	h := &r.holds[number]
	if !h.open {
		return result{outcome: Nothing}
	}
	called, lock, l := r.world.Now(), h.lock, h.peer
	e := c.about(property.ReleaseCalled, lock)
	e.Hold = number
	r.told(e)
	err := l.Release()
	res := result{outcome: peerOutcome(err), err: err}
	e = c.about(property.ReleaseReturned, lock)
	if e.Hold, e.Ended = number, true; l.Held() {
		e.Result, e.Depth = property.Error, 1
	} else {
		h = &r.holds[number] // the slice may have grown
		h.live, h.open = false, false
		r.releaseEnded(c, number, called, OK)
		if err != nil {
			r.told(property.Event{Kind: property.Leaked, Process: e.Process})
		}
	}
	r.told(e)
	return res
}

// vouchPeer asks whether the holder of a lease was told that it has lost it.
func (c *client) vouchPeer(number int32) result {
	h := &c.r.holds[number]
	if h.peer.Compromised() == "" {
		return result{outcome: OK}
	}
	h.live = false
	return result{outcome: Expired}
}
