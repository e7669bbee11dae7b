package property

import "time"

// P11: once nothing goes wrong any more, every call comes to its end.
const livenessSentence = "Once nothing goes wrong any more, every call comes to its end."

// settledWithin is longer than all the work of a run that a person or a campaign writes.
const settledWithin = 10 * time.Minute

type liveness struct{}

func (liveness) begin(*facts) {}

func (liveness) event(f *facts, _ *Event) {
	if !f.bounded() || f.calm == Never || f.now-max(f.calm, f.trouble) <= settledWithin {
		return
	}
	for i := range f.clients {
		if c := &f.clients[i]; c.pending == AcquireCalled && !f.process(c.process).frozen && f.now-max(c.at, f.calm, f.trouble) > settledWithin {
			f.violate("P11", "%s waits for %s since %v, and nothing went wrong since %v", f.ClientName(int32(i+1)), f.PathName(c.path), c.at, max(f.calm, f.trouble))
		}
	}
}

func (l liveness) end(f *facts, t *Tables) {
	l.event(f, nil)
	if len(t.Pending) > 0 && t.Stuck == "" && !t.Steps {
		f.violate("P11", "a call of %s has not returned when the run ends", f.ClientName(t.Pending[0]))
	}
}
