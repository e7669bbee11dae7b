package property

import (
	"math"
	"time"
)

// Kind says what happened.
type Kind uint8

// What a runner tells. The fields that each kind uses beside Time are in brackets.
const (
	// A client calls Acquire or TryAcquire. [Process Client Lock Calls Outer Until Try] Outer is the hold whose context it passes, or 0. Until is when its context or the lock's timeout ends
	// the wait, or Never.
	AcquireCalled Kind = iota + 1
	// The call has returned a hold. [Process Client Lock Calls Hold Outer Depth Token] Depth is what Hold.Depth says then.
	Acquired
	// The call has returned an error. [Process Client Lock Calls Outer Result]
	AcquireFailed
	// The context of the client's pending call was cancelled by somebody. [Process Client]
	Cancelled
	// A task has just learnt where the path of the lock leads: its Lstat of the path took effect. [Process Client Path] Client is 0 for a task that is none.
	Looked
	// A client calls Release, or ReleaseAll if All. [Process Client Lock Calls Hold All]
	ReleaseCalled
	// The call has returned. [Process Client Lock Calls Hold All Result Depth] For Result OK, Ended says whether the hold's context is over, if anybody has asked for it. Depth is what
	// Hold.Depth says then: after an Error, whether the lock is still held.
	ReleaseReturned
	// A client asks a hold whether it can be relied on: it calls Lost, or Err of the hold's context. [Process Client Lock Hold]
	LostCalled
	// The call has returned. [Process Client Lock Hold Result] OK is that all is well.
	LostReturned
	// A hold's context was seen to end. [Process Lock Hold Result]
	ContextEnded
	// A process starts, also anew. [Process]
	Started
	// A process is gone, with all it held: it was killed, or its machine has lost power, or it exited. [Process]
	Died
	// A process is frozen: it was stopped, or its machine suspended. [Process]
	Frozen
	// A frozen process can run again. [Process]
	Thawed
	// The machine of a process was suspended for as long as Until. [Process Until]
	Slept
	// A process has given a copy of its open files to a child, which lives on. [Process]
	Forked
	// The power went, and what was not synced may be lost. [Process is 0] The processes' deaths are told as well.
	PowerLost
	// Somebody who knows nothing of locks has renamed, removed, replaced or restored a lock file or its directory, or changed its mode. [Path] Gone tells that the files
	// beside it are gone too, or may be of any age.
	Disturbed
	// The engine has removed the name of a lock file. [Process Path]
	Removed
	// A process has put another file at the path of a lock: by creating, linking or renaming. [Process Client Path File] It is told at the moment of the effect, before anybody can know of it.
	Published
	// A process has taken the file at the path of a lock away: by removing or renaming it, or by putting another one there. [Process Client Path File] It is told as Published is.
	Taken
	// A client breaks a lock by force. [Process Client Lock File] File is what it has looked at, and may take away.
	BreakCalled
	// The call has returned. [Process Client Lock Result]
	BreakReturned
	// A process has set the times of the file that it has put at the path of a lock, by that name. [Process Path]
	Refreshed
	// A peer has given a lock up and left its file locked, or its claims where they are. [Process]
	Leaked
	// A fault has happened in a call. [Process Until] Until is when a delay is over, 0 for another fault.
	Struck
	// Nothing goes wrong from now on: no process is frozen that will not run again, and no fault is left.
	Calm
)

// Never is a time that does not come.
const Never = time.Duration(math.MaxInt64)

// Event is one thing that happened. Processes, clients, locks, paths and holds are numbered from 1, and 0 is none.
type Event struct {
	Kind    Kind
	Result  Result
	Try     bool
	All     bool
	Ended   bool
	Gone    bool
	Process int32 // the name, not the incarnation: who is started anew keeps its number
	Client  int32 // a task of the scenario; no two processes share one
	Lock    int32 // index in Setup.Locks, plus 1; with the process, it is the Lock value
	Path    int32
	Hold    int32 // every value that Acquire returns has a number of its own, from 1 on
	Outer   int32
	Depth   int32
	Calls   int32 // that the client's task has made so far
	Token   uint64
	File    uint64 // as Witness.File numbers it; of an Acquired native lock of a peer the one that it has locked, 0 if the path does not lead to it
	Step    int
	Time    time.Duration // since the world began
	Until   time.Duration
}

