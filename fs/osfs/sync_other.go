//go:build unix && !darwin

package osfs

import "golang.org/x/sys/unix"

func fsync(fd int) error { return unix.Fsync(fd) }
