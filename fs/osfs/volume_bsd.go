//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package osfs

import (
	"strings"

	"golang.org/x/sys/unix"

	"github.com/holdfast-lock/holdfast/fs"
)

// Volume names the filesystem. A wait in the kernel cannot be ended here, and there are no byte ranges that could be separate.
func (f *file) Volume() (fs.Volume, error) {
	var st filesystem
	if err := retryInterrupted(func() error { return fstatfs(f.fd, &st) }); err != nil {
		return fs.Volume{}, pathError("statfs", f.name, err)
	}
	return fs.Volume{Type: st.kind()}, nil
}

// MountOf returns the mount that path lies on.
func MountOf(path string) (Mount, error) {
	var st filesystem
	if err := retryInterrupted(func() error { return statfs(path, &st) }); err != nil {
		return Mount{}, pathError("statfs", path, err)
	}
	return Mount{Point: st.point(), Type: st.kind(), Options: mountOptions(st.flags())}, nil
}

func mountOptions(flags uint64) string {
	options := []string{"rw"}
	for _, o := range []struct {
		flag uint64
		name string
	}{
		{unix.MNT_LOCAL, "local"}, {unix.MNT_SYNCHRONOUS, "sync"}, {unix.MNT_ASYNC, "async"}, {unix.MNT_NOATIME, "noatime"}, {unix.MNT_NOEXEC, "noexec"},
		{unix.MNT_NOSUID, "nosuid"},
	} {
		if flags&o.flag != 0 {
			options = append(options, o.name)
		}
	}
	if flags&unix.MNT_RDONLY != 0 {
		options[0] = "ro"
	}
	return strings.Join(options, ",")
}
