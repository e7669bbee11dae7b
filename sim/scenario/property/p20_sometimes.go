package property

import "math/bits"

// P20: what the properties are about has happened in some run: a campaign in which nobody was ever relieved says nothing about relieving.
const SometimesSentence = "What the properties are about has happened in some run of the campaign."

// Facts is a set of things that should happen in some run.
type Facts uint32

// The facts.
const (
	Waited            Facts = 1 << iota // an acquisition got a lock that somebody had when it called
	Refused                             // a single attempt failed
	GaveUp                              // a wait timed out
	CancelledInTime                     // a wait was cancelled, and failed
	CancelledTooLate                    // a wait was cancelled, and got the lock all the same
	WentDeeper                          // a hold had two levels
	WouldDeadlock                       // an acquisition was refused for it
	DiedInside                          // a process died while it held a lock
	DiedWaiting                         // a process died while it wanted one
	Expires                             // a holder was told that its hold has expired
	Relieved                            // a holder that was frozen was relieved
	FrozenInside                        // a process was frozen while it held a lock
	Robbed                              // a stranger took the file of a holder away
	RobbedWaiter                        // a stranger took the file of a waiter away
	PassedOn                            // a lock went from task to task of one process
	FencedAfterOutage                   // a fencing number was drawn after a power failure
	Failed                              // an acquisition failed with an error of the system
	FailedRelease                       // a release failed with an error of the system
	ForcedRelease                       // every level was released at once
	allFacts          = 1<<iota - 1
)

// The facts of worlds with peers.
const (
	PeerHeld          Facts = (allFacts + 1) << iota // a peer got the lock
	PeerAfterHoldfast                                // and waited for it while Holdfast had it
	HoldfastAfterPeer                                // Holdfast got the lock, and waited for it while a peer had it
	PeerEvicted                                      // a peer took away a file that another process had put there
	PeerRobbed                                       // with a hold that lasted
	EvictedPeer                                      // Holdfast took away what a peer had put there
	MovedByMistake                                   // or what it had not judged
	peerFacts         = 2*MovedByMistake - PeerHeld
)

var factNames = [...]string{
	"waited", "refused", "gave up", "cancelled in time", "cancelled too late", "went deeper", "would deadlock", "died inside", "died waiting", "expired", "relieved", "frozen inside",
	"robbed a holder", "robbed a waiter", "passed on in a process", "fenced after a power failure", "failed to acquire", "failed to release", "released all levels",
	"a peer held", "a peer waited for Holdfast", "Holdfast waited for a peer", "a peer evicted", "a peer robbed a holder", "Holdfast evicted a peer's", "moved aside by mistake",
}

// AllFacts is every fact of worlds without peers.
func AllFacts() Facts { return allFacts }

// PeerFacts is what there is to see beside that in worlds with peers.
func PeerFacts() Facts { return peerFacts }

// Names returns the facts of a set in words.
func (s Facts) Names() []string {
	var names []string
	for i, n := range factNames {
		if s&(1<<i) != 0 {
			names = append(names, n)
		}
	}
	return names
}

// Count returns how many facts are in the set.
func (s Facts) Count() int { return bits.OnesCount32(uint32(s)) }

type sometimes struct{ facts Facts }

func (s *sometimes) event(f *facts, e *Event) {
	switch e.Kind {
	case Acquired:
		s.acquired(f, e)
	case AcquireFailed:
		c := f.client(e.Client)
		switch e.Result {
		case TimedOut:
			if c.try {
				s.facts |= Refused
			} else {
				s.facts |= GaveUp
			}
		case Canceled:
			s.facts |= CancelledInTime
		case Deadlock:
			s.facts |= WouldDeadlock
		case Error:
			s.facts |= Failed
		}
	case ReleaseReturned:
		switch {
		case e.Result == Error:
			s.facts |= FailedRelease
		case e.Result == Expired:
			s.facts |= Expires
		case e.Result == OK && e.All:
			s.facts |= ForcedRelease
		}
	case LostReturned, ContextEnded:
		if e.Result == Expired {
			s.facts |= Expires
		}
	case Died:
		s.facts |= f.deaths
	case Taken:
		s.facts |= f.taking
	case Frozen:
		for i := range f.paths {
			for _, n := range f.paths[i].live {
				if g := &f.grants[n-1]; g.process == e.Process && f.claims(g) {
					s.facts |= FrozenInside
				}
			}
		}
	case Disturbed:
		p := &f.paths[e.Path-1]
		if len(p.live) > 0 {
			s.facts |= Robbed
		}
		if p.pending > 0 {
			s.facts |= RobbedWaiter
		}
	}
}

func (s *sometimes) acquired(f *facts, e *Event) {
	c := f.client(e.Client)
	g := f.grantOf(e.Hold)
	if f.Peers != nil {
		s.withPeers(f, e, c)
	}
	if !c.alone {
		s.facts |= Waited
	}
	if c.cancelled {
		s.facts |= CancelledTooLate
	}
	if e.Depth > 1 {
		s.facts |= WentDeeper
		return
	}
	if p := &f.paths[g.path-1]; p.last == e.Process && c.at < p.ended {
		s.facts |= PassedOn
	}
	if f.lock(e).Fencing && f.outages > 0 {
		s.facts |= FencedAfterOutage
	}
	for _, n := range f.paths[g.path-1].live {
		if o := &f.grants[n-1]; o.relieved {
			s.facts |= Relieved
		}
	}
}

// withPeers looks who waited for whom.
func (s *sometimes) withPeers(f *facts, e *Event, c *client) {
	p := &f.paths[c.path-1]
	waited := p.last != 0 && p.last != e.Process && c.at < p.ended
	switch {
	case f.peer(e.Process):
		s.facts |= PeerHeld
		if waited && !f.peer(p.last) {
			s.facts |= PeerAfterHoldfast
		}
	case waited && f.peer(p.last):
		s.facts |= HoldfastAfterPeer
	}
}
