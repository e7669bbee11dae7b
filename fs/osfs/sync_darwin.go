package osfs

import "golang.org/x/sys/unix"

// fsync has the drive write out its cache as well, which fsync(2) leaves alone here. Filesystems that know no such command, as
// those of the network, get fsync(2).
func fsync(fd int) error {
	_, err := unix.FcntlInt(uintptr(fd), unix.F_FULLFSYNC, 0)
	switch err {
	case unix.ENOTSUP, unix.EOPNOTSUPP, unix.ENOTTY, unix.EINVAL:
		return unix.Fsync(fd)
	}
	return err
}
