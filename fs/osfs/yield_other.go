//go:build !linux

package osfs

import "runtime"

// Yield lets other goroutines run.
func (h *Host) Yield() { runtime.Gosched() }
