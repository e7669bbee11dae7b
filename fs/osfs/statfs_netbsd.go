package osfs

import "golang.org/x/sys/unix"

// filesystem is what the kernel says of one.
type filesystem unix.Statvfs_t

func statfs(path string, st *filesystem) error { return unix.Statvfs(path, (*unix.Statvfs_t)(st)) }

func fstatfs(fd int, st *filesystem) error { return unix.Fstatvfs(fd, (*unix.Statvfs_t)(st)) }

func (st *filesystem) kind() string { return unix.ByteSliceToString(st.Fstypename[:]) }

func (st *filesystem) point() string { return unix.ByteSliceToString(st.Mntonname[:]) }

func (st *filesystem) flags() uint64 { return uint64(st.Flag) }
