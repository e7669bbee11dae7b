package osfs

import (
	"os"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ownPID holds the process's number in memory that the kernel clears in a copy of the process made by fork. Reading it costs a load, where the system call would
// be a twentieth of an acquisition. It is nil where the kernel cannot do that (before Linux 4.14).
var ownPID = wipedOnFork()

func wipedOnFork() *atomic.Int64 {
	page, err := unix.Mmap(-1, 0, os.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return nil
	}
	if unix.Madvise(page, unix.MADV_WIPEONFORK) != nil {
		unix.Munmap(page)
		return nil
	}
	return (*atomic.Int64)(unsafe.Pointer(&page[0]))
}

func getpid() int {
	if ownPID == nil {
		return os.Getpid()
	}
	pid := ownPID.Load()
	if pid == 0 {
		pid = int64(os.Getpid())
		ownPID.Store(pid)
	}
	return int(pid)
}
