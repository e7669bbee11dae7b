package disk

import (
	iofs "io/fs"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
)

// Inode is a file of any type, whatever names it has. Its pointer stays the same for as long as a name or an open file leads to it.
type Inode struct {
	state
	number  uint64
	links   uint64
	opens   int    // open files
	parent  *Inode // of a directory
	changes uint64

	whole  []wholeLock
	ranges []rangeLock

	// What follows is there if unsynced operations are kept track of.
	saved      *state // what is durable; nil if the inode is not
	savedLinks int    // durable names
	adds       int    // unsynced operations that give it a name
	allocation *op
	recorded   attributes // as they will be durable
	described  *op        // the last change of size, mode and times
	cut        *op        // the last one that made it shorter
	removedBy  []*op
	lost       bool   // content that readers see was lost, so that writing it again is a change
	trial      *state // as saved, in the image that trialOf numbers
	trialOf    uint64
	image      *Inode // this inode in the image that imageOf numbers
	imageOf    uint64
}

// Number is the inode number. It can be used again once the inode is gone.
func (i *Inode) Number() uint64 { return i.number }

// Changes counts what a watch of this file or directory would report: changes of the content, the attributes, the names in it, and its own names.
func (i *Inode) Changes() uint64 { return i.changes }

// Content returns what is in a regular file, which is not to be changed.
func (i *Inode) Content() []byte { return i.data }

// state is what the medium keeps of an inode.
type state struct {
	mode     fs.FileMode
	uid      int
	size     int64
	mtime    int64
	modified uint64 // the order of the operation that set mtime
	data     []byte // of a regular file; what is missing up to its size is zero
	target   string // of a symbolic link
	entries  []entry
}

// entry is a name in a directory. They are sorted.
type entry struct {
	name  string
	inode *Inode
}

func (s *state) isDir() bool     { return s.mode&iofs.ModeDir != 0 }
func (s *state) isSymlink() bool { return s.mode&iofs.ModeSymlink != 0 }
func (s *state) isRegular() bool { return s.mode&iofs.ModeType == 0 }

func (s *state) clone() *state {
	c := *s
	c.data, c.entries = slices.Clone(s.data), slices.Clone(s.entries)
	return &c
}

// find returns where a name is, or where it belongs.
func (s *state) find(name string) (at int, found bool) {
	low, high := 0, len(s.entries)
	for low < high {
		middle := int(uint(low+high) >> 1)
		switch strings.Compare(s.entries[middle].name, name) {
		case 0:
			return middle, true
		case -1:
			low = middle + 1
		default:
			high = middle
		}
	}
	return low, false
}

// get returns what a name leads to, or nil.
func (s *state) get(name string) *Inode {
	if at, found := s.find(name); found {
		return s.entries[at].inode
	}
	return nil
}

// set makes a name lead to an inode, and returns what it led to.
func (s *state) set(name string, i *Inode) (was *Inode) {
	at, found := s.find(name)
	if found {
		was, s.entries[at].inode = s.entries[at].inode, i
		return was
	}
	s.entries = slices.Insert(s.entries, at, entry{name, i})
	return nil
}

// unset removes a name, and returns what it led to.
func (s *state) unset(name string) (was *Inode) {
	at, found := s.find(name)
	if !found {
		return nil
	}
	was = s.entries[at].inode
	s.entries = slices.Delete(s.entries, at, at+1)
	return was
}

// put writes content without regard to the size.
func (s *state) put(off int64, p []byte) {
	if end := int(off) + len(p); end > len(s.data) {
		had := len(s.data)
		s.data = slices.Grow(s.data, end-had)[:end]
		if int(off) > had {
			clear(s.data[had:off])
		}
	}
	copy(s.data[off:], p)
}

// trim drops content beyond the size.
func (s *state) trim() {
	if int64(len(s.data)) > s.size {
		s.data = s.data[:s.size]
	}
}

// directorySize is what a directory shows as its size, however many names it has.
const directorySize = 4096

func (d *Disk) info(i *Inode) fs.Info {
	size := i.size
	if i.isDir() {
		size = directorySize
	}
	return fs.Info{
		ID:    fs.FileID{Device: d.options.Device, Inode: i.number},
		Mode:  i.mode,
		Links: i.links,
		Size:  size,
		Mtime: time.Unix(0, i.mtime).UTC(),
		Owner: uint32(i.uid),
	}
}
