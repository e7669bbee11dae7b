package bench

import (
	"context"
	"fmt"
	"os"

	"github.com/holdfast-lock/holdfast/bench/contend"
	"github.com/holdfast-lock/holdfast/bench/worker"
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
		holdTask:         hold(subjects),
		idleTask:         idle(subjects),
		cancelTask:       cancellation(subjects),
	}
}

const listTask = "list"

// listed is what a program says of a subject.
type listed struct {
	Name       string
	Cancelable bool
	Endures    bool
}

func list(subjects contend.Subjects) ([]listed, error) {
	var all []listed
	for _, s := range subjects {
		l, err := s.Open(os.DevNull)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.Name, err)
		}
		_, cancelable := l.(Cancelable)
		all = append(all, listed{s.Name, cancelable, s.Endures})
	}
	return all, nil
}

// subjectArgs say which lock.
type subjectArgs struct {
	Subject string
	Path    string
}

func (a subjectArgs) open(subjects contend.Subjects) (contend.Lock, error) {
	s, err := subjects.Find(a.Subject)
	if err != nil {
		return nil, err
	}
	return s.Open(a.Path)
}

const holdTask = "hold"

// hold has the lock when it is ready, and releases it when it goes on.
func hold(subjects contend.Subjects) worker.Task {
	return worker.For(func(a subjectArgs, ready func()) (struct{}, error) {
		l, err := a.open(subjects)
		if err != nil {
			return struct{}{}, err
		}
		if err := l.Lock(); err != nil {
			return struct{}{}, err
		}
		ready()
		return struct{}{}, l.Unlock()
	})
}
