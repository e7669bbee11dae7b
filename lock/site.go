package lock

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/lock/internal/queue"
)

// site is the place in this process where all Locks on one file meet. Whoever has the queue's turn talks to the protocol; the
// turn is kept from the acquisition to the release.
type site struct {
	of    *sites
	key   siteKey
	host  fs.Host
	path  string
	pid   int // of the process that made it
	proto protocol
	queue queue.Queue
	locks int // under sites.mu

	mu     sync.Mutex // guards what follows; never held across a call of the host
	lastID uint64
	grant  grant
}

// grant is the right to be inside while somebody has it. The zero grant says that nobody has. No grant refers to the [Hold]s that share it, so that
// the garbage collector finds out when the program has lost them all.
type grant struct {
	id        uint64 // never used twice at a site
	depth     int
	owner     *Lock
	opts      *options
	token     uint64
	releasing bool // somebody is ending it
	fate      *fate
	expiry    fs.Timer
	renewal   fs.Timer
	renewing  fs.Event       // happens when the renewal that is under way is done; nil if none is
	levels    int32          // given out to levels that have a context of their own
	contexts  []levelContext // those that somebody has asked for
}

// fate says how a hold that can end by itself ended. It is shared by the grant and its holds, and guarded by the site's mutex.
type fate struct {
	expires time.Duration // on the clock of uptime
	trouble error         // with which the last renewal failed; nil if it did not
	err     error         // nil while all is well; what it says once is not taken back
}

// expire ends the hold because its time is over.
func (f *fate) expire() {
	switch {
	case f.err != nil:
	case f.trouble != nil:
		f.err = fmt.Errorf("%w, and could not be renewed: %w", ErrExpired, f.trouble)
	default:
		f.err = ErrExpired
	}
}

// uptime is the clock by which holds expire. Where the machine's processes share none, nobody else judges a hold, and a clock of this process does.
func uptime(host fs.Host) time.Duration {
	t, err := host.Uptime()
	if err != nil {
		return host.Monotonic()
	}
	return t
}

// admit makes h, which is nobody's yet, the hold of a lock that was just taken.
func (s *site) admit(t taken, h *Hold, wait time.Duration) error {
	o := h.opts
	if o.hook != nil {
		if err := s.callHook(o.hook, t.file); err != nil {
			s.abandon()
			return err
		}
	}
	h.token, h.open = t.token, 1
	g := grant{depth: 1, levels: 1, owner: h.lock, opts: o, token: t.token}
	if o.lifetime > 0 && t.expires == 0 {
		t.expires = after(uptime(s.host), o.lifetime)
	}
	if t.expires != 0 {
		g.fate = &fate{expires: t.expires}
		h.fate = g.fate
	}
	g.owner.refs.Add(1) // the acquisition, which retains it, lets it go
	s.mu.Lock()
	s.lastID++
	g.id, h.id = s.lastID, s.lastID
	s.grant = g
	s.mu.Unlock()
	if g.fate != nil {
		s.armExpiry(g.id, t.expires)
	}
	if t.renewEvery > 0 {
		s.armRenewal(g.id, t.renewEvery)
	}
	if o.watched() {
		acquired := Event{Kind: EventAcquired, Path: s.path, Depth: 1, Token: t.token, Wait: wait}
		if t.broke != "" {
			h.announce(Event{Kind: EventBroke, Path: s.path, Evidence: t.broke}, acquired)
		} else {
			h.announce(acquired)
		}
	}
	return nil
}

// callHook calls the user's function. If that panics, or ends the goroutine, the lock is given up first.
func (s *site) callHook(hook func(fs.File) error, f fs.File) error {
	returned := false
	defer func() {
		if !returned {
			s.abandon()
		}
	}()
	err := hook(f)
	returned = true
	return err
}

// abandon gives up a lock that was taken and not admitted.
func (s *site) abandon() {
	if s.queue.Waiting() > 0 && s.proto.mayPass() && s.queue.Pass(nil) {
		return
	}
	s.letGo()
	s.queue.Leave()
}

// letGo gives up a lock that was taken and not admitted, and keeps the turn.
func (s *site) letGo() {
	if err := s.proto.release(); err != nil {
		s.proto.close() // which also drops the lock
	}
}

