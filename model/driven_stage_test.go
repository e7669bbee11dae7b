package model_test

import (
	"context"
	"errors"
	"fmt"
	iofs "io/fs"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/lock"
	"github.com/holdfast-lock/holdfast/sim"
)

// lockPath is where the lock of a plan is.
const lockPath = "/k"

var background = context.Background()

// stage is a world of one machine in which a conductor, a task of nobody's, has the clients of a plan do things.
type stage struct {
	*sim.World
	machine *sim.Machine
	cast    []actor
	story   *[]string // what happened, in words; nil if nobody wants to know
}

// actor is a process that does what it is told.
type actor struct {
	*sim.Process
	end fs.Event
}

// say adds to the story.
func (s *stage) say(format string, args ...any) {
	if s.story != nil {
		*s.story = append(*s.story, fmt.Sprintf("%-12v ", s.Now())+fmt.Sprintf(format, args...))
	}
}

// start starts a process.
func (s *stage) start(name string) *sim.Process {
	var end fs.Event
	p := s.machine.Start(name, func(*sim.Process) { end.Wait(background) })
	end = p.NewEvent()
	s.cast = append(s.cast, actor{p, end})
	return p
}

// begin lets f run as a task of p, and returns what is set when it has returned.
func (s *stage) begin(p *sim.Process, f func()) fs.Event {
	over := p.NewEvent()
	p.Go("step", func() {
		f()
		over.Set()
	})
	return over
}

// do lets f run as a task of p, which is not stopped, and waits for it.
func (s *stage) do(p *sim.Process, f func()) { s.begin(p, f).Wait(background) }

// open makes a Lock on the path of the plan for a process.
func (s *stage) open(p *sim.Process, opts ...lock.Option) (l *lock.Lock, err error) {
	s.do(p, func() { l, err = lock.New(lockPath, append(opts, lock.Host(p))...) })
	return l, err
}

// dismiss ends the processes.
func (s *stage) dismiss() {
	for _, a := range s.cast {
		a.Continue()
		a.end.Set()
	}
}

// traces says what the locks of a process, all of them closed, have left behind in it.
func (s *stage) traces(p *sim.Process) error {
	switch {
	case p.Dead():
	case len(p.OpenFiles()) > 0:
		return fmt.Errorf("%s keeps %s open", p.Name(), strings.Join(p.OpenFiles(), ", "))
	case len(p.Tasks()) > 1:
		return fmt.Errorf("%s still has the tasks %v", p.Name(), p.Tasks()[1:])
	}
	return nil
}

// watches says whether a process, all of whose holds are released and Locks closed, would still be told when one is dropped.
func (s *stage) watches(p *sim.Process) error {
	if n := p.Undropped(); n > 0 && !p.Dead() {
		return fmt.Errorf("%s still watches %d locks or holds", p.Name(), n)
	}
	return nil
}

// litter says what the locks have left on the disk that has no business there.
func (s *stage) litter(p *sim.Process) error {
	var names []string
	s.do(p, func() {
		entries, _ := p.ReadDir("/")
		for _, e := range entries {
			names = append(names, e.Name)
		}
	})
	names = slices.DeleteFunc(names, func(name string) bool {
		return slices.Contains([]string{"k", "k.fence", "k.lifetime", "d"}, name)
	})
	if len(names) > 0 {
		return fmt.Errorf("left on the disk: %s", strings.Join(names, ", "))
	}
	return nil
}

// removeLockFile is what a stranger does.
func (s *stage) removeLockFile(p *sim.Process) {
	s.do(p, func() {
		if err := p.Remove(lockPath); err != nil && !errors.Is(err, iofs.ErrNotExist) {
			s.Fail(err)
		}
	})
}

// late is how much later than it should a thing happens at most, where nobody is held up.
const late = 5 * time.Millisecond

// waited says why err is not what an acquisition returns that gave up for the given reason after so long a wait.
func waited(err, reason error, from, to time.Duration) error {
	var wait time.Duration
	if e, ok := errors.AsType[*lock.TimeoutError](err); ok && errors.Is(err, lock.ErrTimeout) {
		wait = e.Wait
	} else if e, ok := errors.AsType[*lock.Error](err); ok && !errors.Is(err, lock.ErrTimeout) {
		wait = e.Wait
	} else {
		return fmt.Errorf("%w, which is no error of an acquisition that gave up", err)
	}
	if !errors.Is(err, reason) || wait < from || wait > to {
		return fmt.Errorf("%w, want %q after %v", err, reason, from)
	}
	return nil
}

// done reports whether a context has ended, without asking the lock.
func done(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return true
	default:
		return false
	}
}
