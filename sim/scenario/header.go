package scenario

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/holdfast-lock/holdfast/sim"
	"github.com/holdfast-lock/holdfast/sim/disk"
	"github.com/holdfast-lock/holdfast/sim/scenario/python"
)

// header is a kind of line that stands before the steps.
type header struct {
	keyword string
	form    func() string // of what follows the keyword, as the grammar has it
	parse   func(l *line, s *Scenario)
	print   func(b *strings.Builder, s *Scenario) // all lines of the kind
	many    bool                                  // there can be more than one
}

var headers = []header{
	{"disk", func() string { return "(posix | tmpfs)" + grammar(diskOptions) }, parseDisk, printDisk, false},
	{"machine", func() string { return "MACHINE" + grammar(machineOptions) }, parseMachine, printMachines, true},
	{"process", func() string { return "PROCESS [on MACHINE]" + grammar(processOptions) }, parseProcess, printProcesses, true},
	{"lock", func() string { return "LOCK PATH" + grammar(lockOptions) }, parseLock, printLocks, true},
	{"slack", func() string { return "(DURATION | unbounded)" }, parseSlack, printSlack, false},
	{"limit", func() string { return "DURATION" }, parseLimit, printLimit, false},
	{"seed", func() string { return "NUMBER" }, parseSeed, printSeed, false},
	{"strategy", func() string { return "(" + strings.Join(sim.StrategyNames(), " | ") + ") [NAME=NUMBER]" }, parseStrategy, printStrategy, false},
	{"switch", func() string { return "TASK#NUMBER TASK" }, parseSwitch, printSwitches, true},
	{"fault", func() string {
		return "(PROCESS | *) (CALL | *) (PATTERN | *) (#NUMBER | every) (before | after) (error ERRNO | delay DURATION | stop [DURATION] | kill | power | short NUMBER | spurious)"
	}, parseFault, printFaults, true},
}

var diskOptions = []option[disk.Options]{
	durationOption("mtime", false, func(o *disk.Options) *time.Duration { return &o.Granularity }),
	flagOption("reuse-inodes", func(o *disk.Options) *bool { return &o.ReuseInodes }),
	numberOption("writeback", func(o *disk.Options) *int { return &o.Writeback }),
	numberOption("block", func(o *disk.Options) *int { return &o.Block }),
	flagOption("no-locks", func(o *disk.Options) *bool { return &o.NoLocks }),
	flagOption("no-regions", func(o *disk.Options) *bool { return &o.NoRegions }),
	flagOption("no-kernel-wait", func(o *disk.Options) *bool { return &o.NoKernelWait }),
	flagOption("protected-regular", func(o *disk.Options) *bool { return &o.ProtectedRegular }),
	flagOption("protected-symlinks", func(o *disk.Options) *bool { return &o.ProtectedSymlinks }),
	flagOption("protected-hardlinks", func(o *disk.Options) *bool { return &o.ProtectedHardlinks }),
	flagOption("readonly", func(o *disk.Options) *bool { return &o.ReadOnly }),
	numberOption("capacity", func(o *disk.Options) *int64 { return &o.Capacity }),
}

var diskKinds = [...]string{disk.Posix: "posix", disk.Tmpfs: "tmpfs"}

func parseDisk(l *line, s *Scenario) {
	kind := l.take("posix or tmpfs", func(w string) bool { return slices.Contains(diskKinds[:], w) })
	s.Disk.Kind = disk.Kind(max(0, slices.Index(diskKinds[:], kind)))
	parseOptions(l, &s.Disk, diskOptions)
}

func printDisk(b *strings.Builder, s *Scenario) {
	if s.Disk == (disk.Options{}) {
		return
	}
	b.WriteString("disk " + diskKinds[s.Disk.Kind])
	printOptions(b, &s.Disk, diskOptions)
	b.WriteByte('\n')
}

var machineOptions = []option[Machine]{
	durationOption("skew", true, func(m *Machine) *time.Duration { return &m.Skew }),
	floatOption("drift", func(m *Machine) *float64 { return &m.Drift }),
	durationOption("noise", false, func(m *Machine) *time.Duration { return &m.Noise }),
}

func parseMachine(l *line, s *Scenario) {
	m := Machine{Name: l.take("the name of a machine", isName)}
	parseOptions(l, &m, machineOptions)
	s.Machines = append(s.Machines, m)
}

func printMachines(b *strings.Builder, s *Scenario) {
	for i := range s.Machines {
		b.WriteString("machine " + s.Machines[i].Name)
		printOptions(b, &s.Machines[i], machineOptions)
		b.WriteByte('\n')
	}
}