// Result is what a call came to.
type Result uint8

// The results.
const (
	OK       Result = iota
	TimedOut        // ErrTimeout
	Canceled        // the context was cancelled
	Deadlock        // ErrDeadlock
	Expired         // ErrExpired, or another ErrLost
	NotHeld         // ErrNotHeld
	Closed          // ErrClosed
	Settings        // ErrSettings
	Changed         // ErrChanged
	Error           // whatever else: errors of the system
)

var resultNames = [...]string{"ok", "timeout", "canceled", "deadlock", "expired", "not-held", "closed", "settings", "changed", "error"}

// String returns the name as it stands in scenarios.
func (r Result) String() string { return resultNames[r] }

// Setup is what is fixed before a run begins.
type Setup struct {
	Processes int
	Clients   int
	Paths     int
	Steps     int // that the clients and strangers do
	Locks     []Lock
	Slack     time.Duration // how long somebody who can run may be held up; negative: without bound
	ReadOnly  bool          // the disk refuses changes, so that errors are expected
	NoLocks   bool          // the disk gives no locks
	Times     time.Duration // granularity of the times of files
	Users     bool          // processes are of several users, who may be refused what is another's
	Polls     bool          // the kernel cannot be waited in
	Peers     []bool        // by process: it follows the protocol of another library; nil if none does
	Apart     bool          // some processes cannot see each other: they are on other machines or in containers
}

// Lock is one lock object as each process makes it.
type Lock struct {
	Name      string // in the scenario
	Path      int32
	Kind      string
	Soft      bool          // the lock file is made for each hold, and removed
	Strict    bool          // the hold of a process that has died lasts until it is broken by force
	Lifetime  time.Duration // 0: none
	Lease     time.Duration // what a holder has to be seen alive in; 0: it need not
	Heartbeat time.Duration // how often one that can run shows that it is
	Fencing   bool
	Shared    bool
	Singleton bool
}

// Lasts returns how long a hold lasts at least if its holder does nothing about it; 0 if it does not end by itself. The holder of a lease relies on nine tenths of it.
func (l *Lock) Lasts() time.Duration {
	if l.Lease > 0 {
		return l.Lease - l.Lease/10
	}
	return l.Lifetime
}

// Witness answers what a property asks about the world when it sees an event. It changes nothing and is no point at which anybody runs.
type Witness interface {
	// ContextEnded reports whether the context of a hold is over; true if nobody has asked for it.
	ContextEnded(hold int32) bool
	// InLine reports whether the task of a client waits for another task of its process (it is in OpWait).
	InLine(client int32) bool
	// File returns the identity of the file that a lock's path leads to, 0 if there is none.
	File(path int32) uint64
	// Whole reports whether the content of a file is a record that names its holder, and whether there is none.
	Whole(file uint64) (whole, empty bool)
	// ClientName, ProcessName and PathName are for messages.
	ClientName(client int32) string
	ProcessName(process int32) string
	PathName(path int32) string
}

// Tables are what is left at the end of a run, when every client has ended and every process that still runs has closed its locks.
type Tables struct {
	Step    int
	Time    time.Duration
	Stuck   string     // what nobody can wake, as the world says; "" if the run ended by itself
	Panic   string     // of a task
	Steps   bool       // the run was ended at its bound
	Left    []Leftover // by process, of those that are neither dead nor frozen
	Names   []string   // files in the directories of the locks that are neither lock files nor their records
	Pending []int32    // clients whose call has not returned, though they are neither dead nor frozen
}

// Leftover is what a process has not let go.
type Leftover struct {
	Process int32
	Files   []string // open
	Tasks   []string // that have not ended, pending timers included
	Watched int      // holds and locks that were neither released nor closed
	Locked  []int32  // paths whose file it still has locked
}
