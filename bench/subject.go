package bench

import (
	"context"
	"fmt"
	"os"

	"github.com/holdfast-lock/holdfast/bench/contend"
	"github.com/holdfast-lock/holdfast/bench/worker"
	"github.com/holdfast-lock/holdfast/lock"
)

// Cancelable is a lock whose wait can be ended.
type Cancelable interface {
	contend.Lock
	// LockContext is Lock until ctx ends.
	LockContext(ctx context.Context) error
}

// Tasks are what a program must be able to do so that its locks can be measured.
func Tasks(subjects contend.Subjects) worker.Tasks {
	return worker.Tasks{
		listTask:         worker.For(func(struct{}, func()) ([]listed, error) { return list(subjects) }),
		contend.TaskName: contend.Task(subjects),
		uncontendedTask:  uncontended(subjects),
		goroutinesTask:   goroutines(subjects),
		cancelTask:       cancellation(subjects),
		reentrantTask:    worker.For(reentrant),
	}
}

const listTask = "list"

// listed is what a program says of a subject.
type listed struct {
	Name       string
	Cancelable bool
}

func list(subjects contend.Subjects) ([]listed, error) {
	var all []listed
	for _, s := range subjects {
		l, err := s.Open(os.DevNull)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.Name, err)
		}
		_, cancelable := l.(Cancelable)
		all = append(all, listed{s.Name, cancelable})
	}
	return all, nil
}

// holdfastName is the subject that everything else is compared with.
const holdfastName = "holdfast"

// Subjects are the locks of this module, and the system calls that they are made of.
func Subjects() contend.Subjects {
	return append(contend.Subjects{{Name: holdfastName, Open: func(path string) (contend.Lock, error) {
		l, err := lock.New(path)
		return &native{lock: l}, err
	}}}, raw...)
}

type native struct {
	lock *lock.Lock
	hold *lock.Hold
}

func (n *native) Lock() error { return n.LockContext(context.Background()) }

func (n *native) LockContext(ctx context.Context) (err error) {
	n.hold, err = n.lock.Acquire(ctx)
	return err
}

func (n *native) Unlock() error { return n.hold.Release() }
