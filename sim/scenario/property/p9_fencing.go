package property

// P9: fencing numbers grow from each hold of a path to the next, whatever happens: kills, power failures, lock files that come and go.
//
// A number is drawn between the call of an acquisition and its return, so it is larger than every number that was returned before the call; and of a hold that is not over when it
// returns, larger than any before, unless a stranger has had to do with the lock file and it was another one in between.
const fencingSentence = "Fencing numbers grow from each hold of a path to the next, whatever happens: kills, power failures, lock files that come and go."

type fencing struct {
	most []uint64 // that was returned, by path
	seen []uint64 // by client: the most of the path when it called
	last [64]issued
	next int
}

type issued struct {
	path  int32
	token uint64
}

func (c *fencing) begin(f *facts) {
	c.most, c.seen = sized(c.most, f.Paths), sized(c.seen, f.Clients)
	c.last, c.next = [64]issued{}, 0
}

func (c *fencing) event(f *facts, e *Event) {
	switch e.Kind {
	case AcquireCalled:
		c.seen[e.Client-1] = c.most[f.lock(e).Path-1]
	case Disturbed:
		if e.Gone { // with the file that the numbers are kept in
			c.most[e.Path-1] = 0
			clear(c.seen)
			c.last = [64]issued{}
		}
	case Acquired:
		if !f.lock(e).Fencing || e.Depth > 1 {
			return
		}
		g := f.grantOf(e.Hold)
		most := &c.most[g.path-1]
		before := c.seen[e.Client-1]
		if f.claims(g) && (g.sure || !f.paths[g.path-1].touched) && !f.paths[g.path-1].excused { // else who has lost the lock on the way in may have got its number later
			before = *most
		}
		again := false
		for _, i := range c.last {
			again = again || i == issued{g.path, e.Token}
		}
		switch {
		case e.Token == 0:
			f.violate("P9", "%s acquired %s without a fencing number", f.ClientName(e.Client), f.PathName(g.path))
		case again:
			f.violate("P9", "%s acquired %s with the fencing number %d, which somebody else has got already", f.ClientName(e.Client), f.PathName(g.path), e.Token)
		case e.Token <= before:
			f.violate("P9", "%s acquired %s with the fencing number %d after %d", f.ClientName(e.Client), f.PathName(g.path), e.Token, before)
		}
		*most = max(*most, e.Token)
		c.last[c.next] = issued{g.path, e.Token}
		c.next = (c.next + 1) % len(c.last)
	}
}

func (*fencing) end(*facts, *Tables) {}
