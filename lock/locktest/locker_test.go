package locktest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/holdfast-lock/holdfast/lock"
)

// altered is a lock of which some methods differ.
type altered struct {
	Locker
	acquire, try func(ctx context.Context, opts ...lock.Option) (*lock.Hold, error)
	depth        func(ctx context.Context) int
	heldHere     func() bool
	close        func() error
	another      maker // makes sound locks with the same options
}

func (a *altered) Acquire(ctx context.Context, opts ...lock.Option) (*lock.Hold, error) {
	return a.acquire(ctx, opts...)
}

func (a *altered) TryAcquire(ctx context.Context, opts ...lock.Option) (*lock.Hold, error) {
	return a.try(ctx, opts...)
}

func (a *altered) Depth(ctx context.Context) int { return a.depth(ctx) }
func (a *altered) HeldHere() bool                { return a.heldHere() }
func (a *altered) Close() error                  { return a.close() }

// altering returns what changes every lock that is made.
func altering(change func(l Locker, a *altered)) func(Fixture) Fixture {
	return making(func(sound maker, path string, opts []lock.Option) (Locker, error) {
		l, err := sound(path, opts...)
		if err != nil {
			return nil, err
		}
		a := &altered{l, l.Acquire, l.TryAcquire, l.Depth, l.HeldHere, l.Close,
			func(path string, more ...lock.Option) (Locker, error) {
				return sound(path, slices.Concat(opts, more)...)
			}}
		change(l, a)
		return a, nil
	})
}

// failing changes the errors of acquisitions.
func failing(change func(error) error) func(Fixture) Fixture {
	return altering(func(l Locker, a *altered) {
		a.acquire = func(ctx context.Context, opts ...lock.Option) (*lock.Hold, error) {
			h, err := l.Acquire(ctx, opts...)
			return h, change(err)
		}
		a.try = func(ctx context.Context, opts ...lock.Option) (*lock.Hold, error) {
			h, err := l.TryAcquire(ctx, opts...)
			return h, change(err)
		}
	})
}

// acquireApart takes a lock that nobody else has.
func (a *altered) acquireApart(ctx context.Context, more ...lock.Option) (*lock.Hold, error) {
	l, err := a.another(apart(a.Path()), more...)
	if err != nil {
		return nil, err
	}
	return l.Acquire(ctx)
}

// valueless hides the values of a context, by which an acquisition finds the holds that it is in.
type valueless struct{ context.Context }

func (valueless) Value(any) any { return nil }

