//go:build amd64 || arm64

package osfs

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/holdfast-lock/holdfast/fs"
)

var errEnough = errors.New("waited enough")

func openAt(t *testing.T, path string) fs.File {
	t.Helper()
	f, err := New().Open(path, fs.ReadWrite|fs.Create, 0o600)
	must(t, err)
	t.Cleanup(func() { f.Close() })
	return f
}

// threadsInFlock counts the threads of this process that are in flock(2).
func threadsInFlock(t *testing.T) int {
	t.Helper()
	tasks, err := os.ReadDir("/proc/self/task")
	must(t, err)
	n := 0
	for _, task := range tasks {
		// A thread that has ended by now is in nothing.
		call, err := os.ReadFile(filepath.Join("/proc/self/task", task.Name(), "syscall"))
		if errors.Is(err, os.ErrPermission) {
			t.Skip(err)
		}
		if number, _, _ := strings.Cut(string(call), " "); number == strconv.Itoa(unix.SYS_FLOCK) {
			n++
		}
	}
	return n
}

// eventually looks again and again; the time bounds a failure only.
func eventually(t *testing.T, what string, seen func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !seen(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within a minute", what)
		}
	}
}

// blockedWait starts a WaitLock and returns once it is in the kernel; ended receives its error.
func blockedWait(t *testing.T, path string) (cancel context.CancelCauseFunc, ended chan error) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	f, before, ended := openAt(t, path), threadsInFlock(t), make(chan error, 1)
	go func() {
		_, err := f.WaitLock(ctx, fs.Whole, fs.LockExclusive)
		ended <- err
	}()
	eventually(t, "a thread in flock", func() bool { return threadsInFlock(t) == before+1 })
	return cancel, ended
}

// wantEnded demands that a cancelled wait ends.
func wantEnded(t *testing.T, when string, ended chan error) {
	t.Helper()
	select {
	case err := <-ended:
		if !errors.Is(err, errEnough) {
			t.Errorf("%s WaitLock ended with %v, want the cause", when, err)
		}
	case <-time.After(time.Minute):
		t.Fatalf("%s WaitLock does not end with its context", when)
	}
}

func lockedFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if held, err := openAt(t, path).TryLock(fs.Whole, fs.LockExclusive); !held {
		t.Fatal(held, err)
	}
	return path
}

func TestCancelledWaitLeavesNoThread(t *testing.T) {
	path := lockedFile(t)
	const waiters = 8
	for range 5 {
		var cancels []context.CancelCauseFunc
		var ended []chan error
		for range waiters {
			cancel, e := blockedWait(t, path)
			cancels, ended = append(cancels, cancel), append(ended, e)
		}
		for i, cancel := range cancels {
			cancel(errEnough)
			wantEnded(t, "a cancelled", ended[i])
			if n := threadsInFlock(t); n > waiters-1-i {
				t.Errorf("%d threads are in flock with %d waiters left", n, waiters-1-i)
			}
		}
	}
}

// TestWaitEndsWhateverTheProgramDoesWithTheSignal: os/signal sets an action of its own, with which a signal would not end the system call, or not arrive.
func TestWaitEndsWhateverTheProgramDoesWithTheSignal(t *testing.T) {
	if !canInterrupt() {
		t.Skip("nothing can wait in the kernel here")
	}
	path := lockedFile(t)
	t.Cleanup(func() { signal.Reset(wakeSignal) })
	for _, take := range []struct {
		when string
		do   func()
	}{
		{"after signal.Notify", func() { signal.Notify(make(chan os.Signal, 1), wakeSignal) }},
		{"after signal.Ignore", func() { signal.Ignore(wakeSignal) }},
		{"after signal.Reset", func() { signal.Reset(wakeSignal) }},
	} {
		take.do() // before the wait
		cancel, ended := blockedWait(t, path)
		cancel(errEnough)
		wantEnded(t, take.when, ended)
		cancel, ended = blockedWait(t, path)
		take.do() // during the wait
		cancel(errEnough)
		wantEnded(t, take.when+" during the wait", ended)
	}
}

// Programs that ignored signals before their first wait.
const (
	roleIgnoresAll = "ignores all"
	roleIgnoresOne = "ignores one"
)

func init() {
	roles[roleIgnoresAll] = func() { signal.Ignore(); waitInVain() }
	roles[roleIgnoresOne] = func() { signal.Ignore(wakeSignal); waitInVain() }
}

// waitInVain waits for the lock in the working directory, which another process holds, until its context ends.
func waitInVain() {
	time.AfterFunc(time.Minute, func() { os.Exit(1) })
	f, err := New().Open("file", fs.ReadWrite, 0)
	if err != nil {
		panic(err)
	}
	ctx, cancel := context.WithTimeoutCause(context.Background(), 10*time.Millisecond, errEnough)
	defer cancel()
	if held, err := f.WaitLock(ctx, fs.Whole, fs.LockExclusive); held || !errors.Is(err, errEnough) {
		panic(err)
	}
}

func TestWaitEndsInAProgramThatIgnoresSignals(t *testing.T) {
	for _, role := range []string{roleIgnoresAll, roleIgnoresOne} {
		startProcess(t, role, filepath.Dir(lockedFile(t)))
	}
}

// TestSignalDoesNotEndAWait: somebody else may send it, or the program may use it.
func TestSignalDoesNotEndAWait(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	holder, f := openAt(t, path), openAt(t, path)
	if held, err := holder.TryLock(fs.Whole, fs.LockExclusive); !held {
		t.Fatal(held, err)
	}
	tid, ended := make(chan int, 1), make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		tid <- unix.Gettid()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		held, err := f.WaitLock(ctx, fs.Whole, fs.LockExclusive)
		if !held && err == nil {
			err = errors.New("the wait ended before the lock was free")
		}
		ended <- err
	}()
	thread := <-tid
	eventually(t, "a thread in flock", func() bool { return threadsInFlock(t) == 1 })
	for range 100 {
		must(t, wake(thread))
		eventually(t, "the thread to be back in flock", func() bool { return threadsInFlock(t) == 1 })
	}
	select {
	case err := <-ended:
		t.Fatalf("a signal ended the wait: %v", err)
	default:
	}
	must(t, holder.Unlock(fs.Whole))
	must(t, <-ended)
}
