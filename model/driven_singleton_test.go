package model_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/lock"
	"github.com/holdfast-lock/holdfast/sim"
	"pgregory.net/rapid"
)

// singlePlan is parts of two processes that open Locks on two paths, as singletons or not, use them and close them.
type singlePlan struct{ Steps []singleStep }

type singleStep struct {
	Do       string
	Process  int
	Path     int // of spellings
	Settings int // of settings
	Alone    bool
	Which    int // of the Locks that the process was given, counted back from the last
}

var singlePlans = rapid.Map(steps(rapid.Custom(func(t *rapid.T) singleStep {
	return singleStep{
		Do:       rapid.SampledFrom([]string{"new", "new", "new", "close", "close", "acquire", "release"}).Draw(t, "do"),
		Process:  max(0, rapid.IntRange(-2, 1).Draw(t, "process")),
		Path:     rapid.IntRange(0, len(spellings)-1).Draw(t, "path"),
		Settings: max(0, rapid.IntRange(-2, len(settings)-1).Draw(t, "settings")),
		Alone:    rapid.IntRange(0, 3).Draw(t, "alone") == 0,
		Which:    rapid.IntRange(0, 4).Draw(t, "which"),
	}
}), 4), func(s []singleStep) singlePlan { return singlePlan{s} })

// spellings are ways to write two paths; the directory d is there.
var spellings = []struct{ path, canonical string }{
	{"/k", "/k"}, {"/d/../k", "/k"}, {"k", "/k"}, {"//d/./..//k", "/k"}, {"/d/k", "/d/k"}, {"d/k", "/d/k"},
}

// settings are what singletons are asked for with, and which options differ from those of the first.
var settings = []struct {
	opts    []lock.Option
	differs []string
}{
	{nil, nil},
	{[]lock.Option{lock.Timeout(time.Second)}, []string{"Timeout"}},
	{[]lock.Option{lock.Fencing(), lock.Mode(0o600)}, []string{"Mode", "Fencing"}},
	{[]lock.Option{lock.SharedOwnership(), lock.Lifetime(time.Hour), lock.PollInterval(time.Second), lock.NoWait()},
		[]string{"NoWait", "PollInterval", "Lifetime", "SharedOwnership"}},
}

// object is a Lock as the model has it.
type object struct {
	lock     *lock.Lock
	path     string
	settings int
	alone    bool // no singleton
	users    int  // not closed
	hold     *lock.Hold
}

// house is a process: the Locks that it was given, the same one as often as it was, and the files that it has to have open.
type house struct {
	proc  *sim.Process
	given []*object
	open  []string
}

// singleGame is a play of a singlePlan.
type singleGame struct {
	*stage
	houses [2]*house
}

func (p singlePlan) play(s *stage) error {
	g := &singleGame{stage: s}
	for i, name := range []string{"a", "b"} {
		g.houses[i] = &house{proc: s.start(name)}
	}
	var err error
	if g.do(g.houses[0].proc, func() { err = g.houses[0].proc.Mkdir("/d", 0o777) }); err != nil {
		return err
	}
	for i, step := range p.Steps {
		h := g.houses[step.Process]
		what, err := g.step(h, step)
		s.say("%s: %s: %v", h.proc.Name(), what, err)
		if err == nil {
			err = g.look(h)
		}
		if err != nil {
			return fmt.Errorf("step %d, %s: %s: %w", i, h.proc.Name(), what, err)
		}
	}
	return g.leave()
}

func (g *singleGame) step(h *house, step singleStep) (what string, err error) {
	n := len(h.given) - 1 - step.Which
	switch {
	case step.Do == "new":
		return fmt.Sprintf("new %s with settings %d, alone: %t", spellings[step.Path].path, step.Settings, step.Alone), g.new(h, step)
	case n < 0:
		return "nothing", nil
	}
	o := h.given[n]
	what = fmt.Sprintf("%s Lock %d", step.Do, n)
	switch step.Do {
	case "close":
		g.do(h.proc, func() { err = o.lock.Close() })
		o.users = max(0, o.users-1)
	case "acquire":
		err = g.acquire(h, o)
	case "release":
		if o.hold != nil {
			g.do(h.proc, func() { err = o.hold.Release() })
			o.hold = nil
		}
	}
	h.forget()
	return what, err
}

// singleton returns the one that is open on a path, or nil.
func (h *house) singleton(path string) *object {
	i := slices.IndexFunc(h.given, func(o *object) bool { return !o.alone && o.path == path && o.users > 0 })
	if i < 0 {
		return nil
	}
	return h.given[i]
}

