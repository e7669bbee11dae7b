//go:build !linux

package osfs

import "os"

func getpid() int { return os.Getpid() }
