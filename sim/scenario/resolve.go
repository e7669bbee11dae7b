package scenario

// resolve finds what a name in a step means.
func (c *compiler) resolve(m meaning, s *Step, o *op) {
	switch m {
	case aLock:
		c.findLock(s, o)
	case aSecondLock:
		c.findSecond(s, o)
	case aHold:
		c.findHold(s, o)
	case anOuterHold:
		c.findOuter(s, o)
	case aProcess:
		c.findProcess(s, o)
	case aChild:
		c.findChild(s, o)
	case aClient:
		c.findClient(s, o)
	case aHolder:
		c.findHolder(s, o)
	case aMachine:
		c.findMachine(s, o)
	}
}

func (c *compiler) findLock(s *Step, o *op) {
	if o.lock = c.lock(s.Lock); o.lock < 0 {
		c.bad(s, "expected a lock, not %q", s.Lock)
	}
}

// findSecond finds a second lock, whose number takes the place of that of a hold.
func (c *compiler) findSecond(s *Step, o *op) {
	if o.slot = c.lock(s.Hold); o.slot < 0 {
		c.bad(s, "expected a lock, not %q", s.Hold)
	}
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

func (c *compiler) findClient(s *Step, o *op) {
	if o.target = c.client(s.Who); o.target < 0 {
		c.bad(s, "expected a client, not %q", s.Who)
	}
}

// findHolder finds a client, or all of a process if it is its first.
func (c *compiler) findHolder(s *Step, o *op) {
	if s.Who != "" {
		c.findClient(s, o)
	}
}

// findProcess finds a process, or what one has executed.
func (c *compiler) findProcess(s *Step, o *op) {
	for i, name := range c.children {
		if name == s.Who && s.Verb != VerbStart && s.Verb != VerbCheckSame {
			o.child = i
			return
		}
	}
	if o.process = c.process(s.Who); o.process < 0 {
		c.bad(s, "expected a process, not %q", s.Who)
	}
}

func (c *compiler) findMachine(s *Step, o *op) {
	if o.machine = c.machine(s.Who); o.machine < 0 {
		c.bad(s, "expected a machine, not %q", s.Who)
	}
}

func (c *compiler) findChild(s *Step, o *op) {
	for i, name := range c.children {
		if name == s.Who {
			o.child = i
		}
	}
}
