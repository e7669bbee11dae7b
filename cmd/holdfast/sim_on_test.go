//go:build linux

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// TestSimOnEndsAtOnceWhenInterrupted: with the processes that are stopped, and the directory.
func TestSimOnEndsAtOnceWhenInterrupted(t *testing.T) {
	name := writeScenario(t, "lock k /data/k.lock\n\na lock k -> ok\nstop a\nstranger create /data/ready \"\"\nb lock k -> ok\n")
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			dir := t.TempDir()
			cmd := exec.Command(os.Args[0], "sim", "run", "--on", dir, name)
			cmd.Env = append(os.Environ(), roleVariable+"=holdfast", "GORACE=atexit_sleep_ms=0 "+os.Getenv("GORACE"))
			cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			var out bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			comesTrue(t, func() bool {
				ready, err := filepath.Glob(filepath.Join(dir, "*", "data", "ready"))
				return err == nil && len(ready) == 1
			})
			cmd.Process.Signal(signal) // as kill(1) does, which knows nothing of the processes
			cmd.Wait()
			if code := cmd.ProcessState.ExitCode(); code != exitSignal+int(signal) {
				t.Errorf("exit code %d\n%s", code, out.String())
			}
			leavesNothing(t, dir)
			comesTrue(t, func() bool { return syscall.Kill(-cmd.Process.Pid, 0) == syscall.ESRCH })
		})
	}
}
