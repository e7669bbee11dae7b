package osfs_test

import (
	"testing"

	"golang.org/x/sys/unix"

	"github.com/holdfast-lock/holdfast/fs/osfs"
)

// TestCopyOfTheProcessSeesItsOwnPID makes a copy by fork, which Go has no way to make, and in which little works: it compares two numbers and ends.
func TestCopyOfTheProcessSeesItsOwnPID(t *testing.T) {
	h := osfs.Default()
	parent := h.PID()
	if real := unix.Getpid(); parent != real {
		t.Fatalf("PID is %d, want %d", parent, real)
	}
	child, _, errno := unix.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	if errno == 0 && child == 0 {
		real, _, _ := unix.RawSyscall(unix.SYS_GETPID, 0, 0, 0)
		code := uintptr(0)
		if h.PID() != int(real) || h.PID() == parent {
			code = 1
		}
		for {
			unix.RawSyscall(unix.SYS_EXIT_GROUP, code, 0, 0)
		}
	}
	if errno != 0 {
		t.Fatal(errno)
	}
	var status unix.WaitStatus
	for {
		if _, err := unix.Wait4(int(child), &status, 0, nil); err != unix.EINTR {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	if !status.Exited() || status.ExitStatus() != 0 {
		t.Errorf("the copy saw another number than its own: %#x", status)
	}
	if h.PID() != parent {
		t.Errorf("PID is %d after the copy was made, want %d", h.PID(), parent)
	}
}
