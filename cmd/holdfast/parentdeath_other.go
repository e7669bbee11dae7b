//go:build !linux && !freebsd

package main

import "syscall"

// dieWithParent does nothing: there is no such wish here.
func dieWithParent(*syscall.SysProcAttr) {}
