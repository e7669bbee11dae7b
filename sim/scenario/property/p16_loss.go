package property

import "time"

// P16: a holder whose hold is over by the clock is told so whenever it asks, and before anybody else is inside, unless it cannot be; one whose hold was broken is told when it releases it; and no
// holder is told so before.
const lossSentence = "A holder whose hold is over by the clock is told so whenever it asks, and before anybody else is inside, unless it cannot be; one whose hold was broken is told when it releases it; and no holder is told so before."

// toldWithin is how long after the end of a lifetime the context of a holder that can run may go on, beside what its calls may be held up.
const (
	toldWithin = time.Second
	toldCalls  = 100
)

type loss struct {
	due []int32 // grants with a lifetime of whose end nobody has looked yet whether it was told
}

func (l *loss) begin(*facts) { l.due = l.due[:0] }

func (l *loss) event(f *facts, e *Event) {
	switch e.Kind {
	case Acquired:
		n := f.holds[e.Hold-1].grant
		g := &f.grants[n-1]
		if g.hold != e.Hold {
			break
		}
		l.successor(f, e, g)
		if g.latest != Never && f.bounded() {
			l.due = append(l.due, n)
		}
	case LostReturned, ContextEnded, ReleaseReturned:
		l.told(f, e)
	}
	if len(l.due) > 0 {
		l.overdue(f)
	}
}

// successor looks whether those before were told of their end before somebody else got in. Whoever is relieved may not know it yet.
func (*loss) successor(f *facts, e *Event, g *grant) {
	for _, n := range f.paths[g.path-1].live {
		o := &f.grants[n-1]
		if o != g && o.sure && !o.blurred && !o.relieved && !o.void && o.claimed && f.now >= o.latest && f.claims(g) && o.file == g.file && !f.ContextEnded(o.hold) {
			f.violate("P16", "%s is inside %s, and the context of the hold of %s, which has expired, goes on", f.ClientName(e.Client), f.PathName(g.path), f.ClientName(o.client))
		}
	}
}

// told judges an answer about a hold.
func (*loss) told(f *facts, e *Event) {
	h := &f.holds[e.Hold-1]
	g := &f.grants[h.grant-1]
	asked := e.Time
	if e.Kind != ContextEnded {
		asked = f.client(e.Client).at
	}
	switch {
	case g.blurred, f.peer(g.process):
	case e.Result == OK && asked >= g.latest && (e.Kind == ReleaseReturned || e.Kind == LostReturned && g.claimed):
		f.violate("P16", "%s asked at %v about its hold of %s and is told that all is well, but it has expired at %v at the latest", f.ClientName(h.client), asked, f.PathName(g.path), g.latest)
	case e.Result == OK && e.Kind != ContextEnded && f.intruded(e):
		f.violate("P16", "%s asked at %v about its hold of %s and is told that all is well, but %s was inside already", f.ClientName(h.client), asked, f.PathName(g.path),
			f.ClientName(f.grants[f.client(e.Client).rival-1].client))
	case e.Result == OK && e.Kind == ReleaseReturned && g.over && g.broken && asked > g.brokenAt && !f.Locks[g.lock-1].Shared: // another level of a shared one may be on its way
		f.violate("P16", "%s releases its hold of %s, which was broken at %v, and is told that all is well", f.ClientName(h.client), f.PathName(g.path), g.brokenAt)
	case e.Result == Expired && e.Time < g.earliest && !f.robbed(g.path) && !g.void && !g.shaken:
		f.violate("P16", "%s is told at %v that it has lost %s, which cannot have expired before %v", f.ClientName(h.client), e.Time, f.PathName(g.path), g.earliest)
	}
}

// intruded reports whether somebody else was inside when the client called, and is still when it gets its answer. Only a hold that may be over by the clock can come to that without
// an acquisition that breaks P1.
func (f *facts) intruded(e *Event) bool {
	n := f.client(e.Client).rival
	return n != 0 && f.claims(&f.grants[n-1])
}

// overdue finds holders that could be told of the end of their lifetime, and were not.
func (l *loss) overdue(f *facts) {
	kept := l.due[:0]
	for _, n := range l.due {
		g := &f.grants[n-1]
		switch {
		case g.over || g.frozen || g.blurred || !g.claimed:
			continue
		case f.now-max(g.latest, f.trouble) <= f.in(toldWithin, toldCalls) || f.now < g.latest:
			kept = append(kept, n)
			continue
		case !f.ContextEnded(g.hold):
			f.violate("P16", "the hold of %s on %s has expired at %v at the latest, and its context goes on", f.ClientName(g.client), f.PathName(g.path), g.latest)
		}
	}
	l.due = kept
}

func (l *loss) end(f *facts, _ *Tables) { l.overdue(f) }

// robbed reports whether a stranger can have taken away what a lock of the path is held by.
func (f *facts) robbed(path int32) bool { return f.paths[path-1].soft && f.paths[path-1].touched }
