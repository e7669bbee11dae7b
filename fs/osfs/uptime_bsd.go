//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package osfs

import (
	"time"

	"golang.org/x/sys/unix"
)

// Uptime reads a clock of the kernel that is the same for all processes of a boot. On FreeBSD, NetBSD and DragonFly it may stand still while the machine is
// suspended, for all of them alike.
func (h *Host) Uptime() (time.Duration, error) {
	var ts unix.Timespec
	if err := unix.ClockGettime(uptimeClock, &ts); err != nil {
		return 0, err
	}
	return time.Duration(ts.Nano()), nil
}
