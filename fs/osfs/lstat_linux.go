//go:build amd64 || arm64

package osfs

import (
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/holdfast-lock/holdfast/fs"
)

// Lstat describes the file that path names. It is called on every acquisition, so it does not allocate: the path is copied to the stack, where
// unix.Lstat would copy it to the heap.
func (h *Host) Lstat(path string) (fs.Info, error) {
	var st unix.Stat_t
	var buf [256]byte
	if len(path) >= len(buf) || strings.IndexByte(path, 0) >= 0 {
		return lstatLong(path)
	}
	copy(buf[:], path)
	for {
		dir := unix.AT_FDCWD
		_, _, errno := unix.Syscall6(sysFstatat, uintptr(dir), uintptr(unsafe.Pointer(&buf)), uintptr(unsafe.Pointer(&st)), unix.AT_SYMLINK_NOFOLLOW, 0, 0)
		switch errno {
		case 0:
			return infoOf(&st), nil
		case unix.EINTR:
			continue
		}
		return fs.Info{}, pathError("lstat", path, errno)
	}
}
