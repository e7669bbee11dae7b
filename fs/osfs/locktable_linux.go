package osfs

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/holdfast-lock/holdfast/fs"
)

// LockTable reads /proc/locks.
func (h *Host) LockTable(path string, id fs.FileID) (fs.LockTable, error) {
	b, err := os.ReadFile("/proc/locks")
	if err != nil {
		return fs.LockTable{}, fmt.Errorf("%w: %w", fs.ErrUnsupported, err)
	}
	files := map[string]bool{lockKey(id.Device, id.Inode): true}
	if dev, ok := superblockOf(path); ok {
		files[lockKey(dev, id.Inode)] = true
	}
	table := fs.LockTable{Complete: h.Self().PIDNamespace == initialPIDNamespace}
	var waiting []fs.LockOwner
	for line := range strings.Lines(string(b)) {
		owner, file, ok := parseLock(line)
		if !ok || !files[file] {
			continue
		}
		owner.Command = commandOf(owner.PID)
		if owner.Waiting {
			waiting = append(waiting, owner)
		} else {
			table.Owners = append(table.Owners, owner)
		}
	}
	table.Owners = append(table.Owners, waiting...)
	return table, nil
}

func lockKey(dev, inode uint64) string {
	return fmt.Sprintf("%02x:%02x:%d", unix.Major(dev), unix.Minor(dev), inode)
}

// parseLock reads a line of /proc/locks that is about a flock(2) lock, as
//
//	1: FLOCK  ADVISORY  WRITE 4711 08:01:131075 0 EOF
//	1: -> FLOCK  ADVISORY  WRITE 4712 08:01:131075 0 EOF
//
// where the second is one that waits for the first.
func parseLock(line string) (owner fs.LockOwner, file string, ok bool) {
	f := strings.Fields(line)
	if len(f) > 1 && f[1] == "->" {
		owner.Waiting = true
		f = append(f[:1], f[2:]...)
	}
	if len(f) < 6 || f[1] != "FLOCK" {
		return owner, "", false
	}
	owner.Mode = fs.LockShared
	if f[3] == "WRITE" {
		owner.Mode = fs.LockExclusive
	}
	pid, err := strconv.Atoi(f[4])
	if err == nil && pid > 0 {
		owner.PID = pid
	}
	return owner, f[5], true
}

func commandOf(pid int) string {
	b, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm")
	return strings.TrimSpace(string(b))
}

// superblockOf returns the device number that the kernel's lock table uses, which on filesystems with several volumes (btrfs) is not
// the one that stat shows. The mount table has it.
func superblockOf(path string) (uint64, bool) {
	var stx unix.Statx_t
	if unix.Statx(unix.AT_FDCWD, path, unix.AT_SYMLINK_NOFOLLOW, unix.STATX_MNT_ID, &stx) != nil || stx.Mask&unix.STATX_MNT_ID == 0 {
		return 0, false
	}
	_, device, ok := findMount(stx.Mnt_id)
	return device, ok
}
