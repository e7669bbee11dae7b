package campaign

import (
	"path"
	"time"

	"github.com/holdfast-lock/holdfast/sim/scenario"
)

// disaster is something that happens to the world, and puts itself right after a while.
type disaster struct {
	feature Features
	draw    func(*chaos)
}

// chaos is what strangers do, one list of steps for each.
type chaos struct {
	*plan
	steps    []scenario.Step
	stranger string
}

var disasters = []disaster{
	{Kills, (*chaos).kill},
	{Stops, (*chaos).stop},
	{Stops, (*chaos).swizzle},
	{Stops, (*chaos).suspend},
	{Power, (*chaos).power},
	{Clock, (*chaos).clock},
	{Strangers, (*chaos).renamed},
	{Strangers, (*chaos).removed},
	{Strangers, (*chaos).replaced},
	{Strangers, (*chaos).directory},
	{Cancels, (*chaos).cancel},
}

// chaos draws disasters, by one or two strangers.
func (p *plan) chaos() []scenario.Step {
	var possible []disaster
	for _, d := range disasters {
		if p.features.Has(d.feature) {
			possible = append(possible, d)
		}
	}
	if len(possible) == 0 {
		return nil
	}
	weights := p.swarm(len(possible))
	c := &chaos{plan: p}
	for i := range p.between(1, 2) {
		c.stranger = [...]string{"stranger", "stranger.1"}[i]
		for range p.between(1, 4) {
			if c.oneIn(2) {
				c.do(scenario.Step{Verb: scenario.VerbSleep, For: time.Duration(c.between(1, 8)) * c.beat / 2})
			} else {
				c.wait(time.Microsecond, 100*time.Millisecond)
			}
			possible[p.weighted(weights)].draw(c)
		}
	}
	return c.steps
}

func (c *chaos) do(s scenario.Step) {
	s.Client = c.stranger
	c.steps = append(c.steps, s)
}

func (c *chaos) wait(low, high time.Duration) {
	c.do(scenario.Step{Verb: scenario.VerbSleep, For: c.spread(low, high)})
}

func (c *chaos) to(v scenario.Verb, who string) { c.do(scenario.Step{Verb: v, Who: who}) }

func (c *chaos) victim() string { return among(c.draw, c.processes...) }

func (c *chaos) kill() {
	p := c.victim()
	c.to(scenario.VerbKill, p)
	if c.oneIn(4) {
		return
	}
	c.wait(time.Microsecond, 10*time.Millisecond)
	c.to(scenario.VerbStart, p)
}

func (c *chaos) stop() {
	p := c.victim()
	c.to(scenario.VerbStop, p)
	c.long()
	c.to(scenario.VerbContinue, p)
}

// long waits for a moment, or for longer than a lifetime.
func (c *chaos) long() {
	switch {
	case c.features.Has(Peers) && c.oneIn(3):
		c.wait(time.Second, 15*time.Second) // long enough for an unfinished marker to be taken for a broken one
	case c.life > 0 && c.oneIn(3):
		c.do(scenario.Step{Verb: scenario.VerbSleep, For: 20*time.Second + c.life}) // long enough to judge that the others get on without it
	case c.life > 0 && !c.oneIn(3):
		c.do(scenario.Step{Verb: scenario.VerbSleep, For: c.life + c.spread(time.Microsecond, 2*c.life)})
	default:
		c.wait(time.Microsecond, time.Second)
	}
}

// swizzle stops several processes one after the other, and continues them in another order.
func (c *chaos) swizzle() {
	order := c.Perm(len(c.processes))
	for _, i := range order {
		c.to(scenario.VerbStop, c.processes[i])
		c.wait(time.Microsecond, 10*time.Millisecond)
	}
	c.long()
	c.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	for _, i := range order {
		c.to(scenario.VerbContinue, c.processes[i])
		c.wait(time.Microsecond, 10*time.Millisecond)
	}
}

func (c *chaos) suspend() {
	c.to(scenario.VerbSuspend, scenario.DefaultMachine)
	c.long()
	c.to(scenario.VerbResume, scenario.DefaultMachine)
}

func (c *chaos) power() {
	keep := among(c.draw, scenario.KeepRandom, scenario.KeepRandom, scenario.KeepNone, scenario.KeepAll)
	c.do(scenario.Step{Verb: scenario.VerbPower, Who: scenario.DefaultMachine, Keep: keep})
	for _, p := range c.processes {
		c.to(scenario.VerbStart, p)
	}
}

func (c *chaos) clock() {
	by := c.spread(10*time.Millisecond, 300*time.Second)
	if c.oneIn(2) {
		by = -by
	}
	c.do(scenario.Step{Verb: scenario.VerbClock, Who: scenario.DefaultMachine, For: by})
}

// The files of a lock with a fencing number stay in their directory: the number is in one of them.
func (c *chaos) file() string { return c.locks[0].Path }

func (c *chaos) renamed() {
	away := c.file() + "-away"
	c.do(scenario.Step{Verb: scenario.VerbRename, Path: c.file(), To: away})
	if c.oneIn(3) {
		return
	}
	c.wait(time.Microsecond, 100*time.Millisecond)
	c.do(scenario.Step{Verb: scenario.VerbRename, Path: away, To: c.file()})
}

func (c *chaos) removed() { c.do(scenario.Step{Verb: scenario.VerbRemove, Path: c.file()}) }

func (c *chaos) replaced() {
	aside := c.file() + "-new"
	c.do(scenario.Step{Verb: scenario.VerbCreate, Path: aside, Text: "not a lock\n"})
	c.wait(time.Microsecond, 10*time.Millisecond)
	c.do(scenario.Step{Verb: scenario.VerbRename, Path: aside, To: c.file()})
}

func (c *chaos) directory() {
	if path.Dir(c.file()) != lockDir || c.features.Has(Fencing) {
		c.removed()
		return
	}
	c.do(scenario.Step{Verb: scenario.VerbRemove, Path: lockDir})
}

func (c *chaos) cancel() {
	if who := among(c.draw, c.clients...); c.peers[process(who)].Name == "" { // filelock's waits are not cancelled
		c.to(scenario.VerbCancel, who)
	}
}