// lockerFaults are locks whose methods do something else than they say.
var lockerFaults = []fault{
	{"HeldHere is always false", altering(func(_ Locker, a *altered) { a.heldHere = func() bool { return false } }),
		[]string{"AcquireTakesAFreeLock", "TwoLocksOnOnePathExcludeEachOther"}},
	{"HeldHere is always true", altering(func(_ Locker, a *altered) { a.heldHere = func() bool { return true } }),
		[]string{"AcquireTakesAFreeLock", "EndedContextTakesNothing", "TwoProcessesExcludeEachOther", "HoldThatIsReleasedIsNotDropped", "HoldExpires"}},
	{"Depth is that of the last hold, whoever asks", altering(func(l Locker, a *altered) {
		var last atomic.Pointer[lock.Hold]
		a.acquire = func(ctx context.Context, opts ...lock.Option) (*lock.Hold, error) {
			h, err := l.Acquire(ctx, opts...)
			last.Store(h)
			return h, err
		}
		a.depth = func(context.Context) int {
			if h := last.Load(); h != nil {
				return h.Depth()
			}
			return 0
		}
	}), []string{"ContextGoesDeeper", "ContextOfAnEndedHoldDoesNotGoDeeper"}},
	{"Depth is always 0", altering(func(_ Locker, a *altered) { a.depth = func(context.Context) int { return 0 } }),
		[]string{"ContextGoesDeeper", "ContextOfAnotherFileDoesNotGoDeeper", "DoHoldsWhileTheFunctionRuns", "SharedOwnershipGoesDeeperForEverybody"}},
	{"TryAcquire always succeeds", altering(func(_ Locker, a *altered) {
		a.try = func(ctx context.Context, _ ...lock.Option) (*lock.Hold, error) { return a.acquireApart(ctx) }
	}), []string{"TryAcquireTakesAFreeLock", "TryAcquireDoesNotWait", "ContextGoesDeeper", "LevelsCanBeReleasedInAnyOrder",
		"PlainContextDoesNotGoDeeper", "ContextOfAnEndedHoldDoesNotGoDeeper", "SecondReleaseFails", "SecondReleaseOfALevelFails", "ContextDescendsFromTheCallers",
		"DoHoldsWhileTheFunctionRuns", "TwoLocksOnOnePathExcludeEachOther", "TwoProcessesExcludeEachOther", "WaitersAreServedFirstInFirstOut",
		"WaitForOneselfIsRefused", "HoldOutlivesClose", "SharedOwnershipExcludesOthers", "OnAcquiredIsCalledWithTheLockHeld",
		"OptionsOfALockAreRefusedByAcquire"}},
	{"TryAcquire never succeeds", altering(func(l Locker, a *altered) {
		a.try = func(context.Context, ...lock.Option) (*lock.Hold, error) {
			return nil, &lock.TimeoutError{Path: l.Path()}
		}
	}), []string{"TryAcquireTakesAFreeLock", "ContextGoesDeeper", "ReleaseAllEndsEveryLevel", "TwoProcessesExcludeEachOther", "ReleaseAllEndsEveryShare", "OnAcquiredCanRefuse",
		"PanicOfOnAcquiredReleases", "DroppedHoldIsReleased"}},
	{"TryAcquire waits", altering(func(l Locker, a *altered) { a.try = l.Acquire }), []string{"TryAcquireDoesNotWait"}},
	{"the options of calls are forgotten", altering(func(l Locker, a *altered) {
		a.acquire = func(ctx context.Context, _ ...lock.Option) (*lock.Hold, error) { return l.Acquire(ctx) }
		a.try = func(ctx context.Context, _ ...lock.Option) (*lock.Hold, error) { return l.TryAcquire(ctx) }
	}), []string{"TimeoutOfTheCallReplacesThatOfTheLock", "NoWaitBeatsTimeout", "CancelWhenEndsTheWait", "CancelWhenIsNotAskedAfterTheLockIsHeld",
		"BoundedWaitForOneselfTimesOut", "OptionsOfALockAreRefusedByAcquire"}},
	{"a context that ends is ignored", altering(func(l Locker, a *altered) {
		over, cancel := context.WithTimeout(context.Background(), 4*little) // so that nothing waits for ever
		a.acquire = func(ctx context.Context, opts ...lock.Option) (*lock.Hold, error) {
			return l.Acquire(unended{over, ctx}, opts...)
		}
		a.try = func(ctx context.Context, opts ...lock.Option) (*lock.Hold, error) {
			return l.TryAcquire(unended{over, ctx}, opts...)
		}
		a.close = func() error { cancel(); return l.Close() }
	}), []string{"DeadlineEndsTheWait", "CancelEndsTheWait", "CancelInTheQueueEndsTheWait", "CauseNeedNotBeComparable", "EndedContextTakesNothing",
		"ContextDescendsFromTheCallers", "WaiterThatGivesUpLeavesTheOrderAsItIs", "ExpiredContextDoesNotGoDeeper"}},
	{"the holds in a context are not seen", altering(func(l Locker, a *altered) {
		a.acquire = func(ctx context.Context, opts ...lock.Option) (*lock.Hold, error) {
			return l.Acquire(valueless{ctx}, opts...)
		}
	}), []string{"ContextGoesDeeper", "LevelsCanBeReleasedInAnyOrder", "ReleaseAllEndsEveryLevel", "ContextDescendsFromTheCallers", "WaitForOneselfIsRefused"}},
	{"every wait for oneself is refused", func(f Fixture) Fixture {
		return altering(func(l Locker, a *altered) {
			a.acquire = func(ctx context.Context, _ ...lock.Option) (*lock.Hold, error) { return l.Acquire(unbounded{ctx}) }
		})(adding(lock.Timeout(-1))(f))
	}, []string{"BoundedWaitForOneselfTimesOut", "BoundedWaitForOneselfCanEndWell"}},
	{"Acquire goes two levels deep", altering(func(l Locker, a *altered) {
		var kept sync.Map // so that no hold is taken for dropped
		a.acquire = func(ctx context.Context, opts ...lock.Option) (*lock.Hold, error) {
			outer, err := l.Acquire(ctx, opts...)
			if err != nil {
				return nil, err
			}
			kept.Store(outer, nil)
			return l.Acquire(outer.Context(), opts...)
		}
	}), []string{"AcquireTakesAFreeLock", "WaiterGetsInAfterRelease", "SecondReleaseFails", "ContextEndsOnRelease", "DoReturnsTheErrorOfTheFunction",
		"DoReleasesOnPanic", "TwoLocksOnOnePathExcludeEachOther", "HoldOutlivesClose", "ObserverIsTold"}},
	{"Acquire from inside returns the hold that is there", altering(func(l Locker, a *altered) {
		var last atomic.Pointer[lock.Hold]
		a.acquire = func(ctx context.Context, opts ...lock.Option) (*lock.Hold, error) {
			if l.Depth(ctx) > 0 {
				return last.Load(), nil
			}
			h, err := l.Acquire(ctx, opts...)
			last.Store(h)
			return h, err
		}
	}), []string{"ContextGoesDeeper", "LevelsCanBeReleasedInAnyOrder", "SecondReleaseOfALevelFails", "ObserverIsTold", "DoHoldsWhileTheFunctionRuns"}},
	{"levels have nothing to do with each other", altering(func(l Locker, a *altered) {
		a.acquire = func(ctx context.Context, opts ...lock.Option) (*lock.Hold, error) {
			if l.Depth(ctx) > 0 {
				return a.acquireApart(context.WithoutCancel(ctx), lock.Lifetime(time.Hour))
			}
			return l.Acquire(ctx, opts...)
		}
	}), []string{"ContextGoesDeeper", "LevelsCanBeReleasedInAnyOrder", "ReleaseAllEndsEveryLevel", "ContextOfALevelEndsWithTheHold", "DoReportsAHoldThatEndedEarly",
		"ReleaseAllEndsEveryShare", "TokensGrow", "InnerLevelsExpireWithTheHold"}},
	{"the last waiter is served first", altering(func(l Locker, a *altered) { a.acquire = new(stack).over(l) }),
		[]string{"WaitersAreServedFirstInFirstOut", "WaiterThatGivesUpLeavesTheOrderAsItIs", "WaitersOfTwoLocksOnOnePathShareAQueue"}},
	{"Close does nothing", altering(func(_ Locker, a *altered) { a.close = func() error { return nil } }),
		[]string{"ClosedLockCannotBeAcquired", "SingletonIsClosedByItsLastUser"}},
	{"Close cannot be repeated", altering(func(l Locker, a *altered) {
		var closed atomic.Bool
		a.close = func() error {
			if closed.Swap(true) {
				return lock.ErrClosed
			}
			return l.Close()
		}
	}), []string{"ClosedLockCannotBeAcquired"}},
	{"Close counts for two users", altering(func(l Locker, a *altered) {
		a.close = func() error { return errors.Join(l.Close(), l.Close()) }
	}), []string{"SingletonIsClosedByItsLastUser"}},
	{"Close ends holds and waits", altering(func(l Locker, a *altered) {
		var last atomic.Pointer[lock.Hold]
		var cancels sync.Map
		a.acquire = func(ctx context.Context, opts ...lock.Option) (*lock.Hold, error) {
			ctx, cancel := context.WithCancel(ctx)
			cancels.Store(ctx, cancel)
			h, err := l.Acquire(ctx, opts...)
			last.Store(h)
			return h, err
		}
		a.close = func() error {
			cancels.Range(func(_, cancel any) bool { cancel.(context.CancelFunc)(); return true })
			if h := last.Load(); h != nil {
				h.ReleaseAll()
			}
			return l.Close()
		}
	}), []string{"HoldOutlivesClose", "WaiterOutlivesClose"}},
	{"errors cannot be told apart", failing(func(err error) error {
		if err == nil {
			return nil
		}
		return errors.New(err.Error())
	}), []string{"TryAcquireDoesNotWait", "ZeroTimeoutIsOneAttempt", "TimeoutEndsTheWait", "NoWaitBeatsTimeout", "DeadlineEndsTheWait", "CancelEndsTheWait",
		"CancelInTheQueueEndsTheWait", "CauseNeedNotBeComparable", "EndedContextTakesNothing", "CancelWhenEndsTheWait", "DoDoesNotRunWithoutTheLock",
		"WaitForOneselfIsRefused", "BoundedWaitForOneselfTimesOut", "ClosedLockCannotBeAcquired", "OnAcquiredCanRefuse", "OptionsOfALockAreRefusedByAcquire"}},
	{"every failure is a timeout", failing(func(err error) error {
		if err == nil {
			return nil
		}
		return fmt.Errorf("%w: %w", lock.ErrTimeout, err)
	}), []string{"CancelEndsTheWait", "CancelWhenEndsTheWait", "ObserverIsToldOfFailures"}},
	{"a timeout is a deadline of the context", failing(func(err error) error {
		if errors.Is(err, lock.ErrTimeout) {
			return fmt.Errorf("%w: %w", context.DeadlineExceeded, err)
		}
		return err
	}), []string{"TimeoutEndsTheWait", "ObserverIsToldOfFailures"}},
	{"an acquisition that panics keeps the lock", altering(func(l Locker, a *altered) {
		var kept atomic.Pointer[lock.Hold] // so that it is not taken for dropped
		a.acquire = func(ctx context.Context, opts ...lock.Option) (*lock.Hold, error) {
			returned := false
			defer func() {
				if other, err := a.another(a.Path()); err == nil && !returned {
					h, _ := other.TryAcquire(ctx)
					kept.Store(h)
				}
			}()
			h, err := l.Acquire(ctx, opts...)
			returned = true
			return h, err
		}
	}), []string{"PanicOfTheObserverTakesNothing"}},
	{"a hold is dropped with every acquisition", altering(func(l Locker, a *altered) {
		a.acquire = func(ctx context.Context, opts ...lock.Option) (*lock.Hold, error) {
			if err := a.litter(ctx); err != nil {
				return nil, err
			}
			return l.Acquire(ctx, opts...)
		}
	}), []string{"HoldThatIsReleasedIsNotDropped"}},
}

