package fstest

import (
	"context"
	"math"

	"github.com/holdfast-lock/holdfast/fs"
)

// waits is a fault of WaitLock on top of a WaitLock that is sound.
func waits(wait func(f fs.File, ctx context.Context, r fs.Region, m fs.LockMode) (bool, error)) func(fs.Host) fs.Host {
	return locking(func(f fs.File, l *locks) {
		l.waitLock = func(ctx context.Context, r fs.Region, m fs.LockMode) (bool, error) { return wait(f, ctx, r, m) }
	})
}

var waitFaults = []fault{
	{"WaitLock says that it holds what it does not", waits(func(fs.File, context.Context, fs.Region, fs.LockMode) (bool, error) { return true, nil }),
		ofBoth("WaitLockTakesAFreeLock", "WaitLockWaitsForTheHolder", "WaitLockLetsManyWaitersInOneByOne", "WaitLockLetsSharedWaitersInTogether",
			"WaitLockThatEndsLeavesOthersWaiting", "WaitLockWakesWhenTheHolderCloses", "WaitLockNeedsNoDeadline")},
	{"WaitLock takes the lock in shared mode", waits(func(f fs.File, ctx context.Context, r fs.Region, _ fs.LockMode) (bool, error) {
		return f.WaitLock(ctx, r, fs.LockShared)
	}), ofBoth("WaitLockTakesAFreeLock", "WaitLockWaitsForTheHolder", "WaitLockLetsManyWaitersInOneByOne")},
	{"WaitLock takes the lock in exclusive mode", waits(func(f fs.File, ctx context.Context, r fs.Region, _ fs.LockMode) (bool, error) {
		return f.WaitLock(ctx, r, fs.LockExclusive)
	}), ofBoth("WaitLockTakesAFreeLock", "WaitLockWaitsForTheHolder", "WaitLockLetsSharedWaitersInTogether")},
	{"WaitLock fails without a deadline", waits(func(f fs.File, ctx context.Context, r fs.Region, m fs.LockMode) (bool, error) {
		if _, ok := ctx.Deadline(); !ok {
			return false, context.DeadlineExceeded
		}
		return f.WaitLock(ctx, r, m)
	}), ofBoth("WaitLockNeedsNoDeadline")},
	{"WaitLock ends without the cause", waits(func(f fs.File, ctx context.Context, r fs.Region, m fs.LockMode) (bool, error) {
		held, err := f.WaitLock(ctx, r, m)
		if err != nil && ctx.Err() != nil {
			err = ctx.Err()
		}
		return held, err
	}), ofBoth("WaitLockEndsWithItsContext", "WaitLockThatEndsLeavesOthersWaiting")},
	{"WaitLock fails and holds the lock when its context ends", waits(func(f fs.File, ctx context.Context, r fs.Region, m fs.LockMode) (bool, error) {
		held, err := f.WaitLock(context.WithoutCancel(ctx), r, m)
		if ctx.Err() != nil {
			return false, context.Cause(ctx)
		}
		return held, err
	}), ofBoth("WaitLockWithAnEndedContextHoldsOrFails", "WaitLockThatEndsWhileGrantedHoldsOrFails")},
	{"WaitLock fails and says that it holds the lock when its context ends", waits(func(f fs.File, ctx context.Context, r fs.Region, m fs.LockMode) (bool, error) {
		held, err := f.WaitLock(ctx, r, m)
		return held || err != nil, err
	}), ofBoth("WaitLockEndsWithItsContext")},
	{"a wait that ends is a wait that holds", waits(func(f fs.File, ctx context.Context, r fs.Region, m fs.LockMode) (bool, error) {
		held, err := f.WaitLock(ctx, r, m)
		if ctx.Err() != nil {
			return true, nil
		}
		return held, err
	}), ofBoth("WaitLockEndsWithItsContext", "WaitLockThatEndsLeavesOthersWaiting")},
	{"WaitLock does not see that the holder closed", func(h fs.Host) fs.Host {
		return locking(func(_ fs.File, l *locks) { l.close = func() error { return nil } })(h)
	}, ofBoth("WaitLockWakesWhenTheHolderCloses")},
	{"WaitLock waits for the whole file when it is to wait for a range", waits(func(f fs.File, ctx context.Context, r fs.Region, m fs.LockMode) (bool, error) {
		if r != fs.Whole {
			r = fs.Region{Length: math.MaxInt64}
		}
		return f.WaitLock(ctx, r, m)
	}), []string{"WaitLockLocksTheRangeOnly"}},
}
