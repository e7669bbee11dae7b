package osfs

import (
	"io"
	"os"
	"os/exec"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// roleVariable makes the test binary, when it runs itself, another process of the test instead of the tests.
const roleVariable = "HOLDFAST_TEST_ROLE"

const (
	roleBystander = "bystander" // says that it runs, and reads its standard input to the end
	roleHeadless  = "headless"  // does so while its first thread has ended
)

func init() {
	if os.Getenv(roleVariable) == roleHeadless {
		runtime.LockOSThread() // so that TestMain runs on the first thread
	}
}

func TestMain(m *testing.M) {
	stand := func() {
		os.Stdout.WriteString("x")
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}
	switch role := os.Getenv(roleVariable); role {
	case "":
		os.Exit(m.Run())
	case roleBystander:
		stand()
	case roleHeadless:
		go stand()
		unix.RawSyscall(unix.SYS_EXIT, 0, 0, 0)
	default:
		panic("unknown role " + role)
	}
}

// startProcess starts a process, which runs until the test ends.
func startProcess(t *testing.T, role string) *exec.Cmd {
	t.Helper()
	program, err := os.Executable()
	must(t, err)
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), roleVariable+"="+role, "GORACE=atexit_sleep_ms=0 "+os.Getenv("GORACE"))
	stdin, err := cmd.StdinPipe()
	must(t, err)
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() {
		stdin.Close()
		cmd.Process.Kill()
		cmd.Wait()
	})
	_, err = io.ReadFull(stdout, make([]byte, 1))
	must(t, err)
	return cmd
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
