//go:build linux

package main

import (
	"os"
	"testing"

	"github.com/holdfast-lock/holdfast/cmd/holdfast/internal/kind"
	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/lock"
)

// roleVariable makes the test binary, when it runs itself, the command under test, or a program that the command runs.
const roleVariable = "HOLDFAST_TEST_ROLE"

func TestMain(m *testing.M) {
	switch {
	case os.Getenv(roleVariable) == "":
		os.Exit(m.Run())
	case len(os.Args) > 1 && os.Args[1] == puppetName:
		os.Exit(puppet(os.Args[2:]))
	}
	os.Exit(execute(os.Args[1:], append(kind.All, unusualKinds...))) // through the race detector, which makes it 66 if it has found something
}

// unusualKinds are locks in a state that the native one does not get into on the machines where tests run.
var unusualKinds = kind.Table{
	{Name: "other-settings", Open: func(path string, _ ...lock.Option) (kind.Lock, error) {
		return nil, &lock.SettingsError{Path: path, Differences: []lock.Difference{{Option: "Lifetime", Have: "1s", Want: "2s"}}}
	}},
	{Name: "no-locks", Open: func(path string, opts ...lock.Option) (kind.Lock, error) {
		refuse := lock.OnAcquired(func(fs.File) error { return &lock.UnsupportedError{Path: path, Volume: "nfs", Err: fs.ErrNoLocks} })
		return lock.New(path, append(opts, refuse)...)
	}},
	{Name: "unseen", Open: func(path string, opts ...lock.Option) (kind.Lock, error) {
		l, err := lock.New(path, opts...)
		return unseenLock{l}, err
	}},
}

// unseenLock is a lock on a system that does not list locks.
type unseenLock struct{ *lock.Lock }

func (l unseenLock) Status() (lock.Status, error) { return lock.Status{Path: l.Path()}, nil }