// litter takes a lock, forgets the hold and returns when this was noticed.
func (a *altered) litter(ctx context.Context) error {
	l, err := a.another(apart(a.Path()))
	if err != nil {
		return err
	}
	if _, err := l.Acquire(ctx); err != nil {
		return err
	}
	for l.HeldHere() && ctx.Err() == nil {
		runtime.GC()
		runtime.Gosched()
	}
	return l.Close()
}

// stack serves the last waiter first: whoever gets a hold from the lock gives it to whoever came last.
type stack struct {
	mu      sync.Mutex
	waiting []chan served
}

type served struct {
	hold *lock.Hold
	err  error
}

func (s *stack) over(l Locker) func(context.Context, ...lock.Option) (*lock.Hold, error) {
	return func(ctx context.Context, opts ...lock.Option) (*lock.Hold, error) {
		mine := make(chan served, 1)
		s.mu.Lock()
		s.waiting = append(s.waiting, mine)
		s.mu.Unlock()
		go func() { // ends with the acquisition
			h, err := l.Acquire(ctx, opts...)
			s.mu.Lock()
			defer s.mu.Unlock()
			i := len(s.waiting) - 1
			if err != nil {
				i = max(slices.Index(s.waiting, mine), 0)
			}
			s.waiting[i] <- served{h, err}
			s.waiting = slices.Delete(s.waiting, i, i+1)
		}()
		got := <-mine
		return got.hold, got.err
	}
}
