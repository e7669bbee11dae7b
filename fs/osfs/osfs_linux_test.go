package osfs_test

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/fs/fstest"
	"github.com/holdfast-lock/holdfast/fs/osfs"
)

const memory = "/dev/shm"

func TestHostOnTmpfs(t *testing.T) {
	fstest.TestHost(t, func(t *testing.T) (fs.Host, string) { return osfs.New(), tmpfs(t) }, suiteOptions(t)...)
}

// tmpfs returns an empty directory on a tmpfs.
func tmpfs(t *testing.T) string {
	t.Helper()
	var st unix.Statfs_t
	if err := unix.Statfs(memory, &st); err != nil || uint32(st.Type) != unix.TMPFS_MAGIC {
		t.Skipf("%s is no tmpfs: %v", memory, err)
	}
	dir, err := os.MkdirTemp(memory, "holdfast-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func TestMountIsNamed(t *testing.T) {
	mount, err := osfs.MountOf(tmpfs(t))
	if err != nil || mount.Type != "tmpfs" || mount.Point != memory || mount.Options == "" {
		t.Errorf("the mount of a directory in %s is %+v, %v", memory, mount, err)
	}
}
