//go:build !linux

package main

import "os"

// ancestors returns the one process that can be seen here of those that this one descends from.
func ancestors() []int { return []int{os.Getppid()} }
