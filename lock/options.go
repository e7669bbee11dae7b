package lock

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
)

// DefaultPollInterval bounds the time between two looks at a lock that cannot be waited for in the kernel. Back-off from 1 ms to 25 ms did best of
// the polling strategies that were measured: a lower bound costs CPU, a higher one latency.
const DefaultPollInterval = 25 * time.Millisecond

// Option configures a lock when it is made, or a single acquisition. Options that only make sense for a lock as a whole are refused by Acquire, with [ErrOption].
type Option func(*options) error

// options is one type for both uses, so that a single acquisition can start from a copy of its lock's.
type options struct {
	perCall bool

	host      fs.Host
	mode      *fs.FileMode
	lifetime  time.Duration
	fencing   bool
	shared    bool
	singleton bool
	logger    *slog.Logger
	observer  Observer
	hook      func(fs.File) error
	fallback  *Lock

	evictEmpty bool
	lease      time.Duration
	heartbeat  time.Duration
	onLost     func(error)

	timeout  time.Duration // negative: none
	once     bool
	poll     *atomic.Int64 // nanoseconds; shared by the waits of a lock, so that a change reaches them
	canceled func() bool
}

func newOptions(opts []Option) (*options, error) {
	o := &options{timeout: -1, poll: new(atomic.Int64)}
	o.poll.Store(int64(DefaultPollInterval))
	if err := o.apply(opts); err != nil {
		return nil, err
	}
	if o.host == nil {
		o.host = defaultHost()
	}
	return o, nil
}

// with returns the options of one call.
func (o *options) with(opts []Option) (*options, error) {
	c := *o
	c.perCall = true
	return &c, c.apply(opts)
}

func (o *options) apply(opts []Option) error {
	for _, opt := range opts {
		if opt == nil {
			return fmt.Errorf("%w: a nil Option", ErrOption)
		}
		if err := opt(o); err != nil {
			return err
		}
	}
	return nil
}

// perm returns the permission bits with which files are created.
func (o *options) perm() fs.FileMode {
	if o.mode != nil {
		return *o.mode
	}
	return 0o666
}

func (o *options) pollInterval() time.Duration { return time.Duration(o.poll.Load()) }

// endless reports whether an acquisition with ctx would wait without bound.
func (o *options) endless(ctx context.Context) bool {
	_, deadline := ctx.Deadline()
	return !o.once && o.timeout < 0 && o.canceled == nil && !deadline
}

// forLock makes an option that holds for a lock as a whole.
func forLock(name string, set func(*options)) Option {
	return func(o *options) error {
		if o.perCall {
			return fmt.Errorf("%w: %s is set when the lock is made, not when it is acquired", ErrOption, name)
		}
		set(o)
		return nil
	}
}

// Timeout bounds the time that an acquisition waits. Zero means one attempt, a negative duration means no bound, which is the default. Given to Acquire it replaces the
// lock's own. When it ends the wait, the error is a [*TimeoutError].
func Timeout(d time.Duration) Option {
	return func(o *options) error {
		o.timeout = d
		return nil
	}
}

// NoWait makes every acquisition a single attempt, whatever Timeout says. See [Lock.TryAcquire].
func NoWait() Option {
	return func(o *options) error {
		o.once = true
		return nil
	}
}

// PollInterval bounds the time between two attempts where the lock cannot be waited for in the kernel; the first attempts follow each other more
// quickly. [CancelWhen] is asked as often. The default is [DefaultPollInterval]; [Lock.SetPollInterval] changes it later.
func PollInterval(d time.Duration) Option {
	return func(o *options) error {
		if d <= 0 {
			return fmt.Errorf("%w: PollInterval must be positive, not %v", ErrOption, d)
		}
		o.poll = new(atomic.Int64)
		o.poll.Store(int64(d))
		return nil
	}
}

// CancelWhen ends a wait when f returns true, with [ErrCanceled]. It is for callers that have no context: f is asked before the wait begins and then at
// every poll interval, from a goroutine of its own, and never after the acquisition returned: it must return soon.
func CancelWhen(f func() bool) Option {
	return func(o *options) error {
		o.canceled = f
		return nil
	}
}

