package property

import "time"

// facts is what is known of a run so far. The properties share it; it is brought up to date before they see an event.
type facts struct {
	*Setup
	Witness
	now       time.Duration
	step      int
	seq       int           // of the event, by which its order is known: several can be in one step
	trouble   time.Duration // when something last went wrong, or was put right
	calm      time.Duration // since when nothing goes wrong; Never while it may
	crashes   int           // processes that died, power failures included
	messes    int           // reasons for which files may be left behind
	outages   int           // power failures
	ended     bool          // a hold has ended without its holder, or by force
	gone      bool          // files beside a lock file were taken away by somebody
	deaths    Facts         // DiedInside and DiedWaiting, as far as they happened
	taking    Facts         // what it was to take away the file that was taken away last
	processes []process
	clients   []client
	paths     []pathFacts
	grants    []grant
	holds     []hold
	marks     []mark
	violation *Violation
}

type process struct {
	dead     bool
	frozen   bool
	forked   bool
	frozenAt time.Duration // last
	thawedAt time.Duration // last; 0: it never was
	struck   int           // faults so far
	over     time.Duration // when its last hold with a lifetime was over, or when it could go on giving that up
	overOn   int32         // the path of that
	looked   int           // event of the last look at a path by a task that is no client
	leaks    bool          // it keeps locked what it has given up
}

// client is a task of the scenario and what it is calling.
type client struct {
	process   int32
	pending   Kind // AcquireCalled, ReleaseCalled, LostCalled, or 0
	lock      int32
	path      int32
	hold      int32
	outer     int32
	try       bool
	late      bool // the grant was over when its release was called
	cancelled bool
	disturbed bool // somebody touched the path since the call
	alone     bool // nobody else wanted or had the lock since the call
	at        time.Duration
	cancelAt  time.Duration
	until     time.Duration
	stopped   time.Duration // for so long its process was frozen since the call: it may have begun to count the time only then
	calls     int32
	struck    int           // faults in the process before the call
	after     time.Duration // when the last claim ended that had begun before the call: the lock cannot have been got before
	forced    bool          // since the call, somebody called a release of all levels of the same Lock
	rival     int32         // a grant of somebody else who was inside when it asked about its hold or released it, 0 if nobody was
	called    int           // event of the call
	file      uint64        // that the path led to then
	judged    uint64        // the file that it may take away by force
	broke     bool          // it has
	looked    int           // event of the last look at the path since the call, or of the call
}

type pathFacts struct {
	live      []int32       // grants that are not over, in the order of acquisition; numbers from 1
	pending   int           // clients in an acquisition
	forced    bool          // all levels of a shared hold were released: which acquisitions are of that one, and who has the lock, is not known for certain since
	soft      bool          // the file is made for each hold
	lease     time.Duration // whoever waits may have to watch the file for so long
	disagreed bool          // locks of the path have different contracts
	strict    bool          // a hold outlives its process
	outlived  bool          // one does, which nobody has broken by force
	wedged    bool          // one may
	brokenBy  int           // event in which claims were last broken, or may be about to be
	lived     bool          // some lock of it has a lifetime
	disturbed int           // event in which somebody last touched the file
	touched   bool          // that ever happened
	ended     time.Duration // when the last claim ended
	changed   time.Duration // when an acquisition or a release last began or returned
	byDeath   bool          // the last claim ended with its process
	last      int32         // process of that claim
	occupant  uint64        // file that somebody has put there; 0 if it was taken away again
	robbedAt  int           // event in which a peer last took the file away
	excused   bool          // a peer has let somebody in, or somebody by force
	left      uint64        // the file that a holder left to be taken away by somebody who was about to do that
}

