//go:build dragonfly || netbsd || openbsd

package osfs

import "golang.org/x/sys/unix"

// bootID: there is kern.boottime, but it moves when the wall clock is set.
func bootID() (string, error) { return "", nil }

func startOf(int) (uint64, error) { return 0, nil }

func processExists(pid int) (exists, known bool) {
	if err := unix.Kill(pid, 0); err == unix.ESRCH {
		return false, absenceIsDeath
	}
	return true, true
}