// Host runs the lock on h instead of the operating system.
func Host(h fs.Host) Option { return forLock("Host", func(o *options) { o.host = h }) }

// Mode sets the permission bits of the lock file to exactly perm, whatever the umask, once the lock is held; a process that does not own the file
// leaves them as they are. The files that [Lifetime] and [Fencing] keep beside it get the same. Without Mode the file is created with 0666 less the umask. The owner's write bit is required: without it
// other programs could not open the file to lock it.
func Mode(perm fs.FileMode) Option {
	return func(o *options) error {
		if perm&^fs.FileMode(0o777) != 0 || perm&0o200 == 0 {
			return fmt.Errorf("%w: Mode must be permission bits with the owner's write bit, not %#o", ErrOption, uint32(perm))
		}
		return forLock("Mode", func(o *options) { o.mode = &perm })(o)
	}
}

// Lifetime lets every hold expire after d. The holder gives the lock up by itself: its context ends with [ErrExpired] and Release returns that error.
// A holder that cannot (it is stopped, or its machine was suspended) is relieved by a contender on the same machine that was given a Lifetime too, whichever;
// until the recorded lifetime of the holder has passed nobody is. How long a holder waits for the lock does not count.
//
// Taking over needs a kernel that says which process holds the file (Linux). A holder without Lifetime, and one that is no Holdfast lock, is never relieved.
// Everybody who waits for the old file notices within [RecheckInterval], except programs that do not compare a lock file's name with the file, such as flock(1): do not
// use a Lifetime beside them. A single attempt ([NoWait], Timeout(0)) relieves nobody. A holder that is stopped while it writes or removes its record, which takes a few system calls, is waited for
// until it goes on: see [TimeoutError].
func Lifetime(d time.Duration) Option {
	return func(o *options) error {
		if d <= 0 {
			return fmt.Errorf("%w: Lifetime must be positive, not %v", ErrOption, d)
		}
		return forLock("Lifetime", func(o *options) { o.lifetime = d })(o)
	}
}

// Fencing gives each hold a [Hold.Token], a number that is larger than those of all earlier holds of the path by anybody who uses Fencing. It is kept
// in a file beside the lock file, named with the suffix .fence, and costs a sync of that file per acquisition, two with every eighth; the first two also sync the directories that lead there. A process that is stopped with that file locked,
// which it has for a few system calls, is waited for as if it held the lock.
func Fencing() Option { return forLock("Fencing", func(o *options) { o.fencing = true }) }

// SharedOwnership makes every acquisition through this [Lock] while it is held go one level deeper, whoever makes it. Such a lock
// excludes other processes and other Lock values; it does not exclude the goroutines that use it from each other.
func SharedOwnership() Option {
	return forLock("SharedOwnership", func(o *options) { o.shared = true })
}

// Singleton makes [New] return the Lock that an earlier call made for the same path with Singleton, however the path is spelled, as long as that one
// is referenced and not closed. Asking with other options is a [*SettingsError] that names the difference. Each New is matched by one Close, or by none
// at all if the garbage collector is left to it.
func Singleton() Option { return forLock("Singleton", func(o *options) { o.singleton = true }) }

// Logger logs what the lock does at debug level. Without it nothing is logged but two warnings, which go to slog.Default: of a hold that was dropped, and of [FallbackTo].
func Logger(l *slog.Logger) Option { return forLock("Logger", func(o *options) { o.logger = l }) }

// Observe tells obs what the lock does, see [Observer].
func Observe(obs Observer) Option { return forLock("Observe", func(o *options) { o.observer = obs }) }

// OnAcquired calls f with the locked file after every acquisition that took the lock, before Acquire returns. It is not called when a hold goes one level deeper. The file belongs
// to the lock: f must neither close nor unlock it. Note that other programs truncate a lock file when they lock it. If f returns an error, the lock is released
// and Acquire returns that error.
func OnAcquired(f func(fs.File) error) Option {
	return forLock("OnAcquired", func(o *options) { o.hook = f })
}

// FallbackTo makes acquisitions go to other when the filesystem turns out to have no locks to give (ENOSYS, ENOLCK, EOPNOTSUPP). Without it they fail with an
// [*UnsupportedError]. Exclusion holds only if everybody who shares the path falls back in the same way, so the first time is logged as a warning.
func FallbackTo(other *Lock) Option {
	return forLock("FallbackTo", func(o *options) { o.fallback = other })
}

