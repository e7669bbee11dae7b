package scenario

// resolve finds what a name in a step means.
func (c *compiler) resolve(m meaning, s *Step, o *op) {
	switch m {
	case aLock:
		o.lock = c.find(s, "a lock", s.Lock, c.lock)
	case aSecondLock: // whose number takes the place of that of a hold
		o.slot = c.find(s, "a lock", s.Hold, c.lock)
	case aHold:
		c.findHold(s, o)
	case anOuterHold:
		c.findOuter(s, o)
	case aProcess:
		c.findProcess(s, o)
	case aChild:
		c.findChild(s, o)
	case aClient:
		o.target = c.find(s, "a client", s.Who, c.client)
	case aHolder: // a client, or all of a process if it is its first
		if s.Who != "" {
			o.target = c.find(s, "a client", s.Who, c.client)
		}
	case aMachine:
		o.machine = c.find(s, "a machine", s.Who, c.machine)
	}
}

// find returns the number of what a name must be the name of, negative if it is not.
func (c *compiler) find(s *Step, what, name string, number func(string) int) int {
	n := number(name)
	if n < 0 {
		c.bad(s, "expected %s, not %q", what, name)
	}
	return n
}

func (c *compiler) findHold(s *Step, o *op) {
	if o.client < 0 || o.lock < 0 {
		return
	}
	o.slot = c.slot(s, o.client, o.lock, s.Hold)
	if c.err == nil && c.slots[o.slot].lock != o.lock {
		c.bad(s, "expected a hold of %s, not %q", s.Lock, s.Hold)
	}
}

// findOuter finds the hold from within which is acquired.
func (c *compiler) findOuter(s *Step, o *op) {
	if s.In == "" || o.client < 0 {
		return
	}
	if l := c.lock(s.In); l >= 0 {
		o.in = c.slot(s, o.client, l, "")
		return
	}
	o.in = c.slot(s, o.client, 0, s.In)
}

// findProcess finds a process, or what one has executed.
func (c *compiler) findProcess(s *Step, o *op) {
	for i, name := range c.children {
		if name == s.Who && s.Verb != VerbStart && s.Verb != VerbCheckSame {
			o.child = i
			return
		}
	}
	o.process = c.find(s, "a process", s.Who, c.process)
}

func (c *compiler) findChild(s *Step, o *op) {
	for i, name := range c.children {
		if name == s.Who {
			o.child = i
		}
	}
}
