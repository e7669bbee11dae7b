package campaign

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-lock/holdfast/sim"
	"github.com/holdfast-lock/holdfast/sim/disk"
	"github.com/holdfast-lock/holdfast/sim/scenario"
)

// Profile says in what kind of worlds to look. What it leaves open is drawn anew for each plan. The zero Profile leaves everything open.
type Profile struct {
	Kind      string   // of lock, one of Kinds; "" is native
	FS        string   // "posix" or "tmpfs"; "" is either
	Processes int      // 0: 1 to 8
	Cycles    int      // of acquiring and releasing that each task goes through; 0: 1 to 4
	Strategy  string   // see [sim.ParseStrategy]; "" is the portfolio
	Needs     Features // are there in every world
	Only      bool     // and nothing else is: no other feature is drawn
	Slack     string   // how long somebody who can run may be held up, see [scenario.ParseSlack]; "" is drawn
}

// Kinds are the kinds of locks that a campaign can have.
var Kinds = []string{"native", "soft", "lease", "strict"}

// Strategies returns the names of the strategies that a campaign can have.
func Strategies() []string {
	return slices.DeleteFunc(sim.StrategyNames(), func(name string) bool { return name == "exhaustive" })
}

// SeedsOfPlan is how many seeds share a plan. A shard has whole plans.
const SeedsOfPlan = plans

// plans is how many seeds share a plan. The next seed has the same scenario in another order of events; making a scenario costs about as much as running it.
const plans = 8

// MostProcesses is how many processes a world can have.
const MostProcesses = 8

// Check refuses what cannot be generated.
func (p *Profile) Check() error {
	switch {
	case p.Kind != "" && !slices.Contains(Kinds, p.Kind):
		return fmt.Errorf("no kind of lock is named %q in the simulator: write %s", p.Kind, strings.Join(Kinds, ", "))
	case p.Needs&p.impossible() != 0:
		return fmt.Errorf("%s cannot go on in a world of %s locks", p.Needs&p.impossible(), cmp.Or(p.Kind, "native"))
	case p.FS != "" && p.FS != "posix" && p.FS != "tmpfs":
		return fmt.Errorf("no filesystem is named %q: write posix or tmpfs", p.FS)
	case p.Processes < 0 || p.Processes > MostProcesses:
		return fmt.Errorf("%d processes cannot be simulated: write a number from 1 to %d", p.Processes, MostProcesses)
	case p.Processes == 1 && p.Needs.Has(Peers):
		return errors.New("a process alone has no peers: write 2 processes or more, or leave out peers")
	case p.Cycles < 0:
		return fmt.Errorf("%d cycles cannot be gone through: write a number from 1 on", p.Cycles)
	}
	if p.Slack != "" {
		if _, err := scenario.ParseSlack(p.Slack); err != nil {
			return fmt.Errorf("slack: %w", err)
		}
	}
	if p.Strategy != "" {
		s, err := sim.ParseStrategy(p.Strategy)
		if err != nil {
			return err
		}
		if _, all := s.(*sim.Exhaustive); all {
			return errors.New("the strategy exhaustive runs one scenario in every schedule, not each seed in one: write another one, or --exhaustive")
		}
	}
	return nil
}

// lockKind returns the kind as scenarios write it.
func (p *Profile) lockKind() string {
	if p.Kind == "native" {
		return ""
	}
	return p.Kind
}

// kindName returns the kind as the command line writes it.
func (p *Profile) kindName() string { return cmp.Or(p.Kind, "native") }

// impossible returns what cannot be judged with locks of the kind. A contender for a soft lock that has a lifetime evicts holders that live; a power failure can leave a marker that nobody knows the
// holder of; and so can a stranger, or take one away. A strict lock has no lifetime, and what a power failure leaves of its claims keeps everybody out. A native lock cannot be broken.
func (p *Profile) impossible() Features {
	switch p.Kind {
	case "lease":
		return Lifetime | Mixed | Strangers
	case "soft", "strict":
		return Lifetime | Mixed | Power | Strangers
	}
	return Breaks
}

// String says what the profile is, with the words of the command line.
func (p *Profile) String() string {
	text := "--kind " + cmp.Or(p.Kind, "native")
	add := func(flag string, value any, given bool) {
		if given {
			text += fmt.Sprintf(" --%s %v", flag, value)
		}
	}
	add("fs", p.FS, p.FS != "")
	add("processes", p.Processes, p.Processes != 0)
	add("cycles", p.Cycles, p.Cycles != 0)
	add("needs", p.Needs, p.Needs != 0)
	if p.Only {
		text += " --only"
	}
	add("slack", p.Slack, p.Slack != "")
	if p.Strategy != "" {
		text += fmt.Sprintf(" --strategy %q", p.Strategy)
	}
	return text
}

func (p *Profile) diskKind(d *draw) disk.Kind {
	switch {
	case p.FS == "tmpfs", p.FS == "" && d.oneIn(4):
		return disk.Tmpfs
	}
	return disk.Posix
}
