package locktest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/lock"
)

// Locker is the face of an exclusive lock that the suite tests. [*lock.Lock] has it.
type Locker interface {
	lock.Locker
	TryAcquire(ctx context.Context, opts ...lock.Option) (*lock.Hold, error)
	Depth(ctx context.Context) int
	HeldHere() bool
	Path() string
	Close() error
}

// Fixture is where one sub-test runs.
type Fixture struct {
	// Host is the process that most of a test happens in.
	Host fs.Host
	// Peer is another process that sees the same files: a host value that differs from Host. What happens there runs on tasks that it started itself.
	Peer fs.Host
	// Dir is an empty directory.
	Dir string
	// New makes a lock of the kind under test. The options say which host it is made on.
	New func(path string, opts ...lock.Option) (Locker, error)
	// NoHook says that the kind refuses [lock.OnAcquired].
	NoHook bool
	// NoLifetime says that the kind refuses [lock.Lifetime].
	NoLifetime bool
	// Collect makes the host run what [fs.Tasks.OnDropped] has arranged, some time after it was called often enough; runtime.GC does on the operating system.
	// Without it the sub-tests of dropped values are skipped.
	Collect func()
	// Within runs the body of the sub-test and returns after it. A host whose calls are allowed on its own tasks only starts one here and drives it to its end. Without it
	// the body runs on the goroutine of the test.
	Within func(body func())
}

// Run runs the suite, one sub-test for each behaviour, each in a fixture of its own.
func Run(t *testing.T, newFixture func(t *testing.T) Fixture) {
	for _, c := range checks() {
		t.Run(c.name, func(t *testing.T) {
			if skipped := c.on(t, newFixture(t), patience); skipped != "" {
				t.Skip(skipped)
			}
		})
	}
}

// check is one behaviour.
type check struct {
	name string
	run  func(*probe)
}

func checks() []check {
	return slices.Concat(acquireChecks, boundChecks, cancelChecks, reentryChecks, releaseChecks, contextChecks, doChecks,
		exclusionChecks, orderChecks, deadlockChecks, closeChecks, sharedChecks, dropChecks, singletonChecks, fencingChecks,
		lifetimeChecks, observeChecks, observerPanicChecks, optionChecks)
}

// patience bounds every wait, so that a lock which forgets to wake a waiter fails and does not hang. It is no measure of speed: on the slowest machine
// everything here takes less.
const patience = time.Minute

// on runs the check in a fixture and returns why it was skipped, or "". Failures are reported to r.
func (c check) on(r reporter, f Fixture, patience time.Duration) (skipped string) {
	if f.Within == nil {
		f.Within = func(body func()) { body() }
	}
	f.Within(func() {
		p := newProbe(r, f, patience)
		defer func() { skipped = p.skipped }()
		defer p.close()
		defer stopHere()
		c.run(p)
	})
	return skipped
}

// reporter is what a check needs of testing.T. It is this small so that the suite's own tests can see a check fail.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
}
