package osfs

import (
	"encoding/hex"

	"golang.org/x/sys/unix"
)

// bootID returns what the kernel drew at random when it started; FreeBSD 12 and older did not. It is not made of kern.boottime, which moves when
// the wall clock is set.
func bootID() (string, error) {
	id, err := unix.SysctlRaw("kern.boot_id")
	if err == unix.ENOENT {
		err = nil
	}
	return hex.EncodeToString(id), err
}

// startOf: the kernel keeps the start relative to kern.boottime, so that what it says of it moves when the wall clock is set.
func startOf(int) (uint64, error) { return 0, nil }

func processExists(pid int) (exists, known bool) {
	if err := unix.Kill(pid, 0); err == unix.ESRCH {
		return false, seesEveryProcess()
	}
	return true, true
}

// seesEveryProcess reports whether a process that this one cannot find does not exist. A jail hides those outside of it, and an administrator can hide
// those of other users and groups.
func seesEveryProcess() bool {
	if jailed, err := unix.SysctlUint32("security.jail.jailed"); err != nil || jailed != 0 {
		return false
	}
	if unix.Geteuid() == 0 {
		return true
	}
	for _, name := range []string{"security.bsd.see_other_uids", "security.bsd.see_other_gids"} {
		if sees, err := unix.SysctlUint32(name); err != nil || sees == 0 {
			return false
		}
	}
	return true
}
