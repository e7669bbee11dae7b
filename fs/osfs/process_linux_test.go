package osfs

import (
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/holdfast-lock/holdfast/fs"
)

// identify returns the identity of a process of this host.
func identify(t *testing.T, h *Host, pid int) fs.Identity {
	t.Helper()
	id := h.Self()
	start, err := startOf(pid)
	if err != nil {
		t.Fatalf("process %d has no start: %v", pid, err)
	}
	id.PID, id.Start = pid, start
	return id
}

func wantLiveness(t *testing.T, h *Host, what string, id fs.Identity, want fs.Liveness) {
	t.Helper()
	if got := h.Liveness(id); got != want {
		t.Errorf("Liveness of %s is %v, want %v", what, got, want)
	}
}

func TestLivenessOfAnotherProcess(t *testing.T) {
	h := New()
	child := startProcess(t, roleBystander, "")
	pid := child.Process.Pid
	id := identify(t, h, pid)
	wantLiveness(t, h, "a process that runs", id, fs.Alive)

	must(t, unix.Kill(pid, unix.SIGSTOP))
	var info unix.Siginfo
	must(t, retryInterrupted(func() error { return unix.Waitid(unix.P_PID, pid, &info, unix.WSTOPPED, nil) }))
	wantLiveness(t, h, "a process that is stopped", id, fs.Alive)

	must(t, child.Process.Kill())
	must(t, retryInterrupted(func() error { return unix.Waitid(unix.P_PID, pid, &info, unix.WEXITED|unix.WNOWAIT, nil) }))
	if fields, err := stat(pid); err != nil || fields[0] != "Z" {
		t.Fatalf("the process is no zombie: %q", fields)
	}
	wantLiveness(t, h, "a zombie", id, fs.Dead)

	child.Wait()
	wantLiveness(t, h, "a process that has ended", id, fs.Dead)
}

// TestProcessWithoutItsFirstThreadIsAlive: it is shown as a zombie and runs, with all that it holds.
func TestProcessWithoutItsFirstThreadIsAlive(t *testing.T) {
	h := New()
	pid := startProcess(t, roleHeadless, "").Process.Pid
	for deadline := time.Now().Add(time.Minute); ; runtime.Gosched() {
		if fields, err := stat(pid); err == nil && fields[0] == "Z" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the first thread does not end")
		}
	}
	wantLiveness(t, h, "a process whose first thread has ended", identify(t, h, pid), fs.Alive)
}

// TestStartIsReadBehindAnyName: the name of a process stands in parentheses in front of its start, and may contain blanks and parentheses.
func TestStartIsReadBehindAnyName(t *testing.T) {
	runtime.LockOSThread() // the name is the thread's
	defer runtime.UnlockOSThread()
	comm := "/proc/self/task/" + strconv.Itoa(unix.Gettid()) + "/comm"
	name, err := os.ReadFile(comm)
	must(t, err)
	defer os.WriteFile(comm, name, 0)
	want, err := startOf(unix.Gettid())
	must(t, err)
	for _, name := range []string{"a) b (c", ") 1 2 3 4", "(((", ")))"} {
		must(t, os.WriteFile(comm, []byte(name), 0))
		if got, err := startOf(unix.Gettid()); got != want || err != nil || got == 0 {
			t.Errorf("the start of a process of the name %q is %d, want %d", name, got, want)
		}
	}
}

// TestIdentityThatCouldNotBeReadIsReadAgain: a process that begins without a descriptor to spare learns who it is as soon as it has one.
func TestIdentityThatCouldNotBeReadIsReadAgain(t *testing.T) {
	h := New()
	var limit unix.Rlimit
	must(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &limit))
	must(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 1, Max: limit.Max})) // what is open stays open
	poor := h.Self()
	must(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &limit))
	if poor.Start != 0 || poor.Boot != "" {
		t.Fatalf("without a descriptor this process is known to be %+v: this test proves nothing", poor)
	}
	self := h.Self()
	if self.Start == 0 || self.Boot == "" || self.PID != poor.PID || self.Host != poor.Host || self.PIDNamespace != poor.PIDNamespace {
		t.Errorf("with descriptors again it is %+v, was %+v before", self, poor)
	}
	if again := h.Self(); again != self {
		t.Errorf("then it is %+v", again)
	}
}

// TestLivenessOfANumberInAnyNamespace: a record that does not say in which pid namespace the number is one may be that of a process in a container.
func TestLivenessOfANumberInAnyNamespace(t *testing.T) {
	h := New()
	if os.Geteuid() != 0 || h.Self().PIDNamespace != initialPIDNamespace {
		t.Skip("starting a process in a pid namespace of its own takes root, and seeing it the first namespace")
	}
	outside := startProcess(t, roleBystander, "")
	inside := startProcess(t, roleBystander, "", func(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID} })
	there, here := identify(t, h, inside.Process.Pid), identify(t, h, outside.Process.Pid)
	there.PID, there.PIDNamespace, here.PIDNamespace = 1, 0, 0
	wantLiveness(t, h, "a process that runs here", here, fs.Alive)
	wantLiveness(t, h, "a process that has this number in a namespace of its own", there, fs.Alive)
	other := there
	other.Start++
	wantLiveness(t, h, "another process of that number", other, fs.Dead)

	must(t, inside.Process.Kill())
	var info unix.Siginfo
	must(t, retryInterrupted(func() error {
		return unix.Waitid(unix.P_PID, inside.Process.Pid, &info, unix.WEXITED|unix.WNOWAIT, nil)
	}))
	wantLiveness(t, h, "a zombie with this number inside", there, fs.Dead)
	inside.Wait()
	wantLiveness(t, h, "a process inside that has ended", there, fs.Dead)
	outside.Process.Kill()
	must(t, retryInterrupted(func() error {
		return unix.Waitid(unix.P_PID, outside.Process.Pid, &info, unix.WEXITED|unix.WNOWAIT, nil)
	}))
	wantLiveness(t, h, "a zombie here", here, fs.Dead)
}