func (g *singleGame) new(h *house, step singleStep) error {
	path, want := spellings[step.Path].canonical, settings[step.Settings]
	opts := append([]lock.Option{lock.Host(h.proc)}, want.opts...)
	if !step.Alone {
		opts = append(opts, lock.Singleton())
	}
	var l *lock.Lock
	var err error
	g.do(h.proc, func() { l, err = lock.New(spellings[step.Path].path, opts...) })

	there := h.singleton(path)
	if step.Alone || there == nil {
		if err != nil {
			return err
		}
		if slices.ContainsFunc(h.given, func(o *object) bool { return o.lock == l }) {
			return errors.New("returned a Lock that somebody else has, or that is closed")
		}
		h.given = append(h.given, &object{lock: l, path: path, settings: step.Settings, alone: step.Alone, users: 1})
		return nil
	}
	if there.settings == step.Settings {
		if l != there.lock {
			return fmt.Errorf("did not return the one Lock of the path (%v)", err)
		}
		there.users++
		h.given = append(h.given, there)
		return nil
	}
	e, ok := errors.AsType[*lock.SettingsError](err)
	if !ok || l != nil || e.Path != path || !errors.Is(err, lock.ErrSettings) {
		return fmt.Errorf("returned %v, with other settings than the Lock has that is there", err)
	}
	var named []string
	for _, d := range e.Differences {
		named = append(named, d.Option)
		if d.Have == d.Want {
			return fmt.Errorf("%s is no difference: %w", d.Option, err)
		}
	}
	wanted := append(slices.Clone(want.differs), settings[there.settings].differs...)
	slices.Sort(named)
	slices.Sort(wanted)
	if !slices.Equal(named, wanted) {
		return fmt.Errorf("differences are in %v, and %v are named", wanted, named)
	}
	return nil
}

// holder returns who holds the lock on a path.
func (g *singleGame) holder(path string) *object {
	for _, h := range g.houses {
		for _, o := range h.given {
			if o.path == path && o.hold != nil {
				return o
			}
		}
	}
	return nil
}

// acquire makes one attempt. It opens the file, be it in vain, unless another one of the process has the lock, or the Lock is closed.
func (g *singleGame) acquire(h *house, o *object) error {
	holder := g.holder(o.path)
	again := holder == o && o.shared()
	var hold *lock.Hold
	var err error
	g.do(h.proc, func() { hold, err = o.lock.TryAcquire(background) })
	switch {
	case o.users == 0 && !again:
		if !errors.Is(err, lock.ErrClosed) {
			return fmt.Errorf("is closed, and returned %v", err)
		}
		return nil
	case holder != nil && !again:
		if !slices.Contains(h.open, o.path) {
			h.open = append(h.open, o.path)
		}
		return waited(err, lock.ErrTimeout, 0, 0)
	case err != nil:
		return err
	case again: // one level deeper, and out again
		g.do(h.proc, func() { err = hold.Release() })
		return err
	}
	if !slices.Contains(h.open, o.path) {
		h.open = append(h.open, o.path)
	}
	o.hold = hold
	return nil
}

// shared reports whether the Lock has shared ownership.
func (o *object) shared() bool {
	return slices.Contains(settings[o.settings].differs, "SharedOwnership")
}

// forget closes the files of paths on which every Lock is closed and none is held.
func (h *house) forget() {
	h.open = slices.DeleteFunc(h.open, func(path string) bool {
		return !slices.ContainsFunc(h.given, func(o *object) bool { return o.path == path && (o.users > 0 || o.hold != nil) })
	})
}

// look compares the files that a process has open with the model, and whether the holds are there.
func (g *singleGame) look(h *house) error {
	open, want := h.proc.OpenFiles(), slices.Clone(h.open)
	slices.Sort(open)
	slices.Sort(want)
	if !slices.Equal(open, want) {
		return fmt.Errorf("has %v open, want %v", open, want)
	}
	for n, o := range h.given {
		if o.hold != nil && o.hold.Depth() != 1 {
			return fmt.Errorf("the hold of Lock %d has ended", n)
		}
		here := slices.ContainsFunc(h.given, func(other *object) bool { return other.path == o.path && other.hold != nil })
		if open := o.users > 0 || o.hold != nil; open && o.lock.HeldHere() != here {
			return fmt.Errorf("HeldHere of Lock %d says %t", n, o.lock.HeldHere())
		}
	}
	return nil
}

func (g *singleGame) leave() error {
	for _, h := range g.houses {
		for n, o := range h.given {
			err := error(nil)
			g.do(h.proc, func() {
				if o.hold != nil {
					err = o.hold.Release()
					o.hold = nil
				}
				for ; o.users > 0 && err == nil; o.users-- {
					err = o.lock.Close()
				}
			})
			if err != nil {
				return fmt.Errorf("in the end, Lock %d of %s: %w", n, h.proc.Name(), err)
			}
		}
		g.Sleep(time.Second)
		if err := g.traces(h.proc); err != nil {
			return err
		}
		if err := g.watches(h.proc); err != nil {
			return err
		}
	}
	return nil
}

// TestSingletonsAreOneWhileTheyAreUsed: New with Singleton gives the one Lock of the path to everybody in the process who asks with the same settings, until it was closed as often.
func TestSingletonsAreOneWhileTheyAreUsed(t *testing.T) { drive(t, singlePlans, 2, 0) }
