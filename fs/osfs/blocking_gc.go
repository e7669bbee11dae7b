//go:build linux && gc && go1.26 && !go1.28

package osfs

import (
	_ "unsafe" // for go:linkname

	"golang.org/x/sys/unix"
)

// The runtime takes an ordinary system call for a short one: the thread keeps its place among GOMAXPROCS for up to 10 ms, and meanwhile the runtime's monitor thread
// wakes up every few dozen microseconds to look after it. A process that waits in flock(2) this way uses about 1.5 times the CPU time per acquisition. The runtime
// exports the call that announces a blocking system call for those who know that theirs is one (go.dev/issue/67401); it is used for the Go versions that it was tried with.

//go:linkname entersyscallblock runtime.entersyscallblock
func entersyscallblock()

//go:linkname exitsyscall runtime.exitsyscall
func exitsyscall()

// blockingSyscall makes a system call that is expected to block.
//
//go:nosplit
//go:norace
//go:uintptrescapes
func blockingSyscall(trap, a1, a2 uintptr) unix.Errno {
	entersyscallblock()
	_, _, errno := unix.RawSyscall(trap, a1, a2, 0)
	exitsyscall()
	return errno
}
