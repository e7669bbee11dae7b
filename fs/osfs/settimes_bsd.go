//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package osfs

import (
	"time"

	"golang.org/x/sys/unix"
)

// setTimes sets the times to the microsecond.
func setTimes(fd int, atime, mtime time.Time) error {
	return unix.Futimes(fd, []unix.Timeval{unix.NsecToTimeval(atime.UnixNano()), unix.NsecToTimeval(mtime.UnixNano())})
}
