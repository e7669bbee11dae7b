package osfs

import "golang.org/x/sys/unix"

// bootID is not made of kern.boottime, which moves when the wall clock is set.
func bootID() string {
	id, _ := unix.Sysctl("kern.bootsessionuuid")
	return id
}

func pidNamespace() uint64 { return 0 }

// startOf returns the start time in microseconds since 1970, as it was written down at the start.
func startOf(pid int) (uint64, bool) {
	p, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil || int(p.Proc.P_pid) != pid {
		return 0, false
	}
	start := p.Proc.P_starttime
	return uint64(start.Sec)*1e6 + uint64(start.Usec), true
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