// grant is the right to be inside, which the levels of a hold share.
type grant struct {
	process, client, lock, path int32
	hold                        int32         // the first
	acquired                    time.Duration // returned
	earliest                    time.Duration // it expires at some time between these two; Never if it has no lifetime
	latest                      time.Duration
	token                       uint64
	file                        uint64 // that the path led to when it was returned
	sure                        bool   // that is its file: the path led to it when it was called, too
	looked                      int    // the event in which the path was known to lead to the file
	open                        int32  // levels whose release was not called
	held                        int32  // levels whose release has not returned
	claimed                     bool   // nobody has called the last release, and the process lives
	void                        bool   // somebody took the name from its file
	over                        bool   // its end was seen
	forced                      bool   // a release of all levels was called
	relieved                    bool   // somebody took over
	blurred                     bool   // which of the levels are of it is not known, nor when it ends
	frozen                      bool   // its process was frozen since
	mark                        int32  // the file that was made for it, by the number of its mark
	shaken                      bool   // that was aside for a while
	broken                      bool   // that was taken away by force
	brokenAt                    time.Duration
}

type hold struct {
	grant    int32 // number from 1
	client   int32
	depth    int32
	calling  bool  // a release was called and has not returned
	releases int32 // that were called and did not fail
}

func (f *facts) begin(s *Setup, w Witness) {
	f.Setup, f.Witness = s, w
	f.now, f.step, f.seq, f.trouble, f.calm = 0, 0, 0, 0, Never
	f.crashes, f.messes, f.outages, f.gone, f.ended, f.deaths = 0, 0, 0, false, false, 0
	f.processes = sized(f.processes, s.Processes)
	f.clients = sized(f.clients, s.Clients)
	for len(f.paths) < s.Paths {
		f.paths = append(f.paths, pathFacts{})
	}
	f.paths = f.paths[:s.Paths]
	for i := range f.paths {
		f.paths[i] = pathFacts{live: f.paths[i].live[:0]}
	}
	for _, l := range s.Locks {
		p := &f.paths[l.Path-1]
		p.soft, p.strict, p.lived, p.lease = p.soft || l.Soft, p.strict || l.Strict, p.lived || l.Lifetime > 0, max(p.lease, l.Lease)
		for _, o := range s.Locks {
			p.disagreed = p.disagreed || o.Path == l.Path && (o.Kind != l.Kind || o.Lease != l.Lease)
		}
	}
	f.grants, f.holds, f.marks, f.violation = f.grants[:0], f.holds[:0], f.marks[:0], nil
}

// file returns the file that the path leads to, if that is the same for all holds; otherwise 0.
func (f *facts) file(path int32) uint64 {
	if f.paths[path-1].soft {
		return 0
	}
	return f.File(path)
}

// sized returns a slice of n zero values, in the room of s if it has enough.
func sized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	s = s[:n]
	clear(s)
	return s
}

func (f *facts) bounded() bool { return f.Slack >= 0 }

func (f *facts) lock(e *Event) *Lock             { return &f.Locks[e.Lock-1] }
func (f *facts) client(n int32) *client          { return &f.clients[n-1] }
func (f *facts) process(n int32) *process        { return &f.processes[n-1] }
func (f *facts) grantOf(holdNumber int32) *grant { return &f.grants[f.holds[holdNumber-1].grant-1] }

// claims reports whether the holder may still rely on the grant.
func (f *facts) claims(g *grant) bool {
	return g.claimed && !g.void && !g.blurred && f.now < g.earliest && !f.aside(g)
}

// rival returns a grant by which somebody else is inside what the holder of g may take for its own, 0 if there is none.
func (f *facts) rival(g *grant) int32 {
	if !g.claimed || g.void || g.blurred {
		return 0
	}
	for _, n := range f.paths[g.path-1].live {
		if o := &f.grants[n-1]; o != g && f.claims(o) {
			return n
		}
	}
	return 0
}

// one returns the first lock that is one and the same Lock as a singleton.
func (f *facts) one(lock int32) int32 {
	for i := range f.Locks {
		if l := &f.Locks[i]; l.Singleton && l.Path == f.Locks[lock-1].Path {
			return int32(i + 1)
		}
	}
	return lock
}

