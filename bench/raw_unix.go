//go:build unix

package bench

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/holdfast-lock/holdfast/bench/contend"
)

// The system calls, on a descriptor that is kept open.
const (
	rawName     = "flock(2)"
	rawSafeName = "flock(2)+fstat+stat" // what a lock needs that survives a lock file which is deleted or replaced
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
