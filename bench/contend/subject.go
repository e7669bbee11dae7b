// Package contend lets processes contend for a lock, disturbs them, and says what came of it.
package contend

import (
	"fmt"
	"slices"
)

// Lock is one contender's handle on the lock under test. It is used by one goroutine at a time.
type Lock interface {
	// Lock blocks until the lock is held.
	Lock() error
	// Unlock gives it up.
	Unlock() error
}

// Mortal is a Lock whose hold can end by itself.
type Mortal interface {
	Lock
	// Lost returns nil while the hold can be relied on.
	Lost() error
}

// Numbered is a Lock whose holds have fencing numbers.
type Numbered interface {
	Lock
	// Token returns the number of the hold.
	Token() uint64
}

// Subject is a lock under test.
type Subject struct {
	Name string
	// Open makes a contender for the lock on the file at path. The contenders of one process each have their own.
	Open func(path string) (Lock, error)
	// Endures: a hold outlasts its process, and nobody takes over.
	Endures bool
}

// Subjects are those that a program knows.
type Subjects []Subject

// Find returns the subject of that name.
func (s Subjects) Find(name string) (Subject, error) {
	i := slices.IndexFunc(s, func(one Subject) bool { return one.Name == name })
	if i < 0 {
		return Subject{}, fmt.Errorf("this program knows no lock %q", name)
	}
	return s[i], nil
}
