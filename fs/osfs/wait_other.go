//go:build unix && !(linux && (amd64 || arm64))

package osfs

import (
	"context"

	"github.com/holdfast-lock/holdfast/fs"
)

// waitInKernel is unsupported: there is no way to end a wait in the kernel here.
func waitInKernel(context.Context, int, int) (bool, error) { return false, fs.ErrUnsupported }
