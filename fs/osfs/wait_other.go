//go:build unix && !(linux && (amd64 || arm64))

package osfs

import (
	"context"

	"github.com/holdfast-lock/holdfast/fs"
)

// canInterrupt: there is no way to end a wait in the kernel here, so nobody waits there.
func canInterrupt() bool { return false }

func waitInKernel(context.Context, int, int) (bool, error) { return false, fs.ErrUnsupported }
