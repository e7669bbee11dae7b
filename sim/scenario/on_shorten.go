package scenario

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/holdfast-lock/holdfast/sim"
	"github.com/holdfast-lock/holdfast/sim/disk"
)

// unreal says what of a scenario cannot be done with real processes, "" if everything can.
func (s *Scenario) unreal() string {
	plain := s.Disk
	plain.Granularity = 0
	switch {
	case len(s.Faults) > 0:
		return "faults happen in the calls of a simulated machine"
	case len(s.Machines) > 0:
		return "there is one machine, whose clock is not ours to set"
	case plain != (disk.Options{}):
		return "the disk is what the directory lies on"
	case len(s.Switches) > 0 || s.Strategy != "":
		return "the operating system decides who runs"
	}
	for _, k := range s.Locks {
		if k.Python != "" {
			return "the versions of filelock are followed in the simulated machine, and are not installed"
		}
	}
	for _, p := range s.Processes {
		if p.Machine != "" || p.Container != "" || p.User != 0 || p.Umask != 0 {
			return "processes run where and as this one does"
		}
	}
	reason := ""
	each := func(t *Step) {
		switch t.Verb {
		case VerbPower, VerbSuspend, VerbResume, VerbClock, VerbRemount:
			reason = t.Verb.String() + " cannot be done to this machine"
		case VerbCreate:
			if slices.ContainsFunc(s.Locks, func(k Lock) bool { return k.Kind == "soft" && k.Path == t.Path }) {
				reason = "a marker that is made by hand names processes of the simulated machine, and when it is given up does not become less with the other times"
			}
		case VerbFork:
			reason = "a copy of a process cannot be made"
		case VerbMkfifo, VerbStop, VerbContinue, VerbAwaitStopped:
			if runtime.GOOS == "windows" {
				reason = t.Verb.String() + " is not to be had on this platform"
			}
		case VerbAwaitBlocked:
			if t.Op != sim.OpWaitLock {
				reason = "nobody outside of a process can see what a task of it waits for, but that it waits in the kernel"
			} else if runtime.GOOS != "linux" {
				reason = "the kernel of this platform does not say who waits"
			}
		}
	}
	for i := range s.Steps {
		each(&s.Steps[i])
		for j := range s.Steps[i].Block {
			each(&s.Steps[i].Block[j])
		}
	}
	return reason
}

// shortened returns the scenario with its times shortened by one factor, so that it takes no longer than [realLength], or why that cannot be done.
func (s *Scenario) shortened() (*Scenario, string) {
	c := s.Clone()
	c.Expected = ""
	var total time.Duration
	each := func(t *Step) {
		t.Want.Within, t.Want.Calls = 0, 0
		if t.Verb == VerbAdvance || t.Verb == VerbSleep || t.Want.Outcome == Timeout {
			total += t.For
		}
	}
	for i := range c.Steps {
		each(&c.Steps[i])
		for j := range c.Steps[i].Block {
			each(&c.Steps[i].Block[j])
		}
	}
	times := c.times()
	if total <= realLength {
		return c, ""
	}
	factor := float64(realLength) / float64(total)
	shortest := slices.MinFunc(times, func(a, b *time.Duration) int { return cmp.Compare(*a, *b) })
	if time.Duration(float64(*shortest)*factor) < realShortest {
		return nil, fmt.Sprintf("it lasts %v, and its times lie too far apart to be shortened", total)
	}
	for _, d := range times {
		*d = time.Duration(float64(*d) * factor)
	}
	return c, ""
}

// stretch returns how much longer the times of s are than those of what it was shortened to.
func (s *Scenario) stretch(short *Scenario) float64 {
	long, times := s.times(), short.times()
	if len(times) == 0 {
		return 1
	}
	i := 0
	for k := range long {
		if *long[k] > *long[i] {
			i = k
		}
	}
	return float64(*long[i]) / float64(*times[i])
}

// times returns how long steps and locks last.
func (s *Scenario) times() []*time.Duration {
	var times []*time.Duration
	add := func(d *time.Duration) {
		if *d > 0 {
			times = append(times, d)
		}
	}
	for i := range s.Steps {
		add(&s.Steps[i].For)
		for j := range s.Steps[i].Block {
			add(&s.Steps[i].Block[j].For)
		}
	}
	for i := range s.Locks {
		add(&s.Locks[i].Lifetime)
		add(&s.Locks[i].Lease)
		add(&s.Locks[i].Heartbeat)
		add(&s.Locks[i].Timeout)
	}
	return times
}
