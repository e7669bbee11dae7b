package main

import (
	"errors"
	"fmt"
	iofs "io/fs"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"github.com/holdfast-lock/holdfast/lock"
)

// What a command finds in its environment.
const (
	lockVariable  = "HOLDFAST_LOCK"  // the path of the lock file
	tokenVariable = "HOLDFAST_TOKEN" // the fencing number, with --fencing
)

// startCommand starts a command that has this process's standard files, and nothing of the lock. The channel gets what Wait returns.
//
// It looks for the program now, not when the command line is read: it may be the previous holder that has made it.
func startCommand(args []string, h *lock.Hold) (*exec.Cmd, <-chan error, error) {
	c := exec.Command(args[0], args[1:]...)
	if errors.Is(c.Err, exec.ErrDot) {
		c.Err = nil // whoever has the working directory in the search path wants it to be searched, as shells do
	}
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
	c.Env = commandEnv(h)
	c.SysProcAttr = new(syscall.SysProcAttr)
	dieWithParent(c.SysProcAttr)
	started, ended := make(chan error), make(chan error, 1)
	go func() { // ends with the command
		// The kernel takes the thread that starts a process for its parent. It must not end before this process does.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := c.Start()
		started <- err
		if err == nil {
			ended <- c.Wait()
		}
	}()
	if err := <-started; err != nil {
		return nil, nil, notStarted(args[0], err)
	}
	return c, ended, nil
}

// commandEnv is the environment of the command. The number of another lock, of a command outside, does not show through.
func commandEnv(h *lock.Hold) []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, tokenVariable+"=") && !strings.HasPrefix(v, lockVariable+"=") {
			env = append(env, v)
		}
	}
	env = append(env, lockVariable+"="+h.Path())
	if h.Token() != 0 {
		env = append(env, tokenVariable+"="+strconv.FormatUint(h.Token(), 10))
	}
	return env
}

// notStarted is the end of the program for a command that could not be started, with the shell's exit codes.
func notStarted(name string, err error) error {
	if name == "" {
		return &exit{exitNotFound, errors.New("COMMAND is empty: name a program after --")}
	}
	switch cause := causeOf(err); {
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, iofs.ErrNotExist):
		return &exit{exitNotFound, fmt.Errorf("run %s: %w: check its spelling and PATH, or its interpreter if it is a script", name, cause)}
	default:
		return &exit{exitNotExecutable, fmt.Errorf("run %s: %w: name a program that this user may execute; a script needs a #! line", name, cause)}
	}
}

// causeOf is an error without the operation and the name.
func causeOf(err error) error {
	if e, ok := errors.AsType[*exec.Error](err); ok {
		err = e.Err
	}
	if e, ok := errors.AsType[*iofs.PathError](err); ok {
		err = e.Err
	}
	return err
}

// codeOf is the exit code with which a command ended, as a shell gives it.
func codeOf(state *os.ProcessState) int {
	if ws, ok := state.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return exitSignal + int(ws.Signal())
	}
	return state.ExitCode()
}
