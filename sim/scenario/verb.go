package scenario

import "strings"

// Verb says what a step does.
type Verb uint8

// What the tasks of processes do.
const (
	VerbLock      Verb = iota + 1 // acquire Lock as Hold, from within In, with Try or a timeout of For
	VerbUnlock                    // release one level of Hold
	VerbUnlockAll                 // release every level of Hold
	VerbWait                      // wait for the end of the step before that has Async
	VerbSleep                     // for For; strangers can too
	VerbWork                      // compute for For, without a call
	VerbVouch                     // ask Hold whether it can be relied on
	VerbStatus                    // look at Lock without disturbing it
	VerbBreak                     // end by force what the last look at Lock has shown, or a look now
	VerbClean                     // remove what crashes have left in the directory Path and nothing can own
	VerbOpen                      // make Lock, which the first use does else
	VerbClose                     // close Lock
	VerbExec                      // execute a child Who, which inherits what is not closed on exec
	VerbFork                      // make a copy Who of the process, which shares every open file
	VerbWrite                     // write Text to the file Path
	VerbFlock                     // take the bare lock of the file Path, with Try or waiting
	VerbFunlock                   // give it up

	// What befalls processes and machines.

	VerbKill     // the process Who
	VerbStop     // the process Who
	VerbContinue // the process Who
	VerbStart    // the process Who, which has died
	VerbCancel   // the pending call of the client Who
	VerbSuspend  // the machine Who
	VerbResume   // the machine Who
	VerbPower    // off and on again, the machine Who, with Keep
	VerbClock    // step the wall clock of the machine Who by For
	VerbAdvance  // nothing happens for For

	// What strangers do to files.

	VerbRename  // Path to To
	VerbRemove  // Path, and what is in it
	VerbCreate  // Path with Text
	VerbLink    // To, another name of Path
	VerbSymlink // Path, a link to Text
	VerbMkdir   // Path
	VerbMkfifo  // Path
	VerbChmod   // Path to Mode
	VerbRemount // read-only if Text is "ro", or for writing if it is "rw"

	// What is waited for.

	VerbAwaitStopped // the process Who
	VerbAwaitDead    // the process Who
	VerbAwaitBlocked // the client Who, in Op
	VerbAwaitHeld    // Lock, by Who if that is given

	// What must be so.

	VerbCheckFree      // Lock
	VerbCheckHeld      // Lock by the client or process Who
	VerbCheckExists    // Path
	VerbCheckMissing   // Path
	VerbCheckContent   // Path is a file with Text
	VerbCheckMode      // Path has the permission bits Mode
	VerbCheckLeftovers // Path is a directory with Count names beside those of locks
	VerbCheckSame      // Who has one and the same object as Lock and as Hold

	VerbConcurrently // every client, and every stranger, does its own steps of Block; done when all are

	numVerbs
)

var verbNames = [numVerbs]string{
	VerbLock: "lock", VerbUnlock: "unlock", VerbUnlockAll: "unlock-all", VerbWait: "wait", VerbSleep: "sleep", VerbWork: "work", VerbVouch: "vouch", VerbStatus: "status", VerbBreak: "break", VerbClean: "clean",
	VerbOpen: "open", VerbClose: "close", VerbExec: "exec", VerbFork: "fork", VerbWrite: "write", VerbFlock: "flock", VerbFunlock: "funlock",
	VerbKill: "kill", VerbStop: "stop", VerbContinue: "continue", VerbStart: "start", VerbCancel: "cancel", VerbSuspend: "suspend", VerbResume: "resume", VerbPower: "power",
	VerbClock: "clock", VerbAdvance: "advance",
	VerbRename: "rename", VerbRemove: "remove", VerbCreate: "create", VerbLink: "link", VerbSymlink: "symlink", VerbMkdir: "mkdir", VerbMkfifo: "mkfifo", VerbChmod: "chmod",
	VerbRemount:      "remount",
	VerbAwaitStopped: "await stopped", VerbAwaitDead: "await dead", VerbAwaitBlocked: "await blocked", VerbAwaitHeld: "await held",
	VerbCheckFree: "check free", VerbCheckHeld: "check held", VerbCheckExists: "check exists", VerbCheckMissing: "check missing", VerbCheckContent: "check content", VerbCheckMode: "check mode",
	VerbCheckLeftovers: "check leftovers", VerbCheckSame: "check same", VerbConcurrently: "concurrently",
}

// String returns the word of the language.
func (v Verb) String() string { return verbNames[v] }

// strangerName is the beginning of the names of clients that are no process's.
const strangerName = "stranger"

// byNobody reports whether a client is nobody's process.
func byNobody(client string) bool {
	return client == "" || client == strangerName || strings.HasPrefix(client, strangerName+".")
}

// processOf returns the name of a client's process.
func processOf(client string) string {
	name, _, _ := strings.Cut(client, ".")
	return name
}
