package property

// P1: nobody is told that it holds a lock while somebody else holds it; a hold whose file a stranger has renamed or removed excludes nobody any more.
//
// A hold lasts from the return of its acquisition to the call of its last release, to the death of its process, or to the end of its lifetime, whichever comes first; of the lifetime
// the earliest end that is possible counts. A release that failed, and did not end the hold, was none. A hold whose file was robbed of its name by a stranger, after the last look at the name that the acquisition took, excludes nobody
// any more: no lock on a file can help that.
const exclusionSentence = "Nobody is told that it holds a lock while somebody else holds it; a hold whose file a stranger has renamed or removed excludes nobody any more."

type exclusion struct{}

func (exclusion) begin(*facts) {}

func (exclusion) event(f *facts, e *Event) {
	what := "acquired"
	switch {
	case e.Kind == ReleaseReturned && e.Result == Error:
		what = "could not release"
	case e.Kind != Acquired:
		return
	}
	n := f.holds[e.Hold-1].grant
	g := &f.grants[n-1]
	if e.Kind == Acquired && g.hold != e.Hold || !f.claims(g) { // an inner level, or over when it came
		return
	}
	for _, other := range f.paths[g.path-1].live {
		o := &f.grants[other-1]
		if other != n && f.claims(o) && !(f.peer(o.process) && f.peer(g.process)) {
			f.violate("P1", "%s %s %s (hold %d) while %s holds it (hold %d, since %v)", f.ClientName(e.Client), what, f.PathName(g.path), e.Hold, f.ClientName(o.client), o.hold, o.acquired)
			return
		}
	}
}

func (exclusion) end(*facts, *Tables) {}
