package scenario

import (
	"context"
	"errors"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/lock"
	"github.com/holdfast-lock/holdfast/sim/scenario/property"
)

// result is what came of a step.
type result struct {
	outcome Outcome
	err     error
	token   uint64
	depth   int
	took    time.Duration
	calls   int
}

// outcomeOf says in the words of the language what an error means.
func outcomeOf(err error) Outcome {
	switch {
	case err == nil:
		return OK
	case errors.Is(err, lock.ErrChanged):
		return Changed
	case errors.Is(err, lock.ErrDeadlock):
		return Deadlock
	case errors.Is(err, lock.ErrNotHeld):
		return NotHeld
	case errors.Is(err, lock.ErrLost):
		return Expired
	case errors.Is(err, lock.ErrTimeout), errors.Is(err, context.DeadlineExceeded):
		return Timeout
	case errors.Is(err, context.Canceled), errors.Is(err, lock.ErrCanceled):
		return Canceled
	case errors.Is(err, lock.ErrClosed):
		return Closed
	case errors.Is(err, lock.ErrSettings):
		return Settings
	case errors.Is(err, fs.ErrNoLocks):
		return Unsupported
	}
	return Failed
}

// propertyResult says the same in the words of the properties.
func propertyResult(o Outcome) property.Result {
	switch o {
	case OK:
		return property.OK
	case Timeout:
		return property.TimedOut
	case Canceled:
		return property.Canceled
	case Deadlock:
		return property.Deadlock
	case Expired:
		return property.Expired
	case NotHeld:
		return property.NotHeld
	case Closed:
		return property.Closed
	case Settings:
		return property.Settings
	case Changed:
		return property.Changed
	}
	return property.Error
}
