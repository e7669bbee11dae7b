package fs

import "time"

// Clock is the host's time.
type Clock interface {
	// Now returns the wall clock, for people to read. It may be wrong and may step.
	Now() time.Time
	// Monotonic returns a time that never goes back, since some origin of this process. It need not advance while the machine is
	// suspended. It is cheap: the engine calls it on every acquisition.
	Monotonic() time.Duration
	// Uptime returns the time since the machine started, suspension included. All processes of one boot read the same clock, so
	// that one can judge a time which another wrote down. [ErrUnsupported] where there is no such clock.
	Uptime() (time.Duration, error)
	// AfterFunc runs f as a task after d, once.
	AfterFunc(d time.Duration, f func()) Timer
}

// Timer is a pending call of [Clock.AfterFunc].
type Timer interface {
	// Stop prevents the call and reports whether it did; false means that f has been started already. It does not wait for f.
	Stop() bool
}
