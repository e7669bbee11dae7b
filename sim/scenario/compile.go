package scenario

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-lock/holdfast/sim"
	"github.com/holdfast-lock/holdfast/sim/scenario/property"
)

// Program is a scenario that is ready to run: its names are numbers.
type Program struct {
	scenario  *Scenario
	machines  []Machine
	processes []program
	children  []string
	clients   []clientPlan
	slots     []slotPlan
	paths     []string // of the locks, without doubles
	steps     []op
	setup     property.Setup
	named     []string // paths that the scenario names
	power     bool     // can fail

	lastTrouble  int           // step in which something goes wrong, or somebody unknown does something; -1: none
	strikes      int           // faults that will happen, if their calls do; more than there can be if one happens in every call
	stopsForGood bool          // a fault stops somebody until he is continued
	longestDelay time.Duration // of a fault
	limit        time.Duration
}

// program is a process of the scenario.
type program struct {
	Process
	machine int
	clients []int
	opened  []int // locks that are made at its start
	peer    bool  // it has locks of filelock
}

type clientPlan struct {
	name    string
	process int
	cancels bool // somebody can cancel its calls
}

// slotPlan is where a hold is kept: the client's own of each lock first, then those with names.
type slotPlan struct {
	name    string
	process int
	lock    int
}

// mistake is what is wrong with a scenario: in a step, or in a header.
type mistake struct {
	line    int
	keyword string
	index   int
	text    string
}

func (m *mistake) Error() string { return "scenario: " + m.text }

// reserved are the words that a name of a process cannot be: a step could begin with them.
func reserved(word string) bool {
	return slices.ContainsFunc(headers, func(h header) bool { return h.keyword == word }) || word == "end" || word == strangerName || word == worldName ||
		word == VerbConcurrently.String() || slices.ContainsFunc(forms, func(f form) bool { return f.by&byWorld != 0 && firstWord(f.verb) == word })
}

// worldName is that of the tasks of nobody's.
const worldName = "world"

// Compile prepares a scenario, which must not be changed as long as the Program is used. It finds what a name that means nothing is, and what else cannot be done.
func Compile(s *Scenario) (*Program, error) {
	c := &compiler{Program: Program{scenario: s}}
	c.headers()
	c.names()
	c.steps = c.all(s.Steps)
	c.prepare()
	if c.err != nil {
		return nil, c.err
	}
	return &c.Program, nil
}

// compiler is a program in the making.
type compiler struct {
	Program
	err     *mistake
	pending []bool // by client: a step with Async was not waited for
}

func (c *compiler) wrong(keyword string, index int, format string, args ...any) {
	if c.err == nil {
		c.err = &mistake{keyword: keyword, index: index, text: fmt.Sprintf(format, args...)}
	}
}

func (c *compiler) bad(s *Step, format string, args ...any) {
	if c.err == nil {
		c.err = &mistake{line: s.Line, text: s.String() + ": " + fmt.Sprintf(format, args...)}
	}
}

