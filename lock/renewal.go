package lock

import (
	"errors"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
)

// renewer is a protocol whose holds end unless they are renewed.
type renewer interface {
	// renew makes the hold last longer, and returns until when, on the clock of uptime. It is called by a task of its own while the hold is out, and not while the lock is passed on
	// or released. After an error the hold lasts as long as it did, unless that is ErrLost.
	renew(o *options) (expires time.Duration, err error)
}

// maxRetries is how many attempts at a renewal that fails are made, at least, in the time that an interval has.
const maxRetries = 4

// armRenewal renews the grant after d, and from then on.
func (s *site) armRenewal(id uint64, d time.Duration) {
	s.keepTimer(id, renewalOf, s.host.AfterFunc(d, func() { s.renew(id) }))
}

// renew renews the grant if it is still the given one and nobody is ending it.
func (s *site) renew(id uint64) {
	done := s.host.NewEvent()
	s.mu.Lock()
	g := &s.grant
	if g.id != id || g.releasing || g.renewing != nil || g.fate.err != nil {
		s.mu.Unlock()
		return
	}
	g.renewing = done
	o, token := g.opts, g.token
	s.mu.Unlock()

	expires, err := s.proto.(renewer).renew(o)

	next := o.heartbeat
	s.mu.Lock()
	// The grant is still there: it does not end before the renewal does.
	g.renewing, g.fate.trouble = nil, err
	lost := errors.Is(err, ErrLost) && !g.releasing
	switch {
	case lost && g.fate.err == nil && !errors.Is(err, ErrExpired):
		g.fate.err = err
	case lost:
		g.fate.trouble = nil
		g.fate.expire()
	case err != nil:
		next /= maxRetries
	case g.fate.err == nil: // else somebody was told already that it had ended
		g.fate.expires = expires
	}
	if lost {
		err = g.fate.err
		g.releasing = true
	}
	s.mu.Unlock()
	done.Set()
	if lost {
		s.finish(err, true)
		return
	}
	if err != nil && o.watched() {
		o.emit(Event{Kind: EventHeartbeatMissed, Path: s.path, Token: token, Err: err})
	}
	s.armRenewal(id, next)
}

func expiryOf(g *grant) *fs.Timer  { return &g.expiry }
func renewalOf(g *grant) *fs.Timer { return &g.renewal }

// tellLoss calls the user's function.
func (o *options) tellLoss(reason error) {
	if o.onLost != nil {
		o.host.Go("tell that a hold was lost", func() { o.onLost(reason) })
	}
}
