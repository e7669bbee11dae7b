//go:build linux && (amd64 || arm64)

package osfs

import (
	"context"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A thread that is blocked in flock(2) leaves it for two reasons only: it got the lock, or a signal was handled whose action does not restart
// system calls. Closing the descriptor does not wake it. So a wait is ended by a signal that is sent to the very thread.
//
// wakeSignal is a real-time signal that neither the C library (32 to 34) nor the Go runtime uses. The Go runtime has a handler for
// it, which ignores it unless the program asked os/signal for it; that handler stays, only SA_RESTART is taken from its action.
const wakeSignal = unix.Signal(62)

const saRestart = 0x10000000

// What may stand in place of a handler.
const (
	sigDefault = 0
	sigIgnore  = 1
)

// sigaction is the kernel's struct sigaction on amd64 and arm64.
type sigaction struct {
	handler  uintptr
	flags    uint64
	restorer uintptr
	mask     uint64
}

func rtSigaction(sig unix.Signal, set, old *sigaction) error {
	_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(set)), uintptr(unsafe.Pointer(old)), 8, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// canInterrupt reports whether a wait in the kernel can be ended from outside. It is not where the Go runtime does not handle the signal: in a C program that
// loaded Go as a library, it would end the process.
var canInterrupt = sync.OnceValue(func() bool {
	var wake, runtimes sigaction
	if rtSigaction(wakeSignal, nil, &wake) != nil || rtSigaction(unix.SIGURG, nil, &runtimes) != nil {
		return false
	}
	return wake.handler == sigIgnore || wake.handler != sigDefault && wake.handler == runtimes.handler
})

// waking is held while a wakeSignal is prepared and sent.
var waking sync.Mutex

// swallowed receives the signal where nobody else asked for it. Nobody reads it, and os/signal does not wait.
var swallowed = make(chan os.Signal, 1)

// wake sends wakeSignal to a thread of this process and makes sure that it interrupts a system call, whatever os/signal has made of its action since the last time.
func wake(tid int) error {
	waking.Lock()
	defer waking.Unlock()
	for range 10 { // more than it takes, unless somebody undoes it all the time
		var action, before sigaction
		if err := rtSigaction(wakeSignal, nil, &action); err != nil {
			return err
		}
		if action.handler == sigDefault || action.handler == sigIgnore {
			// The program called signal.Ignore. The runtime takes its own handler for somebody else's now, and would end the process; it has to be asked for it.
			signal.Notify(swallowed, wakeSignal)
			continue
		}
		if action.flags&saRestart == 0 {
			return unix.Tgkill(unix.Getpid(), tid, wakeSignal)
		}
		action.flags &^= saRestart
		if err := rtSigaction(wakeSignal, &action, &before); err != nil {
			return err
		}
		if before.handler != action.handler { // just now: what was set is not what the runtime thinks
			signal.Notify(swallowed, wakeSignal)
		}
	}
	return unix.EAGAIN
}

// waitInKernel calls flock(2), which blocks until it succeeds. When ctx ends first, it returns context.Cause(ctx), at once and without leaving a thread behind.
func waitInKernel(ctx context.Context, fd, how int) (bool, error) {
	if ctx.Done() == nil {
		err := retryInterrupted(func() error { return blockingFlock(fd, how) })
		return err == nil, err
	}
	// From here until the call was left, this goroutine and no other runs on this thread, so that the signal meets nobody else.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	unblockWakeSignal()
	w := &kernelWait{tid: unix.Gettid(), left: make(chan struct{}), done: make(chan struct{})}
	stop := context.AfterFunc(ctx, w.interrupt)
	var err error
	for {
		if err = context.Cause(ctx); err != nil {
			break
		}
		if err = blockingFlock(fd, how); err != unix.EINTR {
			break
		}
	}
	if !stop() {
		close(w.left)
		<-w.done // or a late signal could interrupt what this thread does next
	}
	return err == nil, err
}

func blockingFlock(fd, how int) error {
	if errno := blockingSyscall(unix.SYS_FLOCK, uintptr(fd), uintptr(how)); errno != 0 {
		return errno
	}
	return nil
}

// unblockWakeSignal lets the signal through on this thread. A thread that C code made may have blocked it.
func unblockWakeSignal() {
	var set unix.Sigset_t
	set.Val[0] = 1 << (wakeSignal - 1)
	unix.PthreadSigmask(unix.SIG_UNBLOCK, &set, nil)
}

// kernelWait is one thread's stay in a blocking call.
type kernelWait struct {
	tid  int
	left chan struct{} // closed once the thread is out of the call
	done chan struct{} // closed once no further signal will be sent
}

// interrupt sends the signal until the thread says that it has left the call. Once is not enough: a signal that is handled just before the thread
// enters the call has no effect on it.
func (w *kernelWait) interrupt() {
	defer close(w.done)
	pause := time.NewTimer(0)
	defer pause.Stop()
	for wait := 100 * time.Microsecond; ; wait = min(2*wait, 10*time.Millisecond) {
		wake(w.tid) // without success there is nothing but to try again
		pause.Reset(wait)
		select {
		case <-w.left:
			return
		case <-pause.C:
		}
	}
}
