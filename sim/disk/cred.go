package disk

import (
	iofs "io/fs"

	"github.com/holdfast-lock/holdfast/fs"
)

// Cred says who asks. There are no groups: who is not a file's owner is one of the others. User 0 may do everything.
type Cred struct {
	UID     int
	Umask   fs.FileMode
	WorkDir string // absolute; where relative paths begin. "" is the root
}

// The permission bits of others.
const (
	mayRead   = 4
	mayWrite  = 2
	maySearch = 1
)

func (s *state) allows(uid int, want fs.FileMode) bool {
	if uid == 0 {
		return true
	}
	perm := s.mode
	if uid == s.uid {
		perm >>= 6
	}
	return perm&want == want
}

// sticky reports whether a directory protects the file of another in it.
func (s *state) sticky(uid int, file *Inode) bool {
	return s.mode&iofs.ModeSticky != 0 && uid != 0 && uid != s.uid && uid != file.uid
}

// common reports whether everybody can write to a directory, in which each owner's files are protected.
func (s *state) common() bool { return s.mode&iofs.ModeSticky != 0 && s.mode&mayWrite != 0 }

// mayAdd says why a name cannot be added to a directory.
func (d *Disk) mayAdd(c *Cred, dir *Inode) *errno {
	switch {
	case d.readOnly:
		return errReadOnly
	case !dir.allows(c.UID, mayWrite|maySearch):
		return errAccess
	}
	return nil
}

// mayTake says why a name cannot be taken from a directory.
func (d *Disk) mayTake(c *Cred, dir, file *Inode) *errno {
	switch {
	case !dir.allows(c.UID, mayWrite|maySearch):
		return errAccess
	case dir.sticky(c.UID, file):
		return errPermission
	}
	return nil
}
