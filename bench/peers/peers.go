package main

import (
	"context"
	"errors"
	"time"

	"github.com/alexflint/go-filemutex"
	"github.com/gofrs/flock"
	"github.com/rogpeppe/go-internal/lockedfile"

	"github.com/holdfast-lock/holdfast/bench/contend"
)

// Each is used as its documentation says, one object for each contender: a shared object of gofrs/flock or go-filemutex does not exclude the goroutines that share it.
var peers = contend.Subjects{
	{Name: "gofrs/flock", Open: func(path string) (contend.Lock, error) {
		return gofrs{flock.New(path)}, nil
	}},
	{Name: "gofrs/flock, polling 10ms", Open: func(path string) (contend.Lock, error) {
		return polling{flock.New(path)}, nil
	}},
	{Name: "lockedfile", Open: func(path string) (contend.Lock, error) {
		return &lockedFile{mutex: lockedfile.MutexAt(path)}, nil
	}},
	{Name: "go-filemutex", Open: func(path string) (contend.Lock, error) {
		m, err := filemutex.New(path)
		return m, err
	}},
}

type gofrs struct{ *flock.Flock }

func (g gofrs) Lock() error { return g.Flock.Lock() }

// polling is what gofrs/flock offers to those who want to stop waiting.
type polling struct{ *flock.Flock }

var errNoLock = errors.New("neither lock nor error")

func (p polling) Lock() error { return p.LockContext(context.Background()) }

func (p polling) LockContext(ctx context.Context) error {
	ok, err := p.TryLockContext(ctx, 10*time.Millisecond)
	if err == nil && !ok {
		err = errNoLock
	}
	return err
}

type lockedFile struct {
	mutex  *lockedfile.Mutex
	unlock func()
}

func (l *lockedFile) Lock() (err error) {
	l.unlock, err = l.mutex.Lock()
	return err
}

func (l *lockedFile) Unlock() error {
	l.unlock()
	return nil
}
