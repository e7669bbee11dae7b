package osfs

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/holdfast-lock/holdfast/fs"
)

// A filesystem is local if the kernel alone keeps its locks: then flock(2) can be waited for, and it is independent of byte ranges. A type that
// is not listed here is not trusted with either.
var filesystems = map[uint32]struct {
	name  string
	local bool
}{
	unix.EXT4_SUPER_MAGIC:      {"ext4", true}, // ext2 and ext3 share the number
	unix.TMPFS_MAGIC:           {"tmpfs", true},
	unix.RAMFS_MAGIC:           {"ramfs", true},
	unix.XFS_SUPER_MAGIC:       {"xfs", true},
	unix.BTRFS_SUPER_MAGIC:     {"btrfs", true},
	unix.F2FS_SUPER_MAGIC:      {"f2fs", true},
	unix.OVERLAYFS_SUPER_MAGIC: {"overlay", true},
	unix.BCACHEFS_SUPER_MAGIC:  {"bcachefs", true},
	unix.REISERFS_SUPER_MAGIC:  {"reiserfs", true},
	unix.MSDOS_SUPER_MAGIC:     {"vfat", true},
	unix.EXFAT_SUPER_MAGIC:     {"exfat", true},
	unix.HUGETLBFS_MAGIC:       {"hugetlbfs", false},
	0x2fc12fc1:                 {"zfs", true},
	unix.NFS_SUPER_MAGIC:       {"nfs", false},
	unix.SMB_SUPER_MAGIC:       {"smb", false},
	unix.SMB2_SUPER_MAGIC:      {"smb2", false},
	unix.CIFS_SUPER_MAGIC:      {"cifs", false},
	unix.FUSE_SUPER_MAGIC:      {"fuse", false},
	unix.V9FS_MAGIC:            {"9p", false},
	unix.CEPH_SUPER_MAGIC:      {"ceph", false},
	unix.AFS_SUPER_MAGIC:       {"afs", false},
	unix.OCFS2_SUPER_MAGIC:     {"ocfs2", false},
	0x01161970:                 {"gfs2", false},
	0x0bd00bd0:                 {"lustre", false},
	0x47504653:                 {"gpfs", false},
}

// Volume describes the filesystem by what statfs says of its type.
func (f *file) Volume() (fs.Volume, error) {
	var st unix.Statfs_t
	if err := retryInterrupted(func() error { return unix.Fstatfs(f.fd, &st) }); err != nil {
		return fs.Volume{}, pathError("statfs", f.name, err)
	}
	kind, ok := filesystems[uint32(st.Type)]
	if !ok {
		kind.name = fmt.Sprintf("0x%x", uint32(st.Type))
	}
	return fs.Volume{Type: kind.name, KernelWait: kind.local && canInterrupt(), SeparateRegions: kind.local}, nil
}
