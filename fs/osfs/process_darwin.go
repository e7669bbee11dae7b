package osfs

import "golang.org/x/sys/unix"

// bootID is not made of kern.boottime, which moves when the wall clock is set.
func bootID() (string, error) { return unix.Sysctl("kern.bootsessionuuid") }

// startOf returns the start time in microseconds since 1970, as it was written down at the start.
func startOf(pid int) (uint64, error) {
	p, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err == nil && int(p.Proc.P_pid) != pid {
		err = unix.ESRCH
	}
	if err != nil {
		return 0, err
	}
	start := p.Proc.P_starttime
	return uint64(start.Sec)*1e6 + uint64(start.Usec), nil
}

// zombie is the P_stat of a process that has exited and waits to be reaped: SZOMB of sys/proc.h.
const zombie = 5

func processExists(pid int) (exists, known bool) {
	if err := unix.Kill(pid, 0); err == unix.ESRCH {
		return false, true
	}
	if p, err := unix.SysctlKinfoProc("kern.proc.pid", pid); err == nil && p.Proc.P_stat == zombie {
		return false, true // it holds nothing any more
	}
	return true, true
}
