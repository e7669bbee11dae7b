package property

import "time"

// A lease lasts for as long as its holder is seen alive, so when it ends by itself is known only of a holder that something has happened to. One that nothing happens to keeps it.

// There are fewer calls than callsOfRenewal from the time that a heartbeat is due to its end, and from the making of the marker to the return of the acquisition; and these take less than timeOfRenewal if nobody
// is held up, or timeOfNumber if there is a fencing number to be got, whose file somebody else may have locked.
const (
	callsOfRenewal = 20
	callsOfNumber  = 60
	timeOfRenewal  = 2 * time.Millisecond
	timeOfNumber   = 200 * time.Millisecond
)

// slow is for how long a heartbeat, or the beginning of a hold, may be held up.
func (f *facts) slow(l *Lock) time.Duration {
	d := f.Times + l.Heartbeat/4 // one that does not show is tried again
	if l.Fencing {
		return d + timeOfNumber + callsOfNumber*f.Slack
	}
	return d + timeOfRenewal + callsOfRenewal*f.Slack
}

// watched is for how long whoever waits for a path may have to watch what lies there: that of a lease, or what a power failure has left of its marker.
func (f *facts) watched(p *pathFacts) time.Duration {
	if p.lease > 0 && f.outages > 0 {
		return max(p.lease, malformedGrace)
	}
	return p.lease
}

// leaseBegins finds between which times the grant of a lease ends by itself.
func (f *facts) leaseBegins(e *Event, g *grant) {
	c, l, p := f.client(e.Client), f.lock(e), f.process(e.Process)
	switch {
	case c.struck < p.struck || p.thawedAt > c.at: // it may not have been refreshed since somebody else of the process had it
		g.earliest = e.Time
	case !f.bounded() || l.Heartbeat+f.slow(l) >= l.Lasts():
		g.earliest = max(c.at, later(c.at, l.Lasts())-f.Times) // a refresh that does not show may not be the first one in its tick
	}
}

// leaseFrozen takes note that the holder, if it is one of a lease, shows no more that it is alive.
func (f *facts) leaseFrozen(g *grant) {
	l := &f.Locks[g.lock-1]
	if l.Lease == 0 {
		return
	}
	g.latest = later(f.now, l.Lasts())
	if g.earliest == Never {
		g.earliest = max(f.now, g.latest-l.Heartbeat-f.slow(l))
	}
}

// leasesThawed takes note that the holders of leases in a process can refresh them again, if it is not too late.
func (f *facts) leasesThawed(process int32) {
	for i := range f.grants {
		g := &f.grants[i]
		l := &f.Locks[g.lock-1]
		if g.process != process || g.over || l.Lease == 0 || f.now >= g.latest {
			continue
		}
		g.latest = Never
		if f.bounded() && f.now+f.slow(l) < g.earliest {
			g.earliest = Never
		}
	}
}

// leasesDoubted takes note that something has happened to a holder of leases: a heartbeat may have failed.
func (f *facts) leasesDoubted(process int32) {
	for i := range f.grants {
		g := &f.grants[i]
		if g.process == process && !g.over && f.Locks[g.lock-1].Lease > 0 {
			g.earliest = min(g.earliest, f.now)
		}
	}
}
