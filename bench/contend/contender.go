package contend

import (
	"fmt"
	"time"

	"github.com/holdfast-lock/holdfast/bench/journal"
	"github.com/holdfast-lock/holdfast/bench/worker"
)

// TaskName is the name of what [Task] makes among a program's tasks.
const TaskName = "contend"

// args say what one process does.
type args struct {
	Subject string
	Path    string
	Journal string
	Lane    int
	Hold    time.Duration
	Turns   bool
}

// used is what it took.
type used struct{ CPU time.Duration }

// Task is the part of a contending process: it takes and releases the lock until the journal is stopped.
func Task(subjects Subjects) worker.Task {
	return worker.For(func(a args, ready func()) (used, error) {
		subject, err := subjects.Find(a.Subject)
		if err != nil {
			return used{}, err
		}
		j, err := journal.Open(a.Journal)
		if err != nil {
			return used{}, err
		}
		defer j.Close()
		l, err := subject.Open(a.Path)
		if err != nil {
			return used{}, err
		}
		c := contender{lock: l, journal: j, lane: j.Lane(a.Lane), hold: a.Hold}
		if a.Turns {
			c.partner = func() (journal.Interval, bool) { return j.Last(1 - a.Lane) }
		}
		if mortal, ok := l.(Mortal); ok {
			c.lost = mortal.Lost
		}
		if numbered, ok := l.(Numbered); ok {
			c.token = numbered.Token
		}
		ready()
		before := CPU()
		err = c.run()
		return used{CPU() - before}, err
	})
}

type contender struct {
	lock    Lock
	lost    func() error  // nil if a hold does not end by itself
	token   func() uint64 // nil if holds have no numbers
	journal *journal.Journal
	lane    *journal.Lane
	hold    time.Duration
	partner func() (journal.Interval, bool) // the latest interval of the one to take turns with; nil if there is none
}

func (c *contender) run() error {
	for c.journal.Stopped() == 0 && c.lane.Request() {
		if err := c.lock.Lock(); err != nil {
			return fmt.Errorf("lock: %w", err)
		}
		inside := journal.Now()
		if c.token != nil {
			c.lane.Token(c.token())
		}
		lost := c.stay()
		if err := c.lock.Unlock(); err != nil && !lost {
			return fmt.Errorf("unlock: %w", err)
		}
		c.lane.Released()
		if c.partner != nil {
			c.leaveTurn(inside)
		}
	}
	return nil
}

// leaveTurn returns once the partner has been inside since, or everybody is to end.
func (c *contender) leaveTurn(since time.Duration) {
	for ; c.journal.Stopped() == 0; time.Sleep(lookEvery) {
		if i, ok := c.partner(); ok && i.Acquired > since {
			return
		}
	}
}

// lookEvery is how often a hold that can end by itself is looked after, and the partner.
const lookEvery = 200 * time.Microsecond

// stay stays inside for the time of a hold, records from when to when the process was certainly inside, and reports whether the hold was lost. Of a hold that was lost
// before the process could rely on it, nothing is recorded.
func (c *contender) stay() bool {
	if c.lost == nil {
		c.lane.Acquired()
		if c.hold > 0 {
			time.Sleep(c.hold)
		}
		c.lane.Releasing()
		return false
	}
	began := journal.Now()
	if c.lost() != nil {
		return true
	}
	c.lane.AcquiredAt(began)
	for vouched := began; ; time.Sleep(lookEvery) {
		now := journal.Now() // before the look: the hold that is good later was good now
		if c.lost() != nil {
			c.lane.ReleasingAt(vouched)
			return true
		}
		vouched = now
		if now-began >= c.hold {
			c.lane.ReleasingAt(now)
			return false
		}
	}
}
