package property

// P5: every acquisition from inside a hold goes one level deeper and every release one level up; the lock is given back with the last level, and not before and not twice.
const reentrancySentence = "Every acquisition from inside a hold goes one level deeper and every release one level up; the lock is given back with the last level, and not before and not twice."

// blind reports whether the levels of a shared Lock cannot be told apart: some may be over by the clock, or by a release of all of them, before who has them knows of them.
func (f *facts) blind(e *Event) bool {
	l := f.lock(e)
	return l.Shared && (l.Lasts() > 0 || f.ended || f.process(e.Process).struck > 0)
}

type reentrancy struct{}

func (reentrancy) begin(*facts) {}

func (reentrancy) event(f *facts, e *Event) {
	if e.Lock != 0 && f.blind(e) {
		return
	}
	switch e.Kind {
	case Acquired:
		h := &f.holds[e.Hold-1]
		g := &f.grants[h.grant-1]
		most := g.held
		if f.lock(e).Shared {
			most += f.onTheirWay(e)
		}
		switch {
		case e.Depth > 1 && g.hold == e.Hold && most == g.held:
			f.violate("P5", "%s acquired %s %d levels deep without being inside", f.ClientName(e.Client), f.PathName(g.path), e.Depth)
		case e.Depth > most || e.Depth < g.open && (e.Depth != 0 || g.latest == Never && f.lock(e).Lease == 0 || g.earliest == Never && f.lock(e).Lease > 0):
			f.violate("P5", "%s acquired %s and is told that it is %d levels deep, but %d to %d are not released", f.ClientName(e.Client), f.PathName(g.path), e.Depth, g.open, most)
		case g.hold != e.Hold && e.Token != g.token:
			f.violate("P5", "%s went deeper into a hold with the fencing number %d and got %d", f.ClientName(e.Client), g.token, e.Token)
		case g.hold == e.Hold && e.Outer != 0:
			// From inside a hold of the same Lock that is not being ended, the way is deeper, and costs nothing.
			if o := f.grantOf(e.Outer); o != g && o.lock == e.Lock && o.process == e.Process && f.claims(o) {
				f.violate("P5", "%s acquired %s from inside its hold %d and did not go deeper", f.ClientName(e.Client), f.PathName(g.path), e.Outer)
			}
		}
	case AcquireFailed:
		if e.Result == Deadlock && e.Outer != 0 {
			if o := f.grantOf(e.Outer); o.lock == e.Lock && o.process == e.Process {
				f.violate("P5", "%s acquired %s from inside its hold %d through the same Lock and is told that it would wait for itself", f.ClientName(e.Client), f.PathName(o.path), e.Outer)
			}
		}
	case ReleaseReturned:
		g := f.grantOf(e.Hold)
		h := &f.holds[e.Hold-1]
		switch {
		case e.Result == OK && h.releases > 1:
			f.violate("P5", "%s released hold %d of %s a second time, and it succeeded", f.ClientName(e.Client), e.Hold, f.PathName(g.path))
		case e.Result == OK && f.client(e.Client).late:
			f.violate("P5", "%s released hold %d of %s after it had ended, and it succeeded", f.ClientName(e.Client), e.Hold, f.PathName(g.path))
		case e.Result == NotHeld && h.releases == 1 && !g.forced && f.now < g.earliest:
			f.violate("P5", "%s released hold %d of %s and is told that it does not hold it", f.ClientName(e.Client), e.Hold, f.PathName(g.path))
		case e.Result == OK && g.over && !e.Ended && !e.All && g.held <= 0:
			f.violate("P5", "%s released the last level of %s, and the context of the hold goes on", f.ClientName(e.Client), f.PathName(g.path))
		}
	}
}

// onTheirWay returns how many others may be inside a Lock that they share and do not know it yet.
func (f *facts) onTheirWay(e *Event) (n int32) {
	for i := range f.clients {
		if c := &f.clients[i]; c.pending == AcquireCalled && c.lock == e.Lock && c.process == e.Process {
			n++
		}
	}
	return n
}

func (reentrancy) end(*facts, *Tables) {}
