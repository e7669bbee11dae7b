package property

import "time"

// P15: an error has a reason and comes in time, neither early nor late; and whoever was given one does not have the lock.
const errorSentence = "An error has a reason and comes in time, neither early nor late; and whoever was given one does not have the lock."

// answerWithin bounds a call that has nothing to wait for any more, beside what its calls may be held up.
const (
	answerWithin = 2 * time.Second
	answerCalls  = 200
)

type errorDiscipline struct{}

func (errorDiscipline) begin(*facts) {}

func (d errorDiscipline) event(f *facts, e *Event) {
	if e.Process != 0 && f.peer(e.Process) {
		return
	}
	switch e.Kind {
	case AcquireFailed:
		d.failed(f, e, f.client(e.Client))
	case Acquired:
		d.late(f, e, f.client(e.Client))
	case ReleaseReturned:
		if e.Result == Error && f.client(e.Client).struck == f.process(e.Process).struck && !f.ReadOnly && !f.gone && !f.process(e.Process).forked {
			f.violate("P15", "%s fails to release %s, with an error of the system that nobody made", f.ClientName(e.Client), f.PathName(f.client(e.Client).path))
		}
	}
}

func (d errorDiscipline) failed(f *facts, e *Event, c *client) {
	wrong := ""
	switch e.Result {
	case TimedOut:
		if !c.try && c.outer == 0 && f.now < c.until { // inside a hold, the context that it was acquired with can end as well
			wrong = "gave up before its time"
		}
	case Canceled:
		if !c.cancelled && c.outer == 0 && f.now < c.until {
			wrong = "is told that it was cancelled, which it was not"
		}
	case Deadlock:
		if c.outer == 0 || f.grantOf(c.outer).path != c.path || f.grantOf(c.outer).lock == c.lock || c.until != Never {
			wrong = "is told that it would wait for itself, which it would not"
		}
	case Expired:
		if c.outer == 0 {
			wrong = "is told that its hold has expired, and it is inside none"
		}
	case Settings:
		if f.Peers == nil && !f.robbed(c.path) && !f.paths[c.path-1].disagreed {
			wrong = "is told that the path has another contract, which nobody has"
		}
	case Error:
		if !f.explained(e) {
			wrong = "is told an error of the system that nobody made"
		}
	}
	if wrong != "" {
		f.violate("P15", "%s, which has asked for %s at %v, %s", f.ClientName(e.Client), f.PathName(c.path), c.at, wrong)
	}
	d.late(f, e, c)
}

// late finds calls that returned long after they had to.
func (errorDiscipline) late(f *facts, e *Event, c *client) {
	if !f.bounded() {
		return
	}
	due := later(c.until, c.stopped)
	if c.try {
		due = c.at
	}
	if c.cancelled {
		due = min(due, c.cancelAt)
	}
	if due == Never {
		return
	}
	if due = max(due, f.trouble, c.at); f.now-due > f.in(answerWithin, answerCalls) {
		f.violate("P15", "a call of %s for %s returned at %v, long after %v, when there was nothing to wait for any more", f.ClientName(e.Client), f.PathName(c.path), f.now, due)
	}
}

func (errorDiscipline) end(f *facts, t *Tables) {
	if !f.bounded() { // then somebody may still be about to end something
		return
	}
	for _, l := range t.Left {
		if len(l.Locked) > 0 && !f.process(l.Process).forked {
			f.violate("P15", "%s has %s locked when it holds nothing any more", f.ProcessName(l.Process), f.PathName(l.Locked[0]))
		}
	}
}
