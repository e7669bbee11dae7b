//go:build unix

package aferofs

import (
	"syscall"

	"github.com/holdfast-lock/holdfast/fs"
)

// identify adds what only the operating system's own description of a file has.
func identify(info *fs.Info, sys any) {
	if st, ok := sys.(*syscall.Stat_t); ok {
		info.ID = fs.FileID{Device: uint64(st.Dev), Inode: uint64(st.Ino)}
		info.Links = uint64(st.Nlink)
		info.Owner = st.Uid
	}
}
