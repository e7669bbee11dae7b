package lock

import (
	"context"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
)

// protocol is what differs between kinds of locks. The engine, which is everything else, calls it from one task at a time: the one
// that has its site's turn.
type protocol interface {
	// attempt makes one attempt and does not wait, but for a moment for what a hold needs beside the lock. A patient contender is one that will wait if the attempt fails: it makes none while others, in
	// other processes, have waited longer.
	attempt(ctx context.Context, o *options, patient bool) (taken, error)
	// wait blocks until the lock is taken or another attempt is worth making, or until ctx ends and then returns its cause.
	wait(ctx context.Context, o *options) (taken, error)
	// mayPass reports whether the lock may go from one task of this process to the next without being released in between.
	mayPass() bool
	// pass is what attempt is for a lock that the process kept: it makes sure that it still is the lock.
	pass(ctx context.Context, o *options) (taken, error)
	// release gives the lock up. After an error it is still held, unless that is ErrLost: then it had been taken away.
	release() error
	// inspect looks at the lock without disturbing it.
	inspect() (Status, error)
	// close frees what is kept between acquisitions. The lock is not held.
	close() error
}

// taken is the outcome of an attempt.
type taken struct {
	ok      bool
	expires time.Duration // on the clock of uptime; 0 if the hold does not expire by it
	// renewEvery is the time from one renewal to the next; 0 if there are none, else the protocol is a renewer.
	renewEvery time.Duration
	file       fs.File // the locked file, for OnAcquired
	broke      string  // the evidence on which a hold of another process was ended; usually ""
	token      uint64  // the fencing number; the engine's
	// obstacle says why the lock was let go again although it was free: another process keeps locked what the hold needs beside it. It is worth while to try
	// again, after a pause.
	obstacle error
}
