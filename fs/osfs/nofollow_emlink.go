//go:build dragonfly || freebsd

package osfs

import "golang.org/x/sys/unix"

// refusedSymlink is what open with O_NOFOLLOW says of a symbolic link.
const refusedSymlink = unix.EMLINK
