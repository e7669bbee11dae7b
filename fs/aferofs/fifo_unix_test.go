//go:build unix

package aferofs_test

import (
	"syscall"

	"github.com/holdfast-lock/holdfast/fs/fstest"
)

var fifos = []fstest.Option{fstest.FIFOs(func(path string) error { return syscall.Mkfifo(path, 0o600) })}