// headers checks what is fixed for the whole run.
func (c *compiler) headers() {
	s := c.scenario
	for i, m := range s.Machines {
		if slices.ContainsFunc(s.Machines[:i], func(o Machine) bool { return o.Name == m.Name }) {
			c.wrong("machine", i, "expected no second machine %q", m.Name)
		}
	}
	c.machines = s.Machines
	if !slices.ContainsFunc(s.Machines, func(m Machine) bool { return m.Name == DefaultMachine }) {
		c.machines = append([]Machine{{Name: DefaultMachine}}, s.Machines...)
	}
	for i, p := range s.Processes {
		switch {
		case slices.ContainsFunc(s.Processes[:i], func(o Process) bool { return o.Name == p.Name }):
			c.wrong("process", i, "expected no second process %q", p.Name)
		case reserved(p.Name):
			c.wrong("process", i, "expected another name than %q, which a step can begin with", p.Name)
		case p.Hostname != "" && p.Container == "":
			c.wrong("process", i, "expected a container for the hostname %q", p.Hostname)
		}
		machine := max(0, c.machine(cmpOr(p.Machine, DefaultMachine)))
		if c.machine(cmpOr(p.Machine, DefaultMachine)) < 0 {
			c.wrong("process", i, "expected a machine, not %q", p.Machine)
		}
		c.processes = append(c.processes, program{Process: p, machine: machine})
	}
	for i, k := range s.Locks {
		switch {
		case slices.ContainsFunc(s.Locks[:i], func(o Lock) bool { return o.Name == k.Name }):
			c.wrong("lock", i, "expected no second lock %q", k.Name)
		case k.Fallback != "" && !slices.ContainsFunc(s.Locks[:i], func(o Lock) bool { return o.Name == k.Fallback }):
			c.wrong("lock", i, "expected a lock that stands above, not %q", k.Fallback)
		case k.Path == "":
			c.wrong("lock", i, "expected a path")
		case k.Python != "":
			c.python(i, &k)
		}
	}
	if s.Strategy != "" {
		if _, err := sim.ParseStrategy(s.Strategy); err != nil {
			c.wrong("strategy", 0, "%v", err)
		}
		if len(s.Switches) > 0 {
			c.wrong("switch", 0, "expected a strategy or switches, not both")
		}
	}
	for i, f := range s.Files {
		if f.Data != "" && !strings.HasSuffix(f.Data, "\n") {
			c.wrong("", 0, "file %d, %s: expected a line feed at its end", i+1, f.Path)
		}
	}
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func (c *compiler) machine(name string) int {
	return slices.IndexFunc(c.machines, func(m Machine) bool { return m.Name == name })
}

func (c *compiler) lock(name string) int {
	return slices.IndexFunc(c.scenario.Locks, func(k Lock) bool { return k.Name == name })
}

func (c *compiler) process(name string) int {
	return slices.IndexFunc(c.processes, func(p program) bool { return p.Name == name })
}

func (c *compiler) client(name string) int {
	return slices.IndexFunc(c.clients, func(p clientPlan) bool { return p.name == name })
}

// each goes through the steps, those of blocks included.
func (c *compiler) each(do func(*Step)) {
	for i := range c.scenario.Steps {
		s := &c.scenario.Steps[i]
		do(s)
		for j := range s.Block {
			do(&s.Block[j])
		}
	}
}

// names finds the clients, the processes that have none, the children and the holds with a name.
func (c *compiler) names() {
	c.each(func(s *Step) {
		switch {
		case byNobody(s.Client):
		case reserved(processOf(s.Client)):
			c.bad(s, "expected another name than %q for a process", processOf(s.Client))
		case c.client(s.Client) < 0:
			c.addClient(s.Client)
		}
		if s.Verb == VerbExec || s.Verb == VerbFork {
			if slices.Contains(c.children, s.Who) {
				c.bad(s, "expected a new name for the child")
			}
			c.children = append(c.children, s.Who)
		}
	})
	c.each(func(s *Step) {
		if (s.Verb == VerbExec || s.Verb == VerbFork) && c.process(s.Who) >= 0 {
			c.bad(s, "expected a new name for the child: a process has this one")
		}
	})
	for i := range c.processes {
		p := &c.processes[i]
		if !slices.Contains(p.clients, c.client(p.Name)) { // its first task, which has nothing to do
			c.addClient(p.Name)
		}
		slices.SortFunc(p.clients, func(a, b int) int { return taskOf(c.clients[a].name) - taskOf(c.clients[b].name) })
		for n, k := range p.clients {
			if taskOf(c.clients[k].name) != n {
				c.gap(c.clients[k].name, n)
			}
		}
	}
	for _, k := range c.clients {
		for l := range c.scenario.Locks {
			c.slots = append(c.slots, slotPlan{"", k.process, l})
		}
	}
	c.each(func(s *Step) {
		if s.Verb == VerbLock && s.Hold != "" {
			c.addSlot(s)
		}
		if s.Verb == VerbCancel {
			if k := c.client(s.Who); k >= 0 {
				c.clients[k].cancels = true
			}
		}
	})
}

// gap says that a process has a task and not the one before.
func (c *compiler) gap(client string, task int) {
	c.each(func(s *Step) {
		if s.Client == client {
			c.bad(s, "expected a task %s.%d before %s", processOf(client), task, client)
		}
	})
}

func taskOf(client string) int {
	_, task, _ := strings.Cut(client, ".")
	n := 0
	for _, digit := range task {
		n = n*10 + int(digit-'0')
	}
	return n
}

func (c *compiler) addClient(name string) {
	i := c.process(processOf(name))
	if i < 0 {
		i = len(c.processes)
		c.processes = append(c.processes, program{Process: Process{Name: processOf(name)}, machine: c.machine(DefaultMachine)})
	}
	c.processes[i].clients = append(c.processes[i].clients, len(c.clients))
	c.clients = append(c.clients, clientPlan{name: name, process: i})
}

func (c *compiler) addSlot(s *Step) {
	l, p := c.lock(s.Lock), c.process(processOf(s.Client))
	if c.lock(s.Hold) >= 0 {
		c.bad(s, "expected a name for the hold that no lock has")
	}
	i := slices.IndexFunc(c.slots, func(h slotPlan) bool { return h.name == s.Hold && h.process == p })
	if i < 0 {
		c.slots = append(c.slots, slotPlan{s.Hold, p, l})
	} else if c.slots[i].lock != l {
		c.bad(s, "expected another name: a hold of another lock has this one")
	}
}

// slot returns where the hold with a name is, or the client's own one of a lock.
func (c *compiler) slot(s *Step, client, lock int, name string) int {
	if name == "" || lock < 0 {
		return client*len(c.scenario.Locks) + lock
	}
	i := slices.IndexFunc(c.slots, func(h slotPlan) bool { return h.name == name && h.process == c.clients[client].process })
	if i < 0 {
		c.bad(s, "expected a hold that the process acquires, not %q", name)
		return 0
	}
	return i
}