// update takes note of an event.
func (f *facts) update(e *Event) {
	f.seq++
	switch e.Kind {
	case AcquireCalled:
		f.acquireCalled(e)
	case Acquired:
		f.acquireReturned(e)
		f.acquired(e)
	case AcquireFailed:
		f.acquireReturned(e)
	case Cancelled:
		if c := f.client(e.Client); c.pending != 0 && !c.cancelled {
			c.cancelled, c.cancelAt = true, e.Time
		}
	case Looked:
		if e.Client == 0 {
			f.process(e.Process).looked = f.seq
		} else if c := f.client(e.Client); (c.pending == AcquireCalled || c.pending == ReleaseCalled || c.pending == BreakCalled) && c.path == e.Path {
			c.looked = f.seq
		}
	case ReleaseCalled:
		f.releaseCalled(e)
	case ReleaseReturned:
		f.releaseReturned(e)
	case LostCalled:
		c := f.client(e.Client)
		c.process, c.pending, c.hold, c.at, c.struck = e.Process, LostCalled, e.Hold, e.Time, f.process(e.Process).struck
		c.rival = f.rival(f.grantOf(e.Hold))
	case LostReturned:
		f.client(e.Client).pending = 0
	case Started:
		p := f.process(e.Process)
		*p = process{struck: p.struck, forked: p.forked}
		f.trouble = max(f.trouble, e.Time)
	case Died:
		f.died(e)
	case Frozen:
		p := f.process(e.Process)
		p.frozen, p.frozenAt = true, e.Time
		f.trouble = max(f.trouble, e.Time)
		for i := range f.grants {
			g := &f.grants[i]
			if g.process != e.Process || g.over {
				continue
			}
			g.frozen = true
			if e.Time >= g.earliest && e.Time <= later(g.latest, f.in(freeWithin, freeCalls)) {
				p.over, p.overOn = e.Time, g.path
			}
			f.leaseFrozen(g)
		}
	case Thawed:
		p := f.process(e.Process)
		if p.frozen, p.thawedAt = false, e.Time; f.givesUp(p) {
			p.over = e.Time
		}
		for i := range f.clients {
			if c := &f.clients[i]; c.process == e.Process && c.pending != 0 {
				c.stopped += e.Time - max(p.frozenAt, c.at)
			}
		}
		f.leasesThawed(e.Process)
		f.trouble = max(f.trouble, e.Time)
	case Slept:
		for i := range f.clients {
			if c := &f.clients[i]; c.process == e.Process && c.pending != 0 {
				c.until = later(c.until, e.Until)
			}
		}
	case Forked:
		f.process(e.Process).forked = true
	case PowerLost:
		for i := range f.paths {
			f.paths[i].occupant = 0
		}
		f.outages++
		f.messes++
		f.trouble = max(f.trouble, e.Time)
	case Disturbed:
		f.disturbed(e)
	case Published:
		f.published(e)
	case Taken:
		f.taken(e)
	case BreakCalled:
		*f.client(e.Client) = client{process: e.Process, pending: BreakCalled, lock: e.Lock, path: f.lock(e).Path, judged: e.File, at: e.Time, until: Never, looked: f.seq}
		f.breaksClaims(e)
	case BreakReturned:
		f.breaksClaims(e)
		f.client(e.Client).pending = 0
	case Refreshed:
		f.refreshed(e)
	case Leaked:
		f.process(e.Process).leaks = true
	case Struck:
		f.process(e.Process).struck++
		f.leasesDoubted(e.Process)
		f.messes++
		f.trouble = max(f.trouble, e.Time, e.Until)
	case Calm:
		f.calm = e.Time
	}
}

func (f *facts) acquireCalled(e *Event) {
	l := f.lock(e)
	*f.client(e.Client) = client{process: e.Process, pending: AcquireCalled, lock: e.Lock, path: l.Path, outer: e.Outer, try: e.Try, at: e.Time, until: e.Until,
		calls: e.Calls, struck: f.process(e.Process).struck, called: f.seq, looked: f.seq, alone: true}
	if l.Lifetime > 0 {
		f.client(e.Client).file = f.file(l.Path)
	}
	p := &f.paths[l.Path-1]
	p.pending++
	p.changed = e.Time
	if p.pending > 1 || len(p.live) > 0 || p.forced || p.soft && (p.occupant != 0 || f.outages > 0) { // what somebody has left there may have to be waited for
		for i := range f.clients {
			if c := &f.clients[i]; c.pending == AcquireCalled && c.path == l.Path {
				c.alone = false
			}
		}
	}
}

func (f *facts) acquireReturned(e *Event) {
	c := f.client(e.Client)
	c.pending = 0
	p := &f.paths[c.path-1]
	p.pending--
	p.changed = e.Time
}

