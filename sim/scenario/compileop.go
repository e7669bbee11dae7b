package scenario

import (
	"slices"
	"syscall"

	"github.com/holdfast-lock/holdfast/lock"
	"github.com/holdfast-lock/holdfast/sim"
)

// op is a step with numbers in the place of names. Those that mean nothing to it are -1.
type op struct {
	*Step
	client  int
	lock    int
	slot    int
	in      int // slot
	process int
	child   int
	target  int // client
	machine int
	path    int32 // of a lock that a stranger disturbs; numbers of the properties
	near    bool  // the files beside it too
	options []lock.Option
	errno   syscall.Errno // of an expected error
	block   *block
}

// block is what happens concurrently.
type block struct {
	clients   [][]op // by number of the client
	busy      int    // clients that have something to do
	strangers [][]op
}

func (c *compiler) all(steps []Step) []op {
	c.pending = make([]bool, len(c.clients))
	ops := make([]op, len(steps))
	for i := range steps {
		ops[i] = c.op(&steps[i], false)
		if steps[i].Verb == VerbConcurrently {
			ops[i].block = c.together(&steps[i])
		}
	}
	return ops
}

// together sorts the steps of a block by who does them.
func (c *compiler) together(s *Step) *block {
	b := &block{clients: make([][]op, len(c.clients))}
	var strangers []string
	for i := range s.Block {
		step := &s.Block[i]
		o := c.op(step, true)
		if o.client >= 0 {
			b.clients[o.client] = append(b.clients[o.client], o)
			continue
		}
		n := slices.Index(strangers, step.Client)
		if n < 0 {
			n = len(strangers)
			strangers = append(strangers, step.Client)
			b.strangers = append(b.strangers, nil)
		}
		b.strangers[n] = append(b.strangers[n], o)
	}
	for _, ops := range b.clients {
		if len(ops) > 0 {
			b.busy++
		}
	}
	return b
}

// op resolves the names of a step.
func (c *compiler) op(s *Step, inBlock bool) op {
	o := op{Step: s, client: -1, lock: -1, slot: -1, in: -1, process: -1, child: -1, target: -1, machine: -1}
	f := formOf(s.Verb)
	if f == nil && (s.Verb != VerbConcurrently || inBlock || s.Client != "") {
		c.bad(s, "expected something that can be done here")
		return o
	}
	if f == nil {
		return o
	}
	c.performer(s, f, &o)
	if c.err != nil {
		return o
	}
	for i := range f.args {
		c.resolve(f.args[i].means, s, &o)
	}
	switch {
	case s.Want.Outcome != Any && !slices.Contains(f.want, s.Want.Outcome):
		c.bad(s, "expected another outcome")
	case s.Want.Outcome == Any && s.Want != Want{}:
		c.bad(s, "expected an outcome too")
	}
	c.asynchronous(s, &o, inBlock)
	o.errno = wantedErrno(&s.Want)
	switch s.Verb {
	case VerbPower:
		c.power = true
	case VerbLock:
		o.options = s.options()
		if s.Try && s.For > 0 {
			c.bad(s, "expected one attempt or a bound, not both")
		}
	}
	return o
}

// options are those of the acquisition.
func (s *Step) options() []lock.Option {
	switch {
	case s.Try:
		return []lock.Option{lock.NoWait()}
	case s.For > 0 && !s.Deadline:
		return []lock.Option{lock.Timeout(s.For)}
	}
	return nil
}

// wantedErrno returns the error number that is wanted by its name, 0 if none is.
func wantedErrno(w *Want) syscall.Errno {
	errno, _ := sim.ParseErrno(w.Text)
	return errno
}

// performer checks who does the step.
func (c *compiler) performer(s *Step, f *form, o *op) {
	by := performerOf(s.Client)
	if by == byClient {
		o.client = c.client(s.Client)
	}
	if f.by&by == 0 {
		c.bad(s, "expected somebody else to do this")
	}
}

// asynchronous checks that a client that is busy does nothing else.
func (c *compiler) asynchronous(s *Step, o *op, inBlock bool) {
	switch {
	case o.client < 0:
	case inBlock && (s.Async || s.Verb == VerbWait):
		c.bad(s, "expected neither & nor wait where everything happens concurrently")
	case s.Verb == VerbWait:
		if !c.pending[o.client] {
			c.bad(s, "expected a step of %s that ends in & before", s.Client)
		}
		c.pending[o.client] = false
	case c.pending[o.client]:
		c.bad(s, "expected %s wait: the step before is not done", s.Client)
	case s.Async:
		c.pending[o.client] = true
		if s.Want.Outcome != Any {
			c.bad(s, "expected no outcome: %s wait has it", s.Client)
		}
	}
}
