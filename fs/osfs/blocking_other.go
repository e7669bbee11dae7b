//go:build linux && !(gc && go1.26 && !go1.28)

package osfs

import "golang.org/x/sys/unix"

//go:uintptrescapes
func blockingSyscall(trap, a1, a2 uintptr) unix.Errno {
	_, _, errno := unix.Syscall(trap, a1, a2, 0)
	return errno
}
