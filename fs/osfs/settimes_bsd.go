//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package osfs

import (
	"time"

	"golang.org/x/sys/unix"
)

// setTimes sets the times to the microsecond. Now is by this machine's clock.
func setTimes(fd int, atime, mtime time.Time) error {
	return unix.Futimes(fd, []unix.Timeval{timeval(atime), timeval(mtime)})
}

func timeval(t time.Time) unix.Timeval {
	if t.IsZero() {
		t = time.Now()
	}
	return unix.NsecToTimeval(t.UnixNano())
}
