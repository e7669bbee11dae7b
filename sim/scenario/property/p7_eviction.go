package property

// P7: the lock of a holder that died is had by the next in time; and so is that of one that is frozen beyond its lifetime, if whoever waits has a lifetime too.
const evictionSentence = "The lock of a holder that died is had by the next in time; and so is that of one that is frozen beyond its lifetime, if whoever waits has a lifetime too."

type eviction struct{}

func (eviction) begin(*facts) {}

func (eviction) event(f *facts, _ *Event) {
	switch c, path, what := f.waitsInVain(); what {
	case isDead:
		f.violate("P7", "%s waits for %s, whose holder died at %v or before", f.ClientName(c), f.PathName(path), f.paths[path-1].changed)
	case isOutlived:
		f.violate("P7", "%s waits for %s, whose holder is frozen and has outlived its lifetime", f.ClientName(c), f.PathName(path))
	}
}

func (e eviction) end(f *facts, _ *Tables) { e.event(f, nil) }