func (f *facts) acquired(e *Event) {
	c, p := f.client(e.Client), &f.paths[f.client(e.Client).path-1]
	h := hold{client: e.Client, depth: e.Depth}
	if h.grant = f.joined(e); h.grant != 0 {
		g := &f.grants[h.grant-1]
		g.open++
		g.held++
		f.keep(e.Hold, h)
		return
	}
	g := grant{process: e.Process, client: e.Client, lock: e.Lock, path: c.path, hold: e.Hold, acquired: e.Time, earliest: Never, latest: Never, token: e.Token,
		file: f.file(c.path), looked: c.looked, open: 1, held: 1, claimed: true}
	g.sure = g.file != 0 && g.file == c.file
	g.blurred = f.lock(e).Shared && (f.lock(e).Lasts() > 0 || c.forced) // it may be a level of one that began earlier, and has ended
	switch l := f.lock(e); {
	case l.Lease > 0:
		f.leaseBegins(e, &g)
	case l.Lifetime > 0:
		f.expiry(e, &g, l.Lifetime)
	}
	if c.struck < f.process(e.Process).struck { // the look may have been a while ago when the caller got to know of it
		g.looked = c.called
	}
	disturbed := p.touched && p.disturbed > g.looked
	if c.disturbed { // maybe while it relieved another holder: then it has put its file in the place of a new one
		for _, n := range p.live {
			if o := &f.grants[n-1]; o.file != g.file {
				o.void = true
			}
		}
	}
	f.identify(e, &g)
	since := c.called
	if f.lock(e).Shared {
		since = 0 // it may be a level of one that began earlier
	}
	if p.strict && f.mayBreak(c.path, since) {
		f.excuse(&g)
		g.void = true
	}
	g.void = g.void || disturbed
	f.relieve(p, &g)
	f.grants = append(f.grants, g)
	h.grant = int32(len(f.grants))
	p.live = append(p.live, h.grant)
	f.keep(e.Hold, h)
}

// keep takes note of a hold. Holds are told in another order than that of their numbers if one of two is told late.
func (f *facts) keep(number int32, h hold) {
	for int(number) > len(f.holds) {
		f.holds = append(f.holds, hold{})
	}
	f.holds[number-1] = h
}

// expiry finds between which times a grant ends by itself. The lifetime counts from when the lock was taken, which was after the call, and after the end of every claim that had begun before.
func (f *facts) expiry(e *Event, g *grant, life time.Duration) {
	c := f.client(e.Client)
	from := max(c.at, c.after)
	g.earliest, g.latest = later(from, life), later(e.Time, life)
	if e.Depth == 0 { // it had ended when it was returned
		g.earliest = min(g.earliest, e.Time)
	}
}

// joined returns the grant that an acquisition went deeper into, 0 if it has one of its own. Of several that share a Lock, the one that came first may be told last.
func (f *facts) joined(e *Event) int32 {
	if f.lock(e).Shared {
		for i := len(f.grants); i > 0; i-- {
			if g := &f.grants[i-1]; g.lock == e.Lock && g.process == e.Process && !g.over && g.open > 0 && f.now < g.earliest {
				return int32(i)
			}
		}
		return 0
	}
	if e.Depth <= 1 || e.Outer == 0 {
		return 0
	}
	n := f.holds[e.Outer-1].grant
	if g := &f.grants[n-1]; g.lock == e.Lock && g.process == e.Process && !g.over {
		return n
	}
	return 0
}

// relieve marks grants whose time has passed and whose file is not the one that the path leads to now.
func (f *facts) relieve(p *pathFacts, by *grant) {
	for _, n := range p.live {
		if g := &f.grants[n-1]; g.file != by.file && f.now >= g.earliest {
			g.relieved = true
		}
	}
}

func later(t, d time.Duration) time.Duration {
	if d > Never-t {
		return Never
	}
	return t + d
}