var processOptions = []option[Process]{
	wordOption("container", "NAME", func(p *Process) *string { return &p.Container }, isName),
	wordOption("hostname", "NAME", func(p *Process) *string { return &p.Hostname }, isName),
	numberOption("user", func(p *Process) *int { return &p.User }),
	wordOption("workdir", "PATH", func(p *Process) *string { return &p.WorkDir }, isPlainPath),
	modeOption("umask", func(p *Process) *uint32 { return &p.Umask }),
}

// isPlainPath reports whether s is an absolute path that needs no quotes.
func isPlainPath(s string) bool { return strings.HasPrefix(s, "/") && quote(s) == s }

func parseProcess(l *line, s *Scenario) {
	p := Process{Name: l.take("the name of a process", isName)}
	if l.accept("on") {
		p.Machine = l.take("the name of a machine", isName)
	}
	parseOptions(l, &p, processOptions)
	s.Processes = append(s.Processes, p)
}

func printProcesses(b *strings.Builder, s *Scenario) {
	for i := range s.Processes {
		p := &s.Processes[i]
		b.WriteString("process " + p.Name)
		if p.Machine != "" {
			b.WriteString(" on " + p.Machine)
		}
		printOptions(b, p, processOptions)
		b.WriteByte('\n')
	}
}

var lockOptions = []option[Lock]{
	wordOption("kind", "KIND", func(o *Lock) *string { return &o.Kind }, func(s string) bool { return s != "" && (opens[s] != nil || python.IsClass(s)) }),
	wordOption("python", "VERSION", func(o *Lock) *string { return &o.Python }, func(s string) bool {
		_, err := python.ParseVersion(s)
		return err == nil
	}),
	durationOption("timeout", false, func(o *Lock) *time.Duration { return &o.Timeout }),
	flagOption("no-wait", func(o *Lock) *bool { return &o.NoWait }),
	durationOption("poll", false, func(o *Lock) *time.Duration { return &o.Poll }),
	durationOption("lifetime", false, func(o *Lock) *time.Duration { return &o.Lifetime }),
	durationOption("lease", false, func(o *Lock) *time.Duration { return &o.Lease }),
	durationOption("heartbeat", false, func(o *Lock) *time.Duration { return &o.Heartbeat }),
	flagOption("fencing", func(o *Lock) *bool { return &o.Fencing }),
	flagOption("shared", func(o *Lock) *bool { return &o.Shared }),
	flagOption("singleton", func(o *Lock) *bool { return &o.Singleton }),
	modeOption("mode", func(o *Lock) *uint32 { return &o.Mode }),
	flagOption("hook-fails", func(o *Lock) *bool { return &o.HookFails }),
	wordOption("fallback", "NAME", func(o *Lock) *string { return &o.Fallback }, isName),
}

func parseLock(l *line, s *Scenario) {
	k := Lock{Name: l.take("the name of a lock", isName)}
	if slices.Contains(l.words, word{text: "->"}) {
		l.expected("a path, or the client that acquires before the line, as in: a lock " + k.Name + " -> ok")
	}
	k.Path = l.take("the path of the lock file", nil)
	parseOptions(l, &k, lockOptions)
	s.Locks = append(s.Locks, k)
}

func printLocks(b *strings.Builder, s *Scenario) {
	for i := range s.Locks {
		b.WriteString("lock " + s.Locks[i].Name + " " + quote(s.Locks[i].Path))
		printOptions(b, &s.Locks[i], lockOptions)
		b.WriteByte('\n')
	}
}

func parseSlack(l *line, s *Scenario) {
	l.take(whatSlack, func(text string) bool {
		var err error
		s.Slack, err = ParseSlack(text)
		return err == nil
	})
}

var whatSlack = "a duration up to " + printDuration(MostSlack) + " or " + unbounded

const unbounded = "unbounded"

// ParseSlack reads a [Scenario.Slack], as it stands in a scenario.
func ParseSlack(text string) (time.Duration, error) {
	if text == unbounded {
		return Unbounded, nil
	}
	d, ok := parseDuration(text, false)
	if !ok || d > MostSlack {
		return 0, fmt.Errorf("expected %s, not %q", whatSlack, text)
	}
	return d, nil
}

func printSlack(b *strings.Builder, s *Scenario) {
	switch {
	case s.Slack < 0:
		b.WriteString("slack " + unbounded + "\n")
	case s.Slack > 0:
		b.WriteString("slack " + printDuration(s.Slack) + "\n")
	}
}

func parseLimit(l *line, s *Scenario) { s.Limit = l.duration("a duration", false) }

func printLimit(b *strings.Builder, s *Scenario) {
	if s.Limit > 0 {
		b.WriteString("limit " + printDuration(s.Limit) + "\n")
	}
}

func parseSeed(l *line, s *Scenario) {
	l.take("a number", func(w string) bool {
		n, err := strconv.ParseUint(w, 0, 64)
		s.Seed = n
		return err == nil
	})
}

