package sim

import "time"

// Op is a kind of call through the seam, and so a kind of scheduling point.
type Op uint8

// The calls of fs.Host and of the values it returns that others can notice or that notice others.
const (
	OpAny Op = iota // in a fault: whichever
	OpOpen
	OpLink
	OpRename
	OpRemove
	OpMkdir
	OpLstat
	OpReadDir
	OpCanonical
	OpLockTable
	OpWatch
	OpWatchNext
	OpRead
	OpWrite
	OpStat
	OpVolume
	OpTruncate
	OpChmod
	OpSetTimes
	OpSync
	OpClose
	OpTryLock
	OpWaitLock
	OpUnlock
	OpConflict
	OpNow
	OpMonotonic
	OpUptime
	OpTimer
	OpStopTimer
	OpGo
	OpSleep
	OpYield
	OpSet
	OpWait
	OpCancel
	OpLiveness
	OpStart // the first step of a task
	OpWork  // what a task does without the host, see Process.Work
	numOps
)

var opNames = [numOps]string{
	"any", "open", "link", "rename", "remove", "mkdir", "lstat", "readdir", "canonical", "locktable", "watch", "next", "read", "write", "stat", "volume", "truncate",
	"chmod", "settimes", "sync", "close", "trylock", "waitlock", "unlock", "conflict", "now", "monotonic", "uptime", "timer", "stoptimer", "go", "sleep", "yield",
	"set", "wait", "cancel", "liveness", "start", "work",
}

// String returns the name as it stands in traces and scenarios, "rename".
func (o Op) String() string { return opNames[o] }

// ParseOp returns the Op with the given name.
func ParseOp(name string) (Op, bool) {
	for o, n := range opNames {
		if n == name {
			return Op(o), true
		}
	}
	return 0, false
}

// Ops returns every kind of call, in the order of their declaration.
func Ops() []Op {
	ops := make([]Op, 0, numOps-1)
	for o := OpOpen; o < numOps; o++ {
		ops = append(ops, o)
	}
	return ops
}

// latency is how long a call takes when nothing is in its way: about what Linux needs on a local disk, rounded to powers of ten. What counts is that no call takes no
// time, so that time passes for whoever computes, and timeouts race with work.
var latency = [numOps]time.Duration{
	OpOpen: 10 * time.Microsecond, OpLink: 10 * time.Microsecond, OpRename: 10 * time.Microsecond, OpRemove: 10 * time.Microsecond, OpMkdir: 10 * time.Microsecond,
	OpLstat: time.Microsecond, OpReadDir: 10 * time.Microsecond, OpCanonical: 10 * time.Microsecond, OpLockTable: 10 * time.Microsecond, OpWatch: 10 * time.Microsecond,
	OpWatchNext: time.Microsecond, OpRead: time.Microsecond, OpWrite: time.Microsecond, OpStat: time.Microsecond, OpVolume: time.Microsecond,
	OpTruncate: time.Microsecond, OpChmod: time.Microsecond, OpSetTimes: time.Microsecond, OpSync: time.Millisecond, OpClose: time.Microsecond,
	OpTryLock: time.Microsecond, OpWaitLock: time.Microsecond, OpUnlock: time.Microsecond, OpConflict: time.Microsecond,
	OpNow: 100, OpMonotonic: 100, OpUptime: 100, OpTimer: 100, OpStopTimer: 100, OpGo: 100, OpSleep: 100, OpYield: time.Microsecond,
	OpSet: 100, OpWait: 100, OpCancel: 100, OpLiveness: 10 * time.Microsecond, OpStart: 100, OpWork: 100,
}

// wakeLatency is what a task needs to run again after what it waited for.
const wakeLatency = 10 * time.Microsecond
