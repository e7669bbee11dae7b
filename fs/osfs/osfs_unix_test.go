//go:build unix

package osfs_test

import (
	"golang.org/x/sys/unix"

	"github.com/holdfast-lock/holdfast/fs/fstest"
)

var fifos = []fstest.Option{fstest.FIFOs(func(path string) error { return unix.Mkfifo(path, 0o600) })}
