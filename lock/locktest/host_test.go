package locktest

import (
	"context"
	"errors"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/lock"
)

// hosts returns what wraps both processes.
func hosts(wrap func(fs.Host) fs.Host) func(Fixture) Fixture {
	return func(f Fixture) Fixture {
		f.Host, f.Peer = wrap(f.Host), wrap(f.Peer)
		return f
	}
}

// underneath returns what wraps the host of the locks, but not of the check, which uses the same methods. It is for checks that need one process only.
func underneath(wrap func(fs.Host) fs.Host) func(Fixture) Fixture {
	return func(f Fixture) Fixture { return adding(lock.Host(wrap(f.Host)))(f) }
}

// filesOf returns what wraps every file that a host opens.
func filesOf(wrap func(fs.File) fs.File) func(Fixture) Fixture {
	return hosts(func(h fs.Host) fs.Host { return &filesHost{h, wrap} })
}

type filesHost struct {
	fs.Host
	wrap func(fs.File) fs.File
}

func (h *filesHost) Open(path string, flag fs.OpenFlag, perm fs.FileMode) (fs.File, error) {
	f, err := h.Host.Open(path, flag, perm)
	if err != nil {
		return nil, err
	}
	return h.wrap(f), nil
}

// grantsAll is a file whose lock everybody gets.
type grantsAll struct{ fs.File }

func (grantsAll) TryLock(fs.Region, fs.LockMode) (bool, error)                   { return true, nil }
func (grantsAll) WaitLock(context.Context, fs.Region, fs.LockMode) (bool, error) { return true, nil }
func (grantsAll) Unlock(fs.Region) error                                         { return nil }

// keepsLock is a file whose lock is kept when it should be released.
type keepsLock struct {
	fs.File
	err error
}

func (f keepsLock) Unlock(r fs.Region) error {
	if r != fs.Whole || filepath.Ext(f.Name()) != ".lock" {
		return f.File.Unlock(r)
	}
	return f.err
}

// losesWrites is a file that keeps nothing.
type losesWrites struct{ fs.File }

func (losesWrites) WriteAt(b []byte, _ int64) (int, error) { return len(b), nil }

// clock is a host of which the time differs.
type clock struct {
	fs.Host
	now       func() time.Time
	uptime    func() (time.Duration, error)
	afterFunc func(time.Duration, func()) fs.Timer
}

func (h *clock) Now() time.Time                               { return h.now() }
func (h *clock) Uptime() (time.Duration, error)               { return h.uptime() }
func (h *clock) AfterFunc(d time.Duration, f func()) fs.Timer { return h.afterFunc(d, f) }
func timing(change func(*clock)) func(Fixture) Fixture {
	return hosts(func(h fs.Host) fs.Host {
		c := &clock{h, h.Now, h.Uptime, h.AfterFunc}
		change(c)
		return c
	})
}

// forgetsDropped never notices that something was dropped.
type forgetsDropped struct{ fs.Host }

func (forgetsDropped) OnDropped(any, func(any)) {}

// tasks is a host of which tasks meet in another way.
type tasks struct {
	fs.Host
	sleep      func(context.Context, time.Duration) error
	newEvent   func() fs.Event
	withCancel func(context.Context) (context.Context, context.CancelCauseFunc)
}

func (h *tasks) Sleep(ctx context.Context, d time.Duration) error { return h.sleep(ctx, d) }
func (h *tasks) NewEvent() fs.Event                               { return h.newEvent() }
func (h *tasks) WithCancel(parent context.Context) (context.Context, context.CancelCauseFunc) {
	return h.withCancel(parent)
}

func meeting(change func(h fs.Host, t *tasks)) func(Fixture) Fixture {
	return underneath(func(h fs.Host) fs.Host {
		t := &tasks{h, h.Sleep, h.NewEvent, h.WithCancel}
		change(h, t)
		return t
	})
}

// silent is an event that wakes nobody.
type silent struct{ fs.Event }

func (silent) Set() {}

// hasty is an event that is not waited for if nothing else can end the wait.
type hasty struct{ fs.Event }

func (e hasty) Wait(ctx context.Context) error {
	if ctx.Done() == nil {
		return nil
	}
	return e.Event.Wait(ctx)
}

var errRefused = errors.New("the lock cannot be released")

