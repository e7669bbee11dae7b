//go:build dragonfly || freebsd || openbsd

package osfs

import "golang.org/x/sys/unix"

const uptimeClock = unix.CLOCK_MONOTONIC
