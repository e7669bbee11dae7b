//go:build unix

package aferofs

import "syscall"

// The flags of open that package os has no names for.
const (
	openNoFollow  = syscall.O_NOFOLLOW
	openDirectory = syscall.O_DIRECTORY
	openNonBlock  = syscall.O_NONBLOCK
	openIgnored   = syscall.O_CLOEXEC | syscall.O_NOCTTY // what every open does anyway
)
