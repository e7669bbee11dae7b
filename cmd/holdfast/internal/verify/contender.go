package verify

import (
	"context"
	"errors"

	"github.com/holdfast-lock/holdfast/bench/contend"
	"github.com/holdfast-lock/holdfast/bench/worker"
	"github.com/holdfast-lock/holdfast/cmd/holdfast/internal/kind"
	"github.com/holdfast-lock/holdfast/lock"
)

// Tasks are what a contending process must be able to do. Holds of the kinds end by themselves if expiring is set, and are looked after.
func Tasks(kinds kind.Table, expiring bool) worker.Tasks {
	var subjects contend.Subjects
	for _, k := range kinds {
		subjects = append(subjects, contend.Subject{Name: k.Name, Open: func(path string) (contend.Lock, error) {
			l, err := k.Open(path)
			if err != nil {
				return nil, err
			}
			c := contender{lock: l}
			if expiring {
				return &expiringContender{c}, nil
			}
			return &c, nil
		}})
	}
	return worker.Tasks{contend.TaskName: contend.Task(subjects)}
}

// contender is a lock of some kind as the harness uses it.
type contender struct {
	lock kind.Lock
	hold *lock.Hold
}

func (c *contender) Lock() (err error) {
	c.hold, err = c.lock.Acquire(context.Background())
	return err
}

func (c *contender) Unlock() error { return c.hold.Release() }

// Token returns 0 without fencing.
func (c *contender) Token() uint64 { return c.hold.Token() }

// expiringContender is one whose hold can end by itself.
type expiringContender struct{ contender }

func (c *expiringContender) Lost() error { return c.hold.Lost() }

// Unlock succeeds also if the hold was lost after the last look: it is not held any more.
func (c *expiringContender) Unlock() error {
	if err := c.contender.Unlock(); !errors.Is(err, lock.ErrLost) {
		return err
	}
	return nil
}
