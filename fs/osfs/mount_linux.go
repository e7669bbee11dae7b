package osfs

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/holdfast-lock/holdfast/fs"
)

// MountOf returns the mount that path lies on, from /proc/self/mountinfo.
func MountOf(path string) (Mount, error) {
	var stx unix.Statx_t
	if err := unix.Statx(unix.AT_FDCWD, path, 0, unix.STATX_MNT_ID, &stx); err != nil {
		return Mount{}, pathError("statx", path, err)
	}
	if mount, _, ok := findMount(stx.Mnt_id); ok {
		return mount, nil
	}
	return Mount{}, pathError("mountinfo", path, fs.ErrUnsupported)
}

// findMount returns a mount, and the device number of its filesystem, from lines like
//
//	36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
func findMount(id uint64) (mount Mount, device uint64, found bool) {
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return Mount{}, 0, false
	}
	defer f.Close()
	want := strconv.FormatUint(id, 10)
	for lines := bufio.NewScanner(f); lines.Scan(); {
		before, after, ok := strings.Cut(lines.Text(), " - ")
		left, right := strings.Fields(before), strings.Fields(after)
		if !ok || len(left) < 6 || len(right) < 3 || left[0] != want {
			continue
		}
		var major, minor uint32
		if _, err := fmt.Sscanf(left[2], "%d:%d", &major, &minor); err != nil {
			return Mount{}, 0, false
		}
		return Mount{Point: left[4], Type: right[0], Options: left[5] + "," + right[2]}, unix.Mkdev(major, minor), true
	}
	return Mount{}, 0, false
}
