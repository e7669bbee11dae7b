package lock_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/fs/osfs"
	"github.com/holdfast-lock/holdfast/lock"
)

// copiedHost is a host as a copy of the process would see it, made by a fork that Go itself has no way to make.
type copiedHost struct {
	fs.Host
	pid int
}

func (h *copiedHost) PID() int { return h.pid }

func TestReleaseInACopyOfTheProcessIsRefused(t *testing.T) {
	host := &copiedHost{Host: osfs.Default(), pid: osfs.Default().PID()}
	path := filepath.Join(t.TempDir(), "work.lock")
	l, err := lock.New(path, lock.Host(host))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	h, err := l.Acquire(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	other, err := lock.New(path, lock.Host(osfs.New()))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()

	host.pid++
	for _, release := range []func() error{h.Release, h.ReleaseAll} {
		if err := release(); !errors.Is(err, lock.ErrOtherProcess) {
			t.Errorf("releasing in the copy: %v", err)
		}
	}
	if _, err := other.TryAcquire(context.Background()); !errors.Is(err, lock.ErrTimeout) {
		t.Errorf("trying while the original holds the lock: %v", err)
	}
	host.pid--
	if err := h.Release(); err != nil {
		t.Errorf("releasing in the original: %v", err)
	}
	h, err = other.TryAcquire(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Release(); err != nil {
		t.Error(err)
	}
}
