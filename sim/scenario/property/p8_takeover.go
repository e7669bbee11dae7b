package property

// P8: nobody is relieved of a hold before its recorded lifetime is over, and nobody ever of a hold without one, but by force: then it is the very hold that was looked at, and whoever breaks it is told.
//
// It shows as another file under the path, which no stranger has put there.
const takeoverSentence = "Nobody is relieved of a hold before its recorded lifetime is over, and nobody ever of a hold without one, but by force: then it is the very hold that was looked at, and whoever breaks it is told."

type takeover struct{}

func (takeover) begin(*facts) {}

func (takeover) event(f *facts, e *Event) {
	switch e.Kind {
	case Acquired:
	case BreakReturned:
		switch c := f.client(e.Client); {
		case f.paths[c.path-1].strict: // by its claims
		case e.Result == OK && !c.broke:
			f.violate("P8", "%s is told that it has broken %s, and did not take away what it had looked at", f.ClientName(e.Client), f.PathName(c.path))
		case e.Result != OK && e.Result != Error && c.broke && !f.peersMark(c.path, c.judged): // that of a peer can be written to after the last look, and may then not get its name back
			f.violate("P8", "%s has broken %s, and is told that nothing was", f.ClientName(e.Client), f.PathName(c.path))
		}
		return
	default:
		return
	}
	g := f.grantOf(e.Hold)
	if g.hold != e.Hold || g.void || g.file == 0 {
		return
	}
	if f.paths[g.path-1].outlived {
		f.violate("P8", "%s has got %s, although a process has died inside and nobody has removed its claims", f.ClientName(g.client), f.PathName(g.path))
	}
	for _, n := range f.paths[g.path-1].live {
		o := &f.grants[n-1]
		if o == g || !f.claims(o) || o.file == g.file || o.file == 0 {
			continue
		}
		when := "it has no lifetime"
		if o.latest != Never {
			when = "its lifetime is not over before " + o.earliest.String()
		}
		f.violate("P8", "%s was relieved of %s by %s: %s", f.ClientName(o.client), f.PathName(g.path), f.ClientName(e.Client), when)
	}
}

func (takeover) end(*facts, *Tables) {}
