package bench

import (
	"context"
	"strings"

	"github.com/holdfast-lock/holdfast/bench/contend"
	"github.com/holdfast-lock/holdfast/bench/worker"
	"github.com/holdfast-lock/holdfast/lock"
)

// Kind is one kind of this module's locks.
type Kind struct {
	Name string
	Open func(path string, opts ...lock.Option) (lock.Locker, error)
	// Endures: a hold outlasts its process, and nobody takes over.
	Endures bool
}

// Native is the kind that the others are measured beside.
const Native = "native"

// holdfastName is the native lock among the subjects, and what the names of the other kinds begin with.
const holdfastName = "holdfast"

// nameOf returns the name of a kind among the subjects.
func nameOf(kind string) string {
	if kind == Native {
		return holdfastName
	}
	return holdfastName + " " + kind
}

// isOurs reports whether the subject of that name is a lock of this module.
func isOurs(name string) bool {
	return name == holdfastName || strings.HasPrefix(name, holdfastName+" ")
}

// KindTasks are what a program must be able to do so that the kinds can be measured, and the system calls that they are made of.
func KindTasks(kinds []Kind) worker.Tasks {
	tasks := Tasks(subjects(kinds))
	tasks[reentrantTask] = worker.For(reentrant)
	return tasks
}

func subjects(kinds []Kind) contend.Subjects {
	var all contend.Subjects
	marked := false
	for _, k := range kinds {
		all = append(all, contend.Subject{Name: nameOf(k.Name), Endures: k.Endures, Open: func(path string) (contend.Lock, error) {
			l, err := k.Open(path)
			return &own{lock: l}, err
		}})
		marked = marked || k.Name != Native
	}
	all = append(all, raw...)
	if marked {
		all = append(all, markers...)
	}
	return all
}

// own is a lock of this module.
type own struct {
	lock lock.Locker
	hold *lock.Hold
}

func (o *own) Lock() error { return o.LockContext(context.Background()) }

func (o *own) LockContext(ctx context.Context) (err error) {
	o.hold, err = o.lock.Acquire(ctx)
	return err
}

func (o *own) Unlock() error { return o.hold.Release() }