// finish ends the grant, whose releasing flag the caller has set, for the given reason, and reports whether it did. If not, because the lock could not be released, the grant goes on, except
// that its contexts have ended. A grant that must end, because nobody could try again, does. There can be an error after the end as well: that of closing the file for good.
func (s *site) finish(reason error, must bool) (ended bool, err error) {
	s.mu.Lock()
	g := s.grant
	s.mu.Unlock()
	// Told before anybody else can be inside.
	for _, c := range g.contexts {
		c.cancel(reason)
	}
	if reason != ErrReleased {
		g.opts.tellLoss(reason)
	}
	if g.renewing != nil {
		g.renewing.Wait(context.Background()) // the protocol is used by one task at a time
	}
	if s.queue.Waiting() == 0 || !s.proto.mayPass() || !s.queue.Pass(s.clearGrant) {
		switch err := s.proto.release(); {
		case err == nil:
		case errors.Is(err, ErrLost):
			if reason == ErrReleased {
				reason = err
			}
		case must:
			s.proto.close() // which also drops the lock
		default:
			s.goOn(g)
			return false, err
		}
		s.clearGrant()
		s.queue.Leave()
	}
	g.stopTimers()
	err = g.owner.drop() // before the observer is told, who may panic
	kind := EventLost
	if reason == ErrReleased {
		kind, reason = EventReleased, nil
	}
	if g.opts.watched() {
		g.opts.emit(Event{Kind: kind, Path: s.path, Token: g.token, Err: reason})
	}
	if reason != nil {
		return true, reason
	}
	return true, err
}

// goOn lets a grant that could not be released go on. Its timers may have fired in vain meanwhile.
func (s *site) goOn(g grant) {
	s.mu.Lock()
	s.grant.releasing = false
	s.mu.Unlock()
	g.stopTimers()
	if g.expiry != nil {
		s.expire(g.id)
	}
	if g.renewal != nil {
		s.renew(g.id)
	}
}

func (g *grant) stopTimers() {
	for _, t := range [...]fs.Timer{g.expiry, g.renewal} {
		if t != nil {
			t.Stop()
		}
	}
}

func (s *site) clearGrant() {
	s.mu.Lock()
	s.grant = grant{}
	s.mu.Unlock()
}

// Timers stand still while the machine is suspended, the clock by which holds expire does not. So the clock is looked at when an eighth of the time that was left has passed, but not more
// often than every second.
const (
	expirySlices   = 8
	minExpirySlice = time.Second
)

// armExpiry ends the grant when its time has come.
func (s *site) armExpiry(id uint64, expires time.Duration) {
	left := expires - uptime(s.host)
	s.keepTimer(id, expiryOf, s.host.AfterFunc(min(left, max(left/expirySlices, minExpirySlice)), func() { s.expire(id) }))
}

// keepTimer has a timer stopped with the grant, in the place of the one before, which has fired. A grant that is ending has stopped its timers, or is about to.
func (s *site) keepTimer(id uint64, place func(*grant) *fs.Timer, timer fs.Timer) {
	s.mu.Lock()
	if s.grant.id == id && !s.grant.releasing {
		*place(&s.grant), timer = timer, nil
	}
	s.mu.Unlock()
	if timer != nil {
		timer.Stop()
	}
}

// expire ends the grant if it is still the given one and its time is over.
func (s *site) expire(id uint64) {
	now := uptime(s.host)
	s.mu.Lock()
	g := &s.grant
	if g.id != id || g.releasing || g.fate == nil {
		s.mu.Unlock()
		return
	}
	if expires := g.fate.expires; now < expires && g.fate.err == nil {
		s.mu.Unlock()
		s.armExpiry(id, expires)
		return
	}
	g.fate.expire()
	reason := g.fate.err
	g.releasing = true
	s.mu.Unlock()
	s.finish(reason, true)
}

// expireIfDue ends the grant if its time is over.
func (s *site) expireIfDue() {
	s.mu.Lock()
	g := &s.grant
	id, due := g.id, time.Duration(math.MaxInt64)
	if g.fate != nil {
		due = g.fate.expires
	}
	s.mu.Unlock()
	if due != math.MaxInt64 && uptime(s.host) >= due {
		s.expire(id)
	}
}