func (f *facts) releaseCalled(e *Event) {
	h := &f.holds[e.Hold-1]
	g := &f.grants[h.grant-1]
	*f.client(e.Client) = client{process: e.Process, pending: ReleaseCalled, lock: e.Lock, path: f.lock(e).Path, hold: e.Hold, at: e.Time, calls: e.Calls,
		struck: f.process(e.Process).struck, until: Never, late: g.over, rival: f.rival(g), looked: f.seq}
	h.releases++
	if h.releases > 1 {
		return
	}
	h.calling = true
	g.open--
	if e.All {
		g.forced, f.ended = true, true
		if f.lock(e).Shared {
			f.paths[g.path-1].forced = true
		}
		for i := range f.clients {
			if c := &f.clients[i]; c.pending == AcquireCalled && c.lock == e.Lock && c.process == e.Process {
				c.forced = true
			}
		}
	}
	if (g.open <= 0 || e.All) && g.claimed {
		f.unclaim(g)
	}
}

// unclaim takes note that a grant has ended for its holder.
func (f *facts) unclaim(g *grant) {
	if p := &f.paths[g.path-1]; f.claims(g) {
		p.ended, p.byDeath, p.last = f.now, false, g.process
		for i := range f.clients {
			if c := &f.clients[i]; c.pending == AcquireCalled && c.path == g.path && c.at >= g.acquired {
				c.after = f.now
			}
		}
	}
	g.claimed = false
}

// endGrant takes note that a grant is over in all respects.
func (f *facts) endGrant(g *grant) {
	if g.over {
		return
	}
	g.over = true
	if g.claimed {
		f.unclaim(g)
	}
	p := &f.paths[g.path-1]
	p.changed = f.now
	if o := f.process(g.process); f.Locks[g.lock-1].Lasts() > 0 {
		o.over, o.overOn = f.now, g.path
	}
	for i, n := range p.live {
		if &f.grants[n-1] == g {
			p.live = append(p.live[:i], p.live[i+1:]...)
			break
		}
	}
}

func (f *facts) releaseReturned(e *Event) {
	f.client(e.Client).pending = 0
	h := &f.holds[e.Hold-1]
	g := &f.grants[h.grant-1]
	if e.Result == Error { // still held
		h.releases--
		if h.calling {
			h.calling = false
			g.open++
		}
		if e.Depth > 0 && !g.over { // its holder may go on to rely on it
			g.claimed = true
		}
		return
	}
	if !h.calling {
		return
	}
	h.calling = false
	switch e.Result {
	case OK:
		g.held--
		if g.held <= 0 || e.All {
			f.endGrant(g)
			f.leaves(g)
		}
	default:
		f.ended = f.ended || e.Result == Expired
		if e.Result == Expired || g.open <= 0 {
			f.endGrant(g)
		}
	}
}

func (f *facts) died(e *Event) {
	p := f.process(e.Process)
	if p.dead {
		return
	}
	p.dead, p.frozen = true, false
	f.crashes++
	f.messes++
	f.trouble = max(f.trouble, e.Time)
	for i := range f.marks {
		if m := &f.marks[i]; m.process == e.Process {
			m.dead = true
		}
	}
	for i := range f.clients {
		c := &f.clients[i]
		if c.process != e.Process || c.pending == 0 {
			continue
		}
		if c.pending == AcquireCalled || c.pending == ReleaseCalled {
			f.leavesClaims(c.path)
		}
		if c.pending == AcquireCalled {
			f.paths[c.path-1].pending--
			f.deaths |= DiedWaiting
		}
		c.pending = 0
	}
	for i := range f.grants {
		g := &f.grants[i]
		if g.process != e.Process || g.over {
			continue
		}
		inside := f.claims(g)
		f.endGrant(g)
		f.leavesClaims(g.path)
		if inside {
			f.paths[g.path-1].outlived = f.paths[g.path-1].strict
			f.paths[g.path-1].byDeath = true
			f.deaths |= DiedInside
		}
	}
}

func (f *facts) disturbed(e *Event) {
	p := &f.paths[e.Path-1]
	p.touched, p.disturbed, p.occupant = true, f.seq, 0
	f.trouble = max(f.trouble, e.Time)
	f.messes++
	f.gone = f.gone || e.Gone
	for _, n := range p.live {
		f.grants[n-1].void = true
	}
	for i := range f.clients {
		if c := &f.clients[i]; c.pending != 0 && c.path == e.Path {
			c.disturbed = true
		}
	}
}
