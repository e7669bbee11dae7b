package worker

import "golang.org/x/sys/unix"

// waitStopped waits until a child stands, and leaves the report of its end, if it ended instead, to whoever reaps it.
func waitStopped(pid int) error {
	for {
		if err := unix.Waitid(unix.P_PID, pid, nil, unix.WSTOPPED|unix.WEXITED|unix.WNOWAIT, nil); err != unix.EINTR {
			return err
		}
	}
}
