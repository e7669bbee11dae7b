package property

import "time"

// P6: whoever waits for a lock that is free gets it in time, and nobody waits for what cannot come.
//
// In time is within [freeWithin] and what the calls may be held up, counted from the last thing that went wrong, or that anybody did to the lock. A process that is frozen in the
// middle of an operation may have the lock without anybody's knowing it: then nothing is said.
const progressSentence = "Whoever waits for a lock that is free gets it in time, and nobody waits for what cannot come."

// freeWithin is more than the engine needs: it looks every quarter of a second at what it waits for, a holder's record can keep it for a tenth, and it steps back for milliseconds.
const (
	freeWithin = 2 * time.Second
	freeCalls  = 300
)

type progress struct{}

func (progress) begin(*facts) {}

func (progress) event(f *facts, _ *Event) {
	if c, path, what := f.waitsInVain(); what == isFree {
		f.violate("P6", "%s waits for %s, which nobody has had since %v", f.ClientName(c), f.PathName(path), f.paths[path-1].changed)
	}
}

func (p progress) end(f *facts, t *Tables) {
	p.event(f, nil)
	held := f.idleHolder() || f.anyWedged() // or by somebody who may be frozen for good, or by a child that nobody knows of
	for i := range f.processes {
		held = held || f.processes[i].frozen || f.processes[i].forked
	}
	switch {
	case t.Panic != "":
		f.violate("P6", "%s", t.Panic)
	case t.Stuck != "" && !held:
		f.violate("P6", "%s", t.Stuck)
	case t.Steps && f.bounded() && t.Step > f.spent(t.Time):
		f.violate("P6", "the run does not come to an end")
	}
}

// givesUp reports whether a process may have been in the middle of giving up what is over when it was frozen last.
func (f *facts) givesUp(p *process) bool {
	return p.frozenAt <= later(p.over, f.in(freeWithin, freeCalls))
}

// spent returns how many calls may have been made by a time if all clients have waited all along.
func (f *facts) spent(by time.Duration) int {
	return f.Clients * int(f.callsPerMoment()) * int(by/time.Millisecond)
}

// idleHolder reports whether somebody holds a lock and does nothing: whoever waits for it does so with reason.
func (f *facts) idleHolder() bool {
	for i := range f.paths {
		for _, n := range f.paths[i].live {
			g := &f.grants[n-1]
			if g.claimed && g.latest == Never && f.client(g.client).pending == 0 {
				return true
			}
		}
	}
	return false
}

// inTheWay is what a client waits for although its time has come.
type inTheWay uint8

const (
	isNothing  inTheWay = iota
	isFree              // nobody holds the lock
	isDead              // who held it last has died
	isOutlived          // who holds it is frozen and has outlived its lifetime
)

// waitsInVain returns a client that should have got the lock of a path by now.
func (f *facts) waitsInVain() (client, path int32, what inTheWay) {
	if !f.bounded() {
		return 0, 0, isNothing
	}
	limit := f.in(freeWithin, freeCalls)
	for i := range f.paths {
		p := &f.paths[i]
		since := max(p.changed, f.trouble)
		if p.pending == 0 || f.now-since <= later(f.watched(p), limit) || p.wedged || f.robbed(int32(i+1)) || f.blocked(int32(i+1)) { // what a stranger or a peer has put there may have to be waited for
			continue
		}
		what := isFree
		if p.byDeath {
			what = isDead
		}
		for k := range f.processes {
			if o := &f.processes[k]; o.frozen && o.overOn == int32(i+1) && f.givesUp(o) {
				what = isNothing
			}
		}
		for _, n := range p.live {
			if what == isNothing {
				break
			}
			g := &f.grants[n-1]
			holder := f.process(g.process)
			switch {
			case g.broken:
			case g.relieved && !g.void: // else its file may have got its name back
			case holder.frozen && g.latest < f.now-limit-p.lease && holder.frozenAt < g.earliest && !g.void && !f.Apart: // a void one may have got its name back, with the record of another one beside it
				what = isOutlived
			default:
				what = isNothing
			}
		}
		if c := f.waiting(int32(i+1), what); c != 0 {
			return c, int32(i + 1), what
		}
	}
	return 0, 0, isNothing
}

// unreleased reports whether a process has a hold of a path that was broken and not released yet: its other tasks wait until it is.
func (f *facts) unreleased(path, process int32) bool {
	for _, n := range f.paths[path-1].live {
		if g := &f.grants[n-1]; g.broken && g.process == process {
			return true
		}
	}
	return false
}

// waiting returns a client that waits for a path and can judge what is in its way, 0 if there is none or somebody in the middle of something is frozen.
func (f *facts) waiting(path int32, what inTheWay) (found int32) {
	if what == isNothing {
		return 0
	}
	for i := range f.processes {
		if f.processes[i].forked {
			return 0 // a child may have it
		}
	}
	for i := range f.clients {
		c := &f.clients[i]
		if c.pending != AcquireCalled && c.pending != ReleaseCalled && c.pending != BreakCalled || c.path != path {
			continue
		}
		if f.process(c.process).frozen {
			return 0
		}
		if what == isOutlived && f.Locks[c.lock-1].Lasts() == 0 {
			return 0 // it may be the one of its process that does the waiting
		}
		if c.pending == AcquireCalled && !c.try && !f.peer(c.process) && !f.unreleased(path, c.process) {
			found = int32(i + 1)
		}
	}
	return found
}
