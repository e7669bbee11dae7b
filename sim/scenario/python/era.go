package python

import "github.com/holdfast-lock/holdfast/fs"

// era is what a version does. Where nothing else is said it is about the marker of a soft lock; a lease does what a soft lock does.
type era struct {
	parents  bool        // makes the directory before each attempt
	mode     fs.FileMode // of a file that it makes
	noFollow bool        // refuses a symbolic link at the path
	lifetime bool        // evicts what has not changed for the lifetime that the lock has
	lease    bool        // has SoftFileLease
	strict   bool        // has StrictSoftFileLock as it is followed here

	// Of the native lock.
	createsMissing  bool // asks first whether the file is there, and creates it only if it is not
	retriesOpen     bool // where it may not create a file that is there, opens it
	countsLinks     bool // lets go of a file that has no name any more
	unlinks         bool // removes the file before it unlocks it
	truncatesOpened bool // truncates the file before it has the lock
	chmodsOpened    bool // and sets its mode
	keepsUnreleased bool // holds on to what it could not unlock
	breaksNative    bool // lifetime is not only about soft locks

	records         bool // writes who holds the lock, and evicts a holder on its own machine that is dead
	raises          bool // fails where a record has a number that is none
	threeLines      bool // reads a record with the start of the process
	evictsMalformed bool // what is no record, two seconds after its time of modification
	malformsNumbers bool // a number that is none is no record
	malformsPIDs    bool // nor is one that no process has
	looksAtName     bool // looks before it opens, follows no link and waits for no FIFO
	checksTime      bool // leaves what it has moved aside where it is if it is newer than what was judged
	checksFile      bool // or another file
	ownBreakName    bool // moves aside to a name that nobody else uses
	starts          bool // writes the start of its process, and evicts a holder whose number another process has
	caresForWrites  bool // gives up if it could not write the record whole
	checksRelease   bool // removes only the marker that it made
	bounded         bool // reads no more than a record has, and knows that of a strict lock
}

// change is what came with a version.
type change struct {
	since Version
	does  func(*era)
}

// changes are all of them, in their order. 3.9.0 as Debian ships it refuses symbolic links, as 3.20.3 does.
var changes = []change{
	{Version{9, 0}, func(e *era) { e.mode, e.truncatesOpened = 0o777, true }},
	{Version{10, 0}, func(e *era) { e.mode, e.chmodsOpened = 0o644, true }},
	{Version{12, 0}, func(e *era) { e.parents = true }},
	{Version{13, 2}, func(e *era) { e.createsMissing = true }},
	{Version{20, 3}, func(e *era) { e.noFollow = true }},
	{Version{20, 4}, func(e *era) { e.createsMissing, e.retriesOpen, e.countsLinks, e.unlinks = false, true, true, true }},
	{Version{22, 0}, func(e *era) { e.records, e.raises = true, true }},
	{Version{24, 0}, func(e *era) { e.mode, e.lifetime, e.breaksNative = 0o666, true, true }},
	{Version{24, 4}, func(e *era) { e.raises = false }},
	{Version{29, 0}, func(e *era) { e.threeLines, e.evictsMalformed = true, true }},
	{Version{29, 2}, func(e *era) { e.malformsNumbers, e.looksAtName, e.checksTime = true, true, true }},
	{Version{29, 3}, func(e *era) { e.malformsPIDs = true }},
	{Version{29, 4}, func(e *era) { e.checksFile = true }},
	{Version{29, 5}, func(e *era) { e.ownBreakName, e.unlinks = true, false }},
	{Version{30, 0}, func(e *era) {
		e.truncatesOpened, e.breaksNative, e.keepsUnreleased = false, false, true
		e.starts, e.caresForWrites, e.checksRelease, e.bounded, e.lease = true, true, true, true, true
	}},
	{Version{31, 0}, func(e *era) { e.strict = true }},
}

// eraOf returns what a version does.
func eraOf(v Version) era {
	var e era
	for _, c := range changes {
		if !v.Before(c.since) {
			c.does(&e)
		}
	}
	return e
}
