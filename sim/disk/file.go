package disk

import (
	"io"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
)

// File is an open file, which several processes can share. Its locks are its own.
type File struct {
	disk  *Disk
	inode *Inode
	name  string
	uid   int // who opened it; the rights to change its attributes go by this
	write bool
	refs  int
}

// Name is the path that it was opened by.
func (f *File) Name() string { return f.name }

// Inode is the same for all open files of one file.
func (f *File) Inode() *Inode { return f.inode }

// Dup returns the same open file once more, as exec and fork do. It is closed when it was closed as many times as it was returned.
func (f *File) Dup() *File {
	f.refs++
	return f
}

// Close closes the file and drops its locks, unless there are other copies of it. freed reports whether there were locks.
func (f *File) Close() (freed bool, err error) {
	if f.refs == 0 {
		return false, f.fail("close", errBadFile)
	}
	if f.refs--; f.refs > 0 {
		return false, nil
	}
	freed = f.dropLocks()
	f.inode.opens--
	f.disk.release(f.inode)
	return freed, nil
}

func (f *File) fail(op string, err error) error { return pathError(op, f.name, err) }

// Stat describes the open file.
func (f *File) Stat() (fs.Info, error) {
	if f.refs == 0 {
		return fs.Info{}, f.fail("stat", errBadFile)
	}
	return f.disk.info(f.inode), nil
}

// ReadAt reads content. It returns [io.EOF] if there is less than was asked for.
func (f *File) ReadAt(p []byte, off int64) (int, error) {
	if len(p) == 0 {
		return 0, nil // no call of the system
	}
	if err := f.mayRead(off); err != nil {
		return 0, f.fail("read", err)
	}
	i := f.inode
	if off >= i.size {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), i.size-off))
	copied := 0
	if off < int64(len(i.data)) {
		copied = copy(p[:n], i.data[off:])
	}
	clear(p[copied:n])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *File) mayRead(off int64) *errno {
	switch {
	case off < 0:
		return errInvalid
	case f.refs == 0:
		return errBadFile
	case f.inode.isDir():
		return errIsDirectory
	case !f.inode.isRegular():
		return errSeek
	}
	return nil
}

// maxContent bounds what a file can hold, in bytes. It is a limit of this model, which keeps all content in memory; the size of a file is not bound by it.
const maxContent = 64 << 20

// WriteAt writes content. If the disk is full, it writes what there is room for.
func (f *File) WriteAt(p []byte, off int64, now time.Time) (int, error) {
	if len(p) == 0 {
		return 0, nil // no call of the system
	}
	if err := f.mayWrite(p, off); err != nil {
		return 0, f.fail("write", err)
	}
	d, i := f.disk, f.inode
	var full *errno
	if room := d.room(i); off+int64(len(p)) > room {
		if off >= room {
			return 0, f.fail("write", errNoSpace)
		}
		p, full = p[:room-off], errNoSpace
	}
	// Overwriting a block with what is in it already is no change of the medium. What lies beyond the end of the content is no such block.
	var same int
	if d.graph && off < int64(len(i.data)) && !i.lost {
		same = f.sameBlocks(p, off)
	}
	d.used -= d.blocks(len(i.data))
	i.put(off, p)
	d.used += d.blocks(len(i.data))
	i.size = max(i.size, off+int64(len(p)))
	i.mtime = d.stamp(now)
	i.changes++
	if d.graph {
		d.recordContent(i, off, len(p), same)
		d.recordAttributes(i, false)
	}
	if full != nil {
		return len(p), f.fail("write", full)
	}
	return len(p), nil
}

func (f *File) mayWrite(p []byte, off int64) *errno {
	switch {
	case off < 0:
		return errInvalid
	case f.refs == 0:
		return errBadFile
	case !f.inode.isRegular() && !f.inode.isDir():
		return errSeek
	case !f.write:
		return errBadFile
	case f.disk.readOnly:
		return errReadOnly
	case off > maxContent-int64(len(p)):
		return errTooLarge
	}
	return nil
}

// sameBlocks counts the leading blocks of a write that change nothing.
func (f *File) sameBlocks(p []byte, off int64) (blocks int) {
	block := int64(f.disk.options.Block)
	for len(p) > 0 {
		n := min(block-off%block, int64(len(p)))
		if off+n > int64(len(f.inode.data)) || string(f.inode.data[off:off+n]) != string(p[:n]) {
			return blocks
		}
		p, off = p[n:], off+n
		blocks++
	}
	return blocks
}

// room returns up to where a file can hold content.
func (d *Disk) room(i *Inode) int64 {
	if d.options.Capacity == 0 {
		return maxContent
	}
	return d.blocks(len(i.data)) + max(0, (d.options.Capacity-d.used)/int64(d.options.Block)*int64(d.options.Block))
}

// maxSize is the largest size of a file on ext4 with blocks of 4096 bytes.
const maxSize = 1<<44 - 4096

// Truncate sets the size.
func (f *File) Truncate(size int64, now time.Time) error {
	i := f.inode
	switch {
	case f.refs == 0 && size >= 0:
		return f.fail("truncate", errBadFile)
	case size < 0 || !i.isRegular() || !f.write:
		return f.fail("truncate", errInvalid)
	case f.disk.readOnly:
		return f.fail("truncate", errReadOnly)
	case size > maxSize:
		return f.fail("truncate", errTooLarge)
	}
	d := f.disk
	shorter := size < i.size
	d.used -= d.blocks(len(i.data))
	i.size = size
	i.trim()
	d.used += d.blocks(len(i.data))
	i.mtime = d.stamp(now)
	i.changes++
	if d.graph {
		d.recordAttributes(i, shorter)
	}
	return nil
}

// Chmod sets the permission bits.
func (f *File) Chmod(perm fs.FileMode) error {
	if err := f.mayDescribe(); err != nil {
		return f.fail("chmod", err)
	}
	i := f.inode
	i.mode = i.mode.Type() | perm.Perm()
	i.changes++
	if f.disk.graph {
		f.disk.recordAttributes(i, false)
	}
	return nil
}

// SetTimes sets the time of modification, the zero time to now. That of the last access is not kept.
func (f *File) SetTimes(mtime, now time.Time) error {
	if err := f.mayDescribe(); err != nil {
		return f.fail("settimes", err)
	}
	if mtime.IsZero() {
		mtime = now
	}
	f.inode.mtime = f.disk.stamp(mtime)
	f.inode.changes++
	if f.disk.graph {
		f.disk.recordAttributes(f.inode, false)
	}
	return nil
}

func (f *File) mayDescribe() *errno {
	switch {
	case f.refs == 0:
		return errBadFile
	case f.disk.readOnly:
		return errReadOnly
	case f.uid != 0 && f.uid != f.inode.uid:
		return errPermission
	}
	return nil
}

// Sync makes the content, the size and the attributes of the file durable, and of a directory its names.
func (f *File) Sync() error {
	switch {
	case f.refs == 0:
		return f.fail("sync", errBadFile)
	case !f.inode.isRegular() && !f.inode.isDir():
		return f.fail("sync", syncUnsupported)
	case !f.disk.graph:
		return nil
	case f.disk.readOnly && f.disk.unsynced(f.inode):
		return f.fail("sync", errReadOnly)
	}
	f.disk.sync(f.inode)
	return nil
}

// LoseContent forgets that the file's unsynced content is unsynced, without making it durable: readers see it, a later Sync leaves it out. It is what is left of a
// Sync that failed with EIO: the kernel has marked the pages clean.
func (f *File) LoseContent() { f.disk.loseContent(f.inode) }
