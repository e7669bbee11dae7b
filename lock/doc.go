// Package lock keeps processes, and the goroutines inside them, from stepping on each other by locking files.
//
//	l, err := lock.New("work.lock")
//	h, err := l.Acquire(ctx) // until held, or ctx ends
//	defer h.Release()
//
// A [Lock] names a file and says how to lock it; a [Hold] is the right to be inside. [New] makes the platform's native lock: flock(2) on Unix,
// LockFileEx on Windows. It excludes Python's filelock.FileLock, flock(1) and everything else that takes such a lock on the same file.
//
// # Waiting
//
// Goroutines of one process queue first in, first out, and one of them at a time waits in the kernel, so that a thousand waiters cost one
// thread. Processes hand a lock on to each other without polling, and a process that releases a lock lets those in who have waited. Where the kernel cannot be waited in
// (network filesystems, platforms other than Linux) the head of the queue polls. See [PollInterval].
//
// # Reentrancy
//
// Go has no thread identity; "on behalf of" is said with a context. Acquiring with a context that descends from [Hold.Context] goes one level
// deeper and makes no system call. [SharedOwnership] makes the whole process one owner.
//
// # Losing a hold
//
// A hold with a [Lifetime] expires. [Hold.Lost] says so, by the clock and not by whether some goroutine got to run, and [Hold.Context]
// ends with the cause [ErrExpired].
//
// # What a lock file is
//
// An empty file that stays: it is created when missing and never truncated, written or removed. After every acquisition the name is
// compared with the open file, so that a lock file which somebody deletes or replaces costs no exclusion among those who compare.
// A symbolic link in its place is refused.
package lock
