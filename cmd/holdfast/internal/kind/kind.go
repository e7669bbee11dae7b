// Package kind is the table of lock kinds that the command line offers.
package kind

import (
	"fmt"
	"strings"

	"github.com/holdfast-lock/holdfast/lock"
)

// Lock is what the commands ask of a lock, whatever its kind.
type Lock interface {
	lock.Locker
	Path() string
	Status() (lock.Status, error)
	Close() error
}

// Kind is one kind of lock.
type Kind struct {
	Name string
	Open func(path string, opts ...lock.Option) (Lock, error)
	// Renewed: holds end unless they are renewed, so that they have no Lifetime but a LeaseDuration.
	Renewed bool
	// Endures: a hold outlasts its process, and nobody takes over.
	Endures bool
}

// Table is the kinds to choose from; the first one is the default.
type Table []Kind

// All is every kind there is.
var All = append(Table{{Name: "native", Open: opener(lock.New)}}, soft...)

// opener keeps a nil pointer from becoming a Lock that is not nil.
func opener[L Lock](open func(string, ...lock.Option) (L, error)) func(string, ...lock.Option) (Lock, error) {
	return func(path string, opts ...lock.Option) (Lock, error) {
		l, err := open(path, opts...)
		if err != nil {
			return nil, err
		}
		return l, nil
	}
}

// Find returns the kind of that name.
func (t Table) Find(name string) (Kind, error) {
	for _, k := range t {
		if k.Name == name {
			return k, nil
		}
	}
	return Kind{}, fmt.Errorf("no lock kind %q: choose from %s", name, strings.Join(t.Names(), ", "))
}

// Names lists the kinds.
func (t Table) Names() []string {
	names := make([]string, len(t))
	for i, k := range t {
		names[i] = k.Name
	}
	return names
}
