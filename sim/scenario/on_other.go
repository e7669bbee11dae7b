//go:build !unix

package scenario

import (
	"errors"
	"os"
)

// signalProcess only kills: scenarios that stop are skipped here.
func signalProcess(p *os.Process, _ Verb) error { return p.Kill() }

func mkfifo(string) error { return errors.ErrUnsupported }
