package scenario

import (
	"reflect"
	"slices"
	"time"

	"github.com/holdfast-lock/holdfast/sim"
	"github.com/holdfast-lock/holdfast/sim/disk"
)

// Scenario is everything that a run depends on. The zero value is a run in which nothing happens. It is plain data: see [Scenario.Clone].
type Scenario struct {
	// Comment says what this is about, a line each, without the mark of a comment.
	Comment []string
	// Disk is the filesystem of every machine. Name, Device and Durability cannot be written down: a run keeps track of what is not synced if the power can fail.
	Disk disk.Options
	// Machines that are not like the one which is there anyway, [DefaultMachine].
	Machines []Machine
	// Processes that are not simply processes of the superuser on the default machine. The others are there by being named.
	Processes []Process
	Locks     []Lock
	Slack     time.Duration // see [sim.Config.Slack]; negative: unbounded
	Limit     time.Duration // of virtual time, after which the run is a finding; 0 is what everything that waits a bounded time has long given up in, and what is slept
	Seed      uint64
	Strategy  string          // see [sim.ParseStrategy]; "" is the first that can run
	Switches  []sim.Deviation // instead of a strategy
	Faults    []sim.Fault
	Steps     []Step
	Files     []File // that are there from the beginning
	Expected  string // what the run must look like, see [Result.Timeline]; "" for whatever it looks like

	lines map[string][]int // of the headers in the file that it was read from, by keyword; nil for a copy, of which some can be left out
}

// DefaultMachine is where processes run that say nothing else. It always exists.
const DefaultMachine = "m1"

// WorkDir is a directory that exists on every disk, and that everybody may write to.
const WorkDir = "/data"

// MostSlack is the largest bound of [Scenario.Slack]. What has to happen in time is allowed some hundred times as much, which has to be less than the time of a run.
const MostSlack = time.Hour

// Unbounded is the [Scenario.Slack] that lets anybody be held up for as long as the strategy likes.
const Unbounded = time.Duration(-1)

// Machine is a computer with a clock.
type Machine struct {
	Name  string
	Skew  time.Duration // by which its wall clock is ahead
	Drift float64       // see [sim.Clock]
	Noise time.Duration
}

// Process is a program that runs on a machine.
type Process struct {
	Name      string
	Machine   string // "" is [DefaultMachine]
	Container string // a pid namespace of the machine; "" is the machine's own
	Hostname  string // of the container; "" is its name
	User      int
	WorkDir   string // "" is the root directory
	Umask     uint32
}

// Lock is a lock as processes make it by lock.New, or an object of Python's filelock. Every process has one of its own under each name; several names can have one path.
type Lock struct {
	Name, Path string
	Kind       string        // "soft", "lease" or "strict"; "" is native
	Python     string        // the version of filelock whose protocol it follows; "" is Holdfast
	Timeout    time.Duration // 0: none
	Poll       time.Duration // 0: the default
	Lifetime   time.Duration // 0: none
	Lease      time.Duration // of a lease; 0: the default
	Heartbeat  time.Duration // of a lease; 0: the default
	Mode       uint32        // permission bits; 0: the default
	NoWait     bool
	Fencing    bool
	Shared     bool
	Singleton  bool
	HookFails  bool   // the function given to OnAcquired returns an error
	Fallback   string // name of another lock; "" is none
}

// File is a file with its content.
type File struct{ Path, Data string }

// Step is one line of the script. Fields that say nothing about the verb are zero.
type Step struct {
	// Client is who does it: "a" is the first task of process a, and "a.1", "a.2" are further ones, without a gap. "" and what begins with "stranger" are nobody's.
	Client   string
	Verb     Verb
	Lock     string
	Hold     string        // the name of the hold that is acquired, released or looked at; "" is the client's one of the lock
	In       string        // the name of the hold, or of the lock whose hold, from which is acquired
	Who      string        // the process, client or machine that it is done to
	Path     string        // of a file
	To       string        // a second path
	Text     string        // content of a file; target of a symbolic link
	Op       sim.Op        // a call in which somebody is blocked
	For      time.Duration // how long, or by how much
	Count    int           // how many
	Mode     uint32        // permission bits
	Try      bool          // one attempt
	Deadline bool          // For is how long the caller's context lasts
	Async    bool          // is not waited for: [VerbWait] does
	Keep     Keep          // what a power loss leaves
	Want     Want
	Block    []Step // of [VerbConcurrently]
	Line     int    // in the file; of no meaning to a run, or to [Scenario.Equal]
}

