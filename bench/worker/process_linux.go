package worker

import (
	"os/exec"
	"runtime"
	"sync"
	"syscall"
)

// starter is a thread that lives as long as the program: the kernel's "parent" in a parent-death signal is the thread that started the child.
var starter = sync.OnceValue(func() chan<- func() {
	work := make(chan func())
	go func() {
		runtime.LockOSThread()
		for f := range work {
			f()
		}
	}()
	return work
})

// startTied starts a process that is killed when this one dies, also if it is stopped then and could not see its input end.
func startTied(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	done := make(chan error)
	starter() <- func() { done <- cmd.Start() }
	return <-done
}
