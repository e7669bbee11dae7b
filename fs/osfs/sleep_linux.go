package osfs

import (
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// The runtime's timers have a granularity of a millisecond when the process is otherwise idle, and while one is overdue the runtime's monitor thread wakes up every few
// dozen microseconds. A short sleep is therefore a system call, as long as few do it at once: each occupies a thread. It is not announced as blocking: taking the thread's place among
// GOMAXPROCS away and giving it back takes longer than the runtime would need to miss it.
const (
	maxThreadSleep  = 500 * time.Microsecond
	maxThreadSleeps = 4
)

var threadSleeps atomic.Int32

// sleepOnThread sleeps for d and reports true, or reports false if the sleep is not one for a thread.
func sleepOnThread(d time.Duration) bool {
	if d > maxThreadSleep {
		return false
	}
	defer threadSleeps.Add(-1)
	if threadSleeps.Add(1) > maxThreadSleeps {
		return false
	}
	left := unix.NsecToTimespec(int64(d))
	for unix.Nanosleep(&left, &left) == unix.EINTR { // a signal of the runtime's
	}
	return true
}
