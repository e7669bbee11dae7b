//go:build unix

package scenario

import (
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

func signalProcess(p *os.Process, v Verb) error {
	switch v {
	case VerbStop:
		return p.Signal(syscall.SIGSTOP)
	case VerbContinue:
		return p.Signal(syscall.SIGCONT)
	}
	return p.Kill()
}

func mkfifo(name string) error {
	if err := unix.Mkfifo(name, 0o666); err != nil {
		return fmt.Errorf("mkfifo %s: %w", name, err)
	}
	return nil
}
