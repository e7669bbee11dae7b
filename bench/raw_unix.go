//go:build unix

package bench

import (
	"context"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/holdfast-lock/holdfast/bench/contend"
	"github.com/holdfast-lock/holdfast/fs/osfs"
)

// The system calls, on a descriptor that is kept open.
const (
	rawName     = "flock(2)"
	rawSafeName = "flock(2)+fstat+stat" // what a lock needs that survives a lock file which is deleted or replaced
	rawFairName = "flock(2)+pause"      // what fairness costs at least if nobody knows whether others wait
)

var raw = contend.Subjects{
	{Name: rawName, Open: func(path string) (contend.Lock, error) {
		fd, err := openRaw(path)
		return rawLock(fd), err
	}},
	{Name: rawSafeName, Open: func(path string) (contend.Lock, error) {
		fd, err := openRaw(path)
		return &rawSafeLock{rawLock(fd), path}, err
	}},
	{Name: rawFairName, Open: func(path string) (contend.Lock, error) {
		fd, err := openRaw(path)
		return rawFairLock{rawLock(fd)}, err
	}},
}

// rawFairLock leaves the lock to others for a moment, each time.
type rawFairLock struct{ rawLock }

func (l rawFairLock) Unlock() error {
	err := l.rawLock.Unlock()
	osfs.Default().Sleep(context.Background(), 100*time.Microsecond) // where time.Sleep may take a millisecond
	return err
}

func openRaw(path string) (int, error) {
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CREAT|unix.O_CLOEXEC, 0o600)
	return fd, os.NewSyscallError("open", err)
}

type rawLock int

func (l rawLock) Lock() error {
	for {
		if err := unix.Flock(int(l), unix.LOCK_EX); err != unix.EINTR {
			return os.NewSyscallError("flock", err)
		}
	}
}

func (l rawLock) Unlock() error { return os.NewSyscallError("flock", unix.Flock(int(l), unix.LOCK_UN)) }

type rawSafeLock struct {
	rawLock
	path string
}

func (l *rawSafeLock) Lock() error {
	if err := l.rawLock.Lock(); err != nil {
		return err
	}
	var open, named unix.Stat_t
	if err := unix.Fstat(int(l.rawLock), &open); err != nil {
		return os.NewSyscallError("fstat", err)
	}
	if err := unix.Stat(l.path, &named); err != nil {
		return os.NewSyscallError("stat", err)
	}
	if open.Dev != named.Dev || open.Ino != named.Ino {
		return unix.ESTALE
	}
	return nil
}