func printSeed(b *strings.Builder, s *Scenario) {
	if s.Seed != 0 {
		b.WriteString("seed " + strconv.FormatUint(s.Seed, 10) + "\n")
	}
}

func parseStrategy(l *line, s *Scenario) {
	var words []string
	for _, w := range l.words[l.next:] {
		words = append(words, w.text)
	}
	strategy, err := sim.ParseStrategy(strings.Join(words, " "))
	if err != nil {
		l.err = err
		return
	}
	l.next = len(l.words)
	if s.Strategy = strategy.(fmt.Stringer).String(); s.Strategy == (sim.First{}).String() {
		s.Strategy = ""
	}
}

func printStrategy(b *strings.Builder, s *Scenario) {
	if s.Strategy != "" {
		b.WriteString("strategy " + s.Strategy + "\n")
	}
}

func parseSwitch(l *line, s *Scenario) {
	var d sim.Deviation
	l.take("a task and the number of its call, as in a#12", func(w string) bool {
		task, calls, ok := strings.Cut(w, "#")
		n, err := strconv.Atoi(calls)
		d.Task, d.Calls = task, n
		return ok && err == nil && n >= 0 && (isClient(task) || task == "")
	})
	d.Next = l.take("the task that goes on, as in a.1", isClient)
	s.Switches = append(s.Switches, d)
}

func printSwitches(b *strings.Builder, s *Scenario) {
	for _, d := range s.Switches {
		b.WriteString("switch " + d.String() + "\n")
	}
}

func parseFault(l *line, s *Scenario) {
	var f sim.Fault
	if !l.accept("*") {
		f.Process = l.take("the name of a process, or *", isName)
	}
	if !l.accept("*") {
		l.take("a call such as open or trylock, or *", func(w string) bool {
			op, ok := sim.ParseOp(w)
			f.Op = op
			return ok && op != sim.OpAny
		})
	}
	if !l.accept("*") {
		f.Path = l.take("a pattern of paths, or *", func(w string) bool { return w != "" })
	}
	if !l.accept("every") {
		l.take("the number of the call, as in #1, or every", func(w string) bool {
			digits, ok := strings.CutPrefix(w, "#")
			n, err := strconv.Atoi(digits)
			f.Nth = n
			return ok && err == nil && n > 0
		})
	}
	switch {
	case l.accept("before"):
	case l.accept("after"):
		f.After = true
	default:
		l.expected("before or after")
	}
	l.take("one of "+strings.Join(faultKinds(), ", "), func(w string) bool {
		kind, ok := sim.ParseFaultKind(w)
		f.Kind = kind
		return ok
	})
	switch f.Kind {
	case sim.Error:
		l.take("the name of an error number, such as ENOSPC", func(w string) bool {
			errno, ok := sim.ParseErrno(w)
			f.Err = errno
			return ok
		})
	case sim.Delay:
		f.For = l.duration("how long the call takes", false)
	case sim.Stop:
		if l.next < len(l.words) {
			f.For = l.duration("for how long the process is stopped", false)
		}
	case sim.Short:
		l.take("how many bytes are transferred", func(w string) bool {
			n, err := strconv.Atoi(w)
			f.Bytes = n
			return err == nil && n >= 0
		})
	}
	s.Faults = append(s.Faults, f)
}

func faultKinds() []string {
	var kinds []string
	for k := sim.Error; k <= sim.Spurious; k++ {
		kinds = append(kinds, k.String())
	}
	return kinds
}

func printFaults(b *strings.Builder, s *Scenario) {
	for i := range s.Faults {
		f := &s.Faults[i]
		b.WriteString("fault " + orStar(f.Process))
		if f.Op == sim.OpAny {
			b.WriteString(" *")
		} else {
			b.WriteString(" " + f.Op.String())
		}
		if f.Path == "" {
			b.WriteString(" *")
		} else {
			b.WriteString(" " + quote(f.Path))
		}
		if f.Nth == 0 {
			b.WriteString(" every")
		} else {
			b.WriteString(" #" + strconv.Itoa(f.Nth))
		}
		if f.After {
			b.WriteString(" after ")
		} else {
			b.WriteString(" before ")
		}
		b.WriteString(f.Kind.String())
		switch {
		case f.Kind == sim.Error:
			b.WriteString(" " + sim.ErrnoName(f.Err))
		case f.Kind == sim.Delay, f.Kind == sim.Stop && f.For != 0:
			b.WriteString(" " + printDuration(f.For))
		case f.Kind == sim.Short:
			b.WriteString(" " + strconv.Itoa(f.Bytes))
		}
		b.WriteByte('\n')
	}
}

func orStar(s string) string {
	if s == "" {
		return "*"
	}
	return s
}
