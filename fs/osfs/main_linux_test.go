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

// roles is what a process does in its role before it stands by.
var roles = map[string]func(){
	roleBystander: func() {},
	roleHeadless: func() {
		go standBy()
		unix.RawSyscall(unix.SYS_EXIT, 0, 0, 0)
	},
}

func init() {
	if os.Getenv(roleVariable) == roleHeadless {
		runtime.LockOSThread() // so that TestMain runs on the first thread
	}
}

func standBy() {
	os.Stdout.WriteString("x")
	io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}

func TestMain(m *testing.M) {
	role := os.Getenv(roleVariable)
	if role == "" {
		os.Exit(m.Run())
	}
	roles[role]()
	standBy()
}

// startProcess starts a process in a directory and returns once it stands by, which it does until the test ends.
func startProcess(t *testing.T, role, dir string, change ...func(*exec.Cmd)) *exec.Cmd {
	t.Helper()
	program, err := os.Executable()
	must(t, err)
	cmd := exec.Command(program)
	cmd.Dir = dir
	cmd.Stderr = os.Stderr
	cmd.Env = append(os.Environ(), roleVariable+"="+role, "GORACE=atexit_sleep_ms=0 "+os.Getenv("GORACE"))
	stdin, err := cmd.StdinPipe()
	must(t, err)
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	for _, f := range change {
		f(cmd)
	}
	must(t, cmd.Start())
	t.Cleanup(func() {
		stdin.Close()
		cmd.Process.Kill()
		cmd.Wait()
	})
	if _, err = io.ReadFull(stdout, make([]byte, 1)); err != nil {
		t.Fatalf("a process in the role %s: %v", role, err)
	}
	return cmd
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
