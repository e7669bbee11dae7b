package property

import "time"

// P11: once nothing goes wrong any more, every call comes to its end.
const livenessSentence = "Once nothing goes wrong any more, every call comes to its end."

// Who waits for somebody that has the lock for longer than longHold does so with reason, for however long; what is shorter can be one of many that others get before it.
//
// settledWithin is longer than all the work of a run that a person or a campaign writes, unless somebody is held up.
const (
	settledWithin = 10 * time.Minute
	longHold      = time.Minute
)

type liveness struct {
	kept []time.Duration // by path: when somebody had it last for so long
}

func (l *liveness) begin(f *facts) { l.kept = sized(l.kept, f.Paths) }

func (l *liveness) event(f *facts, _ *Event) {
	if !f.bounded() || f.calm == Never || f.now-max(f.calm, f.trouble) <= f.Settled() {
		return
	}
	for i := range f.clients {
		c := &f.clients[i]
		if c.pending != AcquireCalled || f.process(c.process).frozen || f.peer(c.process) || f.blocked(c.path) {
			continue
		}
		kept := &l.kept[c.path-1]
		if f.keptLong(c.path) {
			*kept = f.now
		}
		if f.now-max(c.at, f.calm, f.trouble, *kept) > f.Settled() {
			f.violate("P11", "%s waits for %s since %v, and nothing went wrong since %v", f.ClientName(int32(i+1)), f.PathName(c.path), c.at, max(f.calm, f.trouble))
		}
	}
}

// keptLong reports whether somebody has had the lock of a path for long, and neither gives it up nor loses it with time.
func (f *facts) keptLong(path int32) bool {
	for _, n := range f.paths[path-1].live {
		if g := &f.grants[n-1]; f.claims(g) && g.latest == Never && f.now-g.acquired > longHold {
			return true
		}
	}
	return false
}

func (l *liveness) end(f *facts, t *Tables) {
	l.event(f, nil)
	if len(t.Pending) > 0 && f.Peers == nil && t.Stuck == "" && !t.Steps {
		f.violate("P11", "a call of %s has not returned when the run ends", f.ClientName(t.Pending[0]))
	}
}
