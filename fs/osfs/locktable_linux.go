package osfs

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/holdfast-lock/holdfast/fs"
)

// lockTableReadings bounds how often the table is read to get a consistent one.
const lockTableReadings = 10

// LockTable reads /proc/locks. The kernel hands it out in pieces of a page, and between two of them the entries move: one can be missing from the
// whole, or stand in it twice. So a table that came in several pieces is read again: one that is short until it comes in one, a longer one until it comes the same
// again.
func (h *Host) LockTable(path string, id fs.FileID) (fs.LockTable, error) {
	files := map[string]bool{lockKey(id.Device, id.Inode): true}
	if dev, ok := superblockOf(path); ok {
		files[lockKey(dev, id.Inode)] = true
	}
	table := fs.LockTable{Complete: h.Self().PIDNamespace == initialPIDNamespace}
	for reading := range lockTableReadings {
		b, onePiece, err := readLocks()
		if err != nil {
			return fs.LockTable{}, fmt.Errorf("%w: %w", fs.ErrUnsupported, err)
		}
		owners := ownersIn(string(b), files)
		same := reading > 0 && len(b) > os.Getpagesize()/2 && slices.Equal(owners, table.Owners)
		table.Owners = owners
		if onePiece || same {
			break
		}
	}
	for i := range table.Owners {
		table.Owners[i].Command = commandOf(table.Owners[i].PID)
	}
	return table, nil
}

// readLocks reads the table once, and reports whether one call returned all of it.
func readLocks() (table []byte, onePiece bool, err error) {
	f, err := os.Open("/proc/locks")
	if err != nil {
		return nil, false, err
	}
	defer f.Close()
	piece := make([]byte, 64<<10) // more than the kernel returns at once
	for pieces := 0; ; pieces++ {
		n, err := f.Read(piece)
		table = append(table, piece[:n]...)
		switch {
		case err == io.EOF:
			return table, pieces <= 1, nil
		case err != nil:
			return nil, false, err
		}
	}
}

// ownersIn returns who is in the table for one of the files, holders first.
func ownersIn(table string, files map[string]bool) []fs.LockOwner {
	var holding, waiting []fs.LockOwner
	for line := range strings.Lines(table) {
		owner, file, ok := parseLock(line)
		switch {
		case !ok || !files[file]:
		case owner.Waiting:
			waiting = append(waiting, owner)
		default:
			holding = append(holding, owner)
		}
	}
	return append(holding, waiting...)
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
