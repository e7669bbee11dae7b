//go:build !linux

package osfs

import "github.com/holdfast-lock/holdfast/fs"

// pidNamespace: there is one. The jails of FreeBSD share the numbers of the machine.
func pidNamespace() (uint64, error) { return 0, nil }

func livenessInside(_, _ fs.Identity) fs.Liveness { return fs.Unknown }
