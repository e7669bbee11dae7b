//go:build unix

package worker

import "syscall"

// Stop stops the process where it is, and returns once it stands.
func (w *Worker) Stop() error {
	if err := w.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	return waitStopped(w.PID())
}

// Continue lets a process go on that was stopped.
func (w *Worker) Continue() error { return w.cmd.Process.Signal(syscall.SIGCONT) }
