package locktest

import (
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/holdfast-lock/holdfast/lock"
)

// maker makes a lock, as Fixture.New does.
type maker func(path string, opts ...lock.Option) (Locker, error)

// making returns what puts another maker in front of the sound one.
func making(broken func(sound maker, path string, opts []lock.Option) (Locker, error)) func(Fixture) Fixture {
	return func(f Fixture) Fixture {
		sound := f.New
		f.New = func(path string, opts ...lock.Option) (Locker, error) { return broken(sound, path, opts) }
		return f
	}
}

// adding makes locks with an option that overrides what was asked for.
func adding(opt lock.Option) func(Fixture) Fixture {
	return making(func(sound maker, path string, opts []lock.Option) (Locker, error) {
		return sound(path, append(opts, opt)...)
	})
}

var pathsApart atomic.Int64

// apart returns a path that nobody else uses.
func apart(path string) string { return fmt.Sprintf("%s.%d", path, pathsApart.Add(1)) }

// optionFaults are locks that do not do what they were made for.
var optionFaults = []fault{
	{"the options of New are forgotten", making(func(sound maker, path string, opts []lock.Option) (Locker, error) {
		return sound(path, opts[0]) // the host
	}), []string{"ZeroTimeoutIsOneAttempt", "SharedOwnershipGoesDeeperForEverybody", "ReleaseAllEndsEveryShare", "SingletonIsOneLock",
		"SingletonOfOtherSettingsIsRefused", "TokensGrow", "HoldExpires", "WaiterGetsInWhenTheHoldExpires", "InnerLevelsExpireWithTheHold",
		"ExpiredContextDoesNotGoDeeper", "OptionsOutOfRangeAreRefused"}},
	{"every lock lies on a file of its own", making(func(sound maker, path string, opts []lock.Option) (Locker, error) {
		return sound(apart(path), opts...)
	}), []string{"TryAcquireTakesAFreeLock", "WaiterOfAnotherProcessGetsInAfterRelease", "TryAcquireDoesNotWait", "ZeroTimeoutIsOneAttempt", "NoWaitBeatsTimeout",
		"DeadlineEndsTheWait", "DoHoldsWhileTheFunctionRuns", "DoDoesNotRunWithoutTheLock", "TwoLocksOnOnePathExcludeEachOther", "TwoProcessesExcludeEachOther",
		"NobodyIsInsideTogether", "WaitersOfTwoLocksOnOnePathShareAQueue", "WaitForOneselfIsRefused", "BoundedWaitForOneselfTimesOut",
		"SharedOwnershipExcludesOthers", "TokensGrow", "SingletonIsOneLock", "OnAcquiredIsCalledWithTheLockHeld"}},
	{"all locks lie on one file", func(f Fixture) Fixture {
		return making(func(sound maker, _ string, opts []lock.Option) (Locker, error) {
			return sound(f.Dir+"/one.lock", opts...)
		})(f)
	}, []string{"DifferentPathsDoNotExcludeEachOther", "ContextOfAnotherFileDoesNotGoDeeper"}},
	{"every acquisition is one attempt", adding(lock.NoWait()), []string{"WaiterGetsInAfterRelease", "NegativeTimeoutWaits", "TimeoutOfTheCallReplacesThatOfTheLock"}},
	{"there is no timeout", adding(lock.Timeout(-1)), []string{"ZeroTimeoutIsOneAttempt", "TimeoutEndsTheWait", "SingletonOfOtherSettingsIsRefused"}},
	{"every wait is bounded", adding(lock.Timeout(time.Hour)), []string{"WaitForOneselfIsRefused"}},
	{"every lock is shared", adding(lock.SharedOwnership()), []string{"PlainContextDoesNotGoDeeper", "ContextOfAnEndedHoldDoesNotGoDeeper"}},
	{"every lock is a singleton", adding(lock.Singleton()), []string{"SingletonIsOneLock", "TwoLocksOnOnePathExcludeEachOther"}},
	{"holds live for an hour", adding(lock.Lifetime(time.Hour)), []string{"HoldExpires", "WaiterGetsInWhenTheHoldExpires", "ObserverIsToldOfALostHold"}},
	{"holds live for a nanosecond", adding(lock.Lifetime(time.Nanosecond)), []string{"AcquireTakesAFreeLock", "HoldThatIsReleasedInTimeIsNotLost"}},
	{"every hold has a token", adding(lock.Fencing()), []string{"NoTokenWithoutFencing"}},
	{"nothing is observed", adding(lock.Observe(nil)), []string{"ObserverIsTold", "ObserverIsToldOfFailures", "ObserverIsToldOfALostHold"}},
	{"nobody is warned", adding(lock.Logger(slog.New(slog.DiscardHandler))), []string{"DroppedHoldIsReleased", "HoldThatIsReleasedIsNotDropped"}},
	{"OnAcquired is not called", adding(lock.OnAcquired(nil)),
		[]string{"OnAcquiredIsCalledWithTheLockHeld", "OnAcquiredCanRefuse", "PanicOfOnAcquiredReleases"}},
}
