//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package aferofs

import (
	"os"
	"syscall"
	"time"
)

// setTimes sets the times of an open file, in microseconds.
func setTimes(f *os.File, atime, mtime time.Time) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	times := []syscall.Timeval{syscall.NsecToTimeval(atime.UnixNano()), syscall.NsecToTimeval(mtime.UnixNano())}
	var callErr error
	err = conn.Control(func(fd uintptr) { callErr = syscall.Futimes(int(fd), times) })
	if err != nil {
		return err
	}
	return callErr
}
