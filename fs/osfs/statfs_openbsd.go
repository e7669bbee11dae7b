package osfs

import "golang.org/x/sys/unix"

// filesystem is what the kernel says of one.
type filesystem unix.Statfs_t

func statfs(path string, st *filesystem) error { return unix.Statfs(path, (*unix.Statfs_t)(st)) }

func fstatfs(fd int, st *filesystem) error { return unix.Fstatfs(fd, (*unix.Statfs_t)(st)) }

func (st *filesystem) kind() string { return unix.ByteSliceToString(st.F_fstypename[:]) }

func (st *filesystem) point() string { return unix.ByteSliceToString(st.F_mntonname[:]) }

func (st *filesystem) flags() uint64 { return uint64(st.F_flags) }