// EvictEmpty says that no holder up to version 3.21 of Python's filelock shares the path: the markers of these are empty. Then an empty one that has not changed for [MalformedGrace] is taken to
// be what a process left that died while it made the marker, and evicted. It is for soft locks.
func EvictEmpty() Option { return forLock("EvictEmpty", func(o *options) { o.evictEmpty = true }) }

// LeaseDuration is how long a lease lasts from one heartbeat to the next at most; the default is [DefaultLeaseDuration]. Whoever waits and has seen no heartbeat for as long takes the lease. Everybody
// who shares the path has to ask for the same: what the file says else is a [*SettingsError]. The holder gives up a tenth of it earlier, so that it has been told before anybody else is inside.
//
// Hold.Context, Hold.Lost and [OnLost] tell the holder. The filesystem has to show the heartbeats: a duration near to the granularity of its times of modification is of no use.
func LeaseDuration(d time.Duration) Option {
	return func(o *options) error {
		if d <= 0 {
			return fmt.Errorf("%w: LeaseDuration must be positive, not %v", ErrOption, d)
		}
		return forLock("LeaseDuration", func(o *options) { o.lease = d })(o)
	}
}

// Heartbeat is the time from one heartbeat of a lease to the next; the default is a third of the [LeaseDuration]. It must be shorter than nine tenths of that. A heartbeat that fails is tried again after a quarter of it.
func Heartbeat(d time.Duration) Option {
	return func(o *options) error {
		if d <= 0 {
			return fmt.Errorf("%w: Heartbeat must be positive, not %v", ErrOption, d)
		}
		return forLock("Heartbeat", func(o *options) { o.heartbeat = d })(o)
	}
}

// OnLost calls f with the reason, in a goroutine of its own, when a hold ends without being released: an [ErrLost], such as [ErrExpired]. It begins before anybody else is let in by this process. A loss that
// the release is the first to see is its error alone.
func OnLost(f func(reason error)) Option { return forLock("OnLost", func(o *options) { o.onLost = f }) }

// noLease refuses what is for leases.
func (o *options) noLease() error {
	if o.lease != 0 || o.heartbeat != 0 {
		return fmt.Errorf("%w: LeaseDuration and Heartbeat are for leases", ErrOption)
	}
	return nil
}

// differences lists the settings in which a differs from b, for [SettingsError].
func (o *options) differences(b *options) []Difference {
	var list []Difference
	add := func(name string, have, want any) {
		if have != want {
			list = append(list, Difference{Option: name, Have: fmt.Sprint(have), Want: fmt.Sprint(want)})
		}
	}
	add("Timeout", describeTimeout(o.timeout), describeTimeout(b.timeout))
	add("NoWait", o.once, b.once)
	add("PollInterval", o.pollInterval(), b.pollInterval())
	add("Mode", describeMode(o.mode), describeMode(b.mode))
	add("Lifetime", o.lifetime, b.lifetime)
	add("Fencing", o.fencing, b.fencing)
	add("SharedOwnership", o.shared, b.shared)
	add("EvictEmpty", o.evictEmpty, b.evictEmpty)
	add("LeaseDuration", o.lease, b.lease)
	add("Heartbeat", o.heartbeat, b.heartbeat)
	add("FallbackTo", o.fallback.describe(), b.fallback.describe())
	add("Logger", fmt.Sprintf("%p", o.logger), fmt.Sprintf("%p", b.logger))
	// Functions and observers cannot be compared in general: having one or not is what can be told.
	add("Observe", o.observer != nil, b.observer != nil)
	add("OnAcquired", o.hook != nil, b.hook != nil)
	add("OnLost", o.onLost != nil, b.onLost != nil)
	add("CancelWhen", o.canceled != nil, b.canceled != nil)
	return list
}

func describeTimeout(d time.Duration) string {
	if d < 0 {
		return "none"
	}
	return d.String()
}

func describeMode(m *fs.FileMode) string {
	if m == nil {
		return "default"
	}
	return fmt.Sprintf("%#o", uint32(*m))
}
