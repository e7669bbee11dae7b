package osfs

import "golang.org/x/sys/unix"

// Yield calls sched_yield(2). It does not say so to the runtime: to the rest of the process it is as if the kernel had given the processor to somebody else, as it may at any time.
func (h *Host) Yield() { unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0) }
