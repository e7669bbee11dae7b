//go:build !windows

package locktest_test

import (
	"runtime"
	"testing"

	"github.com/holdfast-lock/holdfast/fs/osfs"
	"github.com/holdfast-lock/holdfast/lock"
	"github.com/holdfast-lock/holdfast/lock/locktest"
)

func TestStrictLock(t *testing.T) {
	locktest.Run(t, func(t *testing.T) locktest.Fixture {
		return locktest.Fixture{
			Host: osfs.New(), Peer: osfs.New(), Dir: t.TempDir(), Collect: runtime.GC, NoHook: true, NoLifetime: true,
			New: func(path string, opts ...lock.Option) (locktest.Locker, error) { return lock.NewStrict(path, opts...) },
		}
	})
}
