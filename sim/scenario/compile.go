package scenario

import (
	"fmt"
	"math"
	"path"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/holdfast-lock/holdfast/lock"
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
	for i := range c.processes {
		p := &c.processes[i]
		if slices.Contains(c.children, p.Name) {
			c.wrong("process", i, "expected another name than %q, which a child has", p.Name)
		}
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
	by := byClient
	switch {
	case s.Client == "":
		by = byWorld
	case byNobody(s.Client):
		by = byStranger
	default:
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

// prepare finds what does not depend on a run.
func (c *compiler) prepare() {
	if c.err != nil {
		return
	}
	s := c.scenario
	c.faults()
	for i, f := range s.Faults {
		if f.Process != "" && c.process(f.Process) < 0 {
			c.wrong("fault", i, "expected a process, not %q", f.Process)
		}
	}
	apart := len(c.machines) > 1 || slices.ContainsFunc(c.processes, func(p program) bool { return p.Container != "" })
	c.setup = property.Setup{Apart: apart, Processes: len(c.processes), Clients: len(c.clients), Slack: s.Slack, ReadOnly: s.Disk.ReadOnly, NoLocks: s.Disk.NoLocks, Polls: s.Disk.NoKernelWait}
	for _, k := range s.Locks {
		n := c.pathNumber(c.lockPath(k))
		c.setup.Locks = append(c.setup.Locks, property.Lock{Name: k.Name, Path: n, Lifetime: k.Lifetime, Fencing: k.Fencing, Shared: k.Shared, Singleton: k.Singleton})
	}
	c.setup.Paths = len(c.paths)
	c.bareLocks(c.steps)
	c.disturbances(c.steps)
	c.locksOfProcesses()
	c.troubles()
	if c.limit = c.scenario.Limit; c.limit == 0 {
		c.limit = DefaultLimit
		c.each(func(s *Step) {
			if s.Verb == VerbAdvance || s.Verb == VerbSleep {
				c.limit += s.For
			}
		})
	}
	c.each(func(s *Step) {
		c.setup.ReadOnly = c.setup.ReadOnly || s.Verb == VerbRemount
		for _, p := range []string{s.Path, s.To} {
			if p != "" {
				c.named = append(c.named, path.Clean(p))
			}
		}
	})
	for _, f := range s.Files {
		c.named = append(c.named, path.Clean(f.Path))
	}
}

// faults takes note of what the faults can do.
func (c *compiler) faults() {
	for _, f := range c.scenario.Faults {
		c.power = c.power || f.Kind == sim.Power
		c.strikes++
		if f.Nth == 0 {
			c.strikes = math.MaxInt32
		}
		switch f.Kind {
		case sim.Delay:
			c.longestDelay = max(c.longestDelay, f.For)
		case sim.Stop:
			c.stopsForGood = c.stopsForGood || f.For == 0
		}
	}
}

// troubles finds the last step after which nothing goes wrong any more.
func (c *compiler) troubles() {
	c.lastTrouble = -1
	for i, o := range c.steps {
		if o.block != nil && len(o.block.strangers) > 0 || o.Verb >= VerbKill && o.Verb <= VerbRemount && o.Verb != VerbAdvance || o.Verb == VerbFork {
			c.lastTrouble = i
		}
	}
}

// bareLocks lets the properties know of whoever takes the lock of a lock file without a lock.Lock: a lock of another name, which is no scenario's.
func (c *compiler) bareLocks(ops []op) {
	for i := range ops {
		o := &ops[i]
		if o.block != nil {
			for _, list := range o.block.clients {
				c.bareLocks(list)
			}
		}
		if o.Verb != VerbFlock && o.Verb != VerbFunlock {
			continue
		}
		n := slices.Index(c.paths, path.Clean(o.Path))
		if n < 0 {
			continue
		}
		o.lock = slices.IndexFunc(c.setup.Locks, func(l property.Lock) bool { return l.Path == int32(n+1) && l.Name == bareName })
		if o.lock < 0 {
			o.lock = len(c.setup.Locks)
			c.setup.Locks = append(c.setup.Locks, property.Lock{Name: bareName, Path: int32(n + 1)})
		}
	}
}

// bareName is no name of a lock.
const bareName = "(flock)"

// lockPath returns the path of a lock as an absolute one. A relative one counts from the directory of the first process that has one.
func (c *compiler) lockPath(k Lock) string {
	dir := "/"
	for _, p := range c.processes {
		if p.WorkDir != "" {
			dir = p.WorkDir
			break
		}
	}
	if path.IsAbs(k.Path) {
		return path.Clean(k.Path)
	}
	return path.Join(dir, k.Path)
}

// pathNumber returns the number that the properties know a lock file by.
func (c *compiler) pathNumber(p string) int32 {
	i := slices.Index(c.paths, p)
	if i < 0 {
		i = len(c.paths)
		c.paths = append(c.paths, p)
	}
	return int32(i + 1)
}

// disturbances finds the strangers' steps that concern a lock file.
func (c *compiler) disturbances(ops []op) {
	for i := range ops {
		o := &ops[i]
		if o.block != nil {
			for _, list := range o.block.strangers {
				c.disturbances(list)
			}
			continue
		}
		switch o.Verb {
		case VerbRename, VerbRemove, VerbCreate, VerbLink, VerbSymlink, VerbMkdir, VerbMkfifo, VerbChmod:
			for n, p := range c.paths {
				if at, near := concerns(o.Path, p); at {
					o.path, o.near = int32(n+1), near
				} else if at, near := concerns(o.To, p); o.To != "" && at {
					o.path, o.near = int32(n+1), near
				}
			}
			if o.Verb >= VerbSymlink && o.Verb <= VerbChmod {
				o.near = true // what is there now can be no lock file for anybody
			}
		}
	}
}

// concerns reports whether what is done to a path is done to a lock file or to one beside it, and whether it can be to one beside it.
func concerns(touched, lockFile string) (at, near bool) {
	touched = path.Clean(touched)
	switch {
	case touched == lockFile:
		return true, false
	case strings.HasPrefix(touched, lockFile+"."), strings.HasPrefix(lockFile, touched+"/"):
		return true, true
	}
	return false, false
}

// locksOfProcesses finds which locks a process makes at its start: those that it uses without making them by a step of their own.
func (c *compiler) locksOfProcesses() {
	for i := range c.processes {
		p := &c.processes[i]
		used, made := make([]bool, len(c.scenario.Locks)), make([]bool, len(c.scenario.Locks))
		c.each(func(s *Step) {
			if n := c.lock(s.Lock); n >= 0 && processOf(s.Client) == p.Name {
				used[n] = true
				made[n] = made[n] || s.Verb == VerbOpen
			}
		})
		for n := range used {
			if !used[n] || made[n] {
				continue
			}
			for k := n; k >= 0 && !slices.Contains(p.opened, k); k = c.lock(c.scenario.Locks[k].Fallback) {
				p.opened = append(p.opened, k)
			}
		}
		slices.Sort(p.opened) // what another falls back to stands above it
	}
}