// hostFaults break the lock through the machine that it stands on.
var hostFaults = []fault{
	{"everybody gets the lock", filesOf(func(f fs.File) fs.File { return grantsAll{f} }),
		[]string{"TwoProcessesExcludeEachOther", "WaiterOfAnotherProcessGetsInAfterRelease", "NobodyIsInsideTogether", "SharedOwnershipExcludesOthers"}},
	{"the lock is kept after the release", filesOf(func(f fs.File) fs.File { return keepsLock{f, nil} }),
		[]string{"WaiterOfAnotherProcessGetsInAfterRelease", "TwoProcessesExcludeEachOther", "NobodyIsInsideTogether", "TokensGrow"}},
	{"the release fails", filesOf(func(f fs.File) fs.File { return keepsLock{f, errRefused} }),
		[]string{"AcquireTakesAFreeLock", "SecondReleaseFails", "OneOfManyReleasesSucceeds", "ReleaseAllEndsEveryLevel", "ContextOfALevelEndsWithTheHold",
			"DoReturnsTheErrorOfTheFunction", "ReleaseAllEndsEveryShare", "HoldThatIsReleasedInTimeIsNotLost", "PanicOfTheObserverKeepsNothing"}},
	{"two processes are one", func(f Fixture) Fixture { f.Peer = f.Host; return f }, []string{"TwoProcessesExcludeEachOther"}},
	{"fencing numbers are not kept", filesOf(func(f fs.File) fs.File {
		if filepath.Ext(f.Name()) == ".fence" {
			return losesWrites{f}
		}
		return f
	}), []string{"TokensGrow"}},
	{"timers do not fire", timing(func(c *clock) {
		after := c.afterFunc
		c.afterFunc = func(_ time.Duration, f func()) fs.Timer { return after(time.Hour, f) }
	}), []string{"HoldExpires", "WaiterGetsInWhenTheHoldExpires", "InnerLevelsExpireWithTheHold", "ExpiredContextDoesNotGoDeeper", "ObserverIsToldOfALostHold"}},
	{"time stands still", timing(func(c *clock) { c.uptime = func() (time.Duration, error) { return time.Hour, nil } }),
		[]string{"HoldExpires", "WaiterGetsInWhenTheHoldExpires", "InnerLevelsExpireWithTheHold", "ObserverIsToldOfALostHold"}},
	{"an hour passes at every look at the clock", timing(func(c *clock) {
		var hours atomic.Int64
		c.uptime = func() (time.Duration, error) { return time.Duration(hours.Add(1)) * time.Hour, nil }
	}), []string{"HoldThatIsReleasedInTimeIsNotLost"}},
	{"nobody knows what time it is", timing(func(c *clock) { c.now = func() time.Time { return time.Time{} } }), []string{"ObserverIsTold"}},
	{"dropped holds are not noticed", hosts(func(h fs.Host) fs.Host { return &forgetsDropped{h} }),
		[]string{"DroppedHoldIsReleased", "DroppedHoldIsReleasedWithItsLevels", "HoldThatIsReleasedIsNotDropped"}},
	{"nobody is woken in the queue", meeting(func(h fs.Host, t *tasks) { t.newEvent = func() fs.Event { return silent{h.NewEvent()} } }),
		[]string{"WaiterGetsInAfterRelease", "CancelInTheQueueEndsTheWait", "WaitersAreServedFirstInFirstOut", "WaiterThatGivesUpLeavesTheOrderAsItIs",
			"WaitersOfTwoLocksOnOnePathShareAQueue", "WaiterOutlivesClose", "PanicOfTheObserverInTheQueueTakesNothing"}},
	{"contexts of holds do not end", meeting(func(h fs.Host, t *tasks) {
		t.withCancel = func(parent context.Context) (context.Context, context.CancelCauseFunc) {
			ctx, _ := h.WithCancel(parent)
			return ctx, func(error) {}
		}
	}), []string{"ContextEndsOnRelease", "ContextOfALevelEndsWithTheHold", "ContextThatWasCutOffEndsWithTheHold", "DoHoldsWhileTheFunctionRuns", "SharedOwnershipGoesDeeperForEverybody",
		"ReleaseAllEndsEveryShare", "DroppedHoldIsReleased", "HoldExpires", "InnerLevelsExpireWithTheHold"}},
	{"contexts do not say why they ended", meeting(func(h fs.Host, t *tasks) {
		t.withCancel = func(parent context.Context) (context.Context, context.CancelCauseFunc) {
			ctx, cancel := h.WithCancel(parent)
			return ctx, func(error) { cancel(nil) }
		}
	}), []string{"ContextEndsOnRelease", "ContextOfALevelEndsWithTheHold", "ContextOfALevelEndsWithTheOneItWasEnteredWith", "DoHoldsWhileTheFunctionRuns", "CancelWhenEndsTheWait", "HoldExpires",
		"InnerLevelsExpireWithTheHold", "HoldThatIsReleasedInTimeIsNotLost"}},
	{"CancelWhen is asked on", meeting(func(h fs.Host, t *tasks) {
		over := time.Now().Add(4 * little) // so that it is not asked for ever
		t.sleep = func(ctx context.Context, d time.Duration) error {
			if time.Now().Before(over) {
				ctx = context.WithoutCancel(ctx)
			}
			return h.Sleep(ctx, d)
		}
		t.newEvent = func() fs.Event { return hasty{h.NewEvent()} }
	}), []string{"CancelWhenIsNotAskedAfterTheLockIsHeld"}},
}