// Want is what must come of a step. The zero value wants nothing.
type Want struct {
	Outcome Outcome
	Text    string        // of [Failed]: part of the error's text, or the name of an error number
	Token   uint64        // fencing number; 0: any
	Depth   int           // of the hold; 0: any
	Within  time.Duration // virtual time that it takes at most; 0: any
	Calls   int           // calls of the seam that the task makes at most; 0: any
}

// Outcome is what came of a step.
type Outcome uint8

// The outcomes.
const (
	Any         Outcome = iota // wanted by who wants nothing
	OK                         // done; the lock is held
	Timeout                    // the wait, or the single attempt, ended without the lock
	Canceled                   // the caller gave up
	Deadlock                   // the caller would wait for itself
	Expired                    // the hold has ended by itself
	NotHeld                    // the hold was released before
	Settings                   // the lock exists with other settings
	Unsupported                // the filesystem has no locks
	Closed                     // the lock was closed
	Failed                     // another error
	Busy                       // somebody else has the file locked
	Free                       // nobody holds the lock
	Held                       // somebody does
	Unknown                    // nobody can say whether somebody does
	Dead                       // the process was gone, or went
	Nothing                    // there was nothing to be done: no hold to release
	Changed                    // what was to be broken is not what was looked at any more
)

var outcomeNames = [...]string{
	"", "ok", "timeout", "canceled", "deadlock", "expired", "not-held", "settings", "unsupported", "closed", "error", "busy", "free", "held", "unknown", "dead", "nothing", "changed",
}

// String returns the word of the language.
func (o Outcome) String() string { return outcomeNames[o] }

// Keep says what a power loss leaves of what was not synced.
type Keep uint8

// What a power loss can leave.
const (
	KeepRandom Keep = iota // whatever the seed says
	KeepNone
	KeepAll
)

var keepNames = [...]string{"random", "none", "all"}

// String returns the word of the language.
func (k Keep) String() string { return keepNames[k] }

// Clone returns a copy that shares nothing with s.
func (s *Scenario) Clone() *Scenario {
	c := *s
	c.lines = nil
	c.Comment = slices.Clone(s.Comment)
	c.Machines = slices.Clone(s.Machines)
	c.Processes = slices.Clone(s.Processes)
	c.Locks = slices.Clone(s.Locks)
	c.Switches = slices.Clone(s.Switches)
	c.Faults = slices.Clone(s.Faults)
	c.Files = slices.Clone(s.Files)
	c.Steps = slices.Clone(s.Steps)
	for i := range c.Steps {
		c.Steps[i].Block = slices.Clone(c.Steps[i].Block)
	}
	return &c
}

// Equal reports whether two scenarios say the same.
func (s *Scenario) Equal(t *Scenario) bool {
	return s.Disk == t.Disk && s.Slack == t.Slack && s.Limit == t.Limit && s.Seed == t.Seed && s.Strategy == t.Strategy && s.Expected == t.Expected &&
		slices.Equal(s.Comment, t.Comment) && slices.Equal(s.Machines, t.Machines) && slices.Equal(s.Processes, t.Processes) && slices.Equal(s.Locks, t.Locks) &&
		slices.Equal(s.Switches, t.Switches) && slices.Equal(s.Faults, t.Faults) && slices.Equal(s.Files, t.Files) && slices.EqualFunc(s.Steps, t.Steps, Step.equal)
}

func (s Step) equal(t Step) bool {
	if !slices.EqualFunc(s.Block, t.Block, Step.equal) {
		return false
	}
	s.Block, t.Block, s.Line, t.Line = nil, nil, 0, 0
	return reflect.DeepEqual(s, t)
}
