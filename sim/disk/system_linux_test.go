package disk

import (
	"fmt"
	iofs "io/fs"
	"os"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/fs/osfs"
)

// system is what the random programs run on: the disk, or the real filesystem.
type system interface {
	as(uid int)
	open(path string, flag fs.OpenFlag, perm fs.FileMode) (openFile, error)
	link(oldname, newname string) error
	rename(oldname, newname string) error
	move(oldname, newname string) error
	remove(path string) error
	removeAll(path string) error
	mkdir(path string, perm fs.FileMode) error
	symlink(target, path string) error
	mkfifo(path string, perm fs.FileMode) error
	lstat(path string) (fs.Info, error)
	readDir(path string) ([]fs.DirEntry, error)
	readlink(path string) (string, error)
	canonical(path string) (string, error)
	holders(path string, id fs.FileID) []string
	// age sets the time of modification of everything to long ago.
	age(path string)
}

type openFile interface {
	ReadAt(p []byte, off int64) (int, error)
	WriteAt(p []byte, off int64) (int, error)
	Truncate(size int64) error
	Chmod(perm fs.FileMode) error
	SetTimes(atime, mtime time.Time) error
	Stat() (fs.Info, error)
	Sync() error
	Close() error
	age()
	TryLock(r fs.Region, m fs.LockMode) (bool, error)
	Unlock(r fs.Region) error
	Conflict(r fs.Region, m fs.LockMode) (bool, error)
}

var longAgo = time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)

// real is the operating system.
type real struct{ host *osfs.Host }

func (r real) as(uid int) {
	if os.Getuid() == 0 {
		syscall.Setfsuid(uid)
	}
}

func (r real) open(path string, flag fs.OpenFlag, perm fs.FileMode) (openFile, error) {
	if flag&(fs.ReadWrite|fs.NonBlock) == 0 {
		if st, err := os.Stat(path); err == nil && st.Mode()&os.ModeNamedPipe != 0 { // would wait
			if f, err := r.host.Open(path, flag|fs.NonBlock, perm); err != nil {
				return nil, err
			} else {
				f.Close()
			}
			return nil, &iofs.PathError{Op: "open", Path: path, Err: ErrWaits}
		}
	}
	f, err := r.host.Open(path, flag, perm)
	if err != nil {
		return nil, err
	}
	return realFile{f}, nil
}

type realFile struct{ fs.File }

func (f realFile) age() { f.SetTimes(longAgo, longAgo) }

func (r real) link(oldname, newname string) error   { return r.host.Link(oldname, newname) }
func (r real) rename(oldname, newname string) error { return r.host.Rename(oldname, newname) }
func (r real) move(oldname, newname string) error {
	if err := unix.Rename(oldname, newname); err != nil {
		return linkError("rename", oldname, newname, err)
	}
	return nil
}
func (r real) remove(path string) error                  { return r.host.Remove(path) }
func (r real) removeAll(path string) error               { return os.RemoveAll(path) }
func (r real) mkdir(path string, perm fs.FileMode) error { return r.host.Mkdir(path, perm) }
func (r real) symlink(target, path string) error         { return os.Symlink(target, path) }
func (r real) mkfifo(path string, perm fs.FileMode) error {
	if err := unix.Mkfifo(path, uint32(perm)); err != nil {
		return pathError("mkfifo", path, err)
	}
	return nil
}
func (r real) lstat(path string) (fs.Info, error)         { return r.host.Lstat(path) }
func (r real) readDir(path string) ([]fs.DirEntry, error) { return r.host.ReadDir(path) }
func (r real) readlink(path string) (string, error)       { return os.Readlink(path) }
func (r real) canonical(path string) (string, error)      { return r.host.Canonical(path) }
func (r real) holders(path string, id fs.FileID) []string {
	table, err := r.host.LockTable(path, id)
	if err != nil {
		return []string{err.Error()}
	}
	var list []string
	for _, o := range table.Owners {
		list = append(list, fmt.Sprint(o.PID, o.Mode))
	}
	slices.Sort(list) // the kernel's table has no order
	return list
}
func (r real) age(path string) {
	ts := []unix.Timespec{unix.NsecToTimespec(longAgo.UnixNano()), unix.NsecToTimespec(longAgo.UnixNano())}
	unix.UtimesNanoAt(unix.AT_FDCWD, path, ts, unix.AT_SYMLINK_NOFOLLOW)
}

// model is the disk.
type model struct {
	disk *Disk
	cred Cred
}

func (m *model) as(uid int)     { m.cred.UID = uid }
func (m *model) now() time.Time { return time.Now() }
func (m *model) pid() int       { return os.Getpid() }
func (m *model) open(path string, flag fs.OpenFlag, perm fs.FileMode) (openFile, error) {
	f, err := m.disk.Open(m.cred, path, flag, perm, m.now())
	if err != nil {
		return nil, err
	}
	return modelFile{f, m}, nil
}
func (m *model) link(oldname, newname string) error {
	return m.disk.Link(m.cred, oldname, newname, m.now())
}
func (m *model) rename(oldname, newname string) error {
	return m.disk.Rename(m.cred, oldname, newname, m.now())
}
func (m *model) move(oldname, newname string) error {
	return m.disk.Move(m.cred, oldname, newname, m.now())
}
func (m *model) remove(path string) error    { return m.disk.Remove(m.cred, path, m.now()) }
func (m *model) removeAll(path string) error { return m.disk.RemoveAll(m.cred, path, m.now()) }
func (m *model) mkdir(path string, perm fs.FileMode) error {
	return m.disk.Mkdir(m.cred, path, perm, m.now())
}
func (m *model) symlink(target, path string) error {
	return m.disk.Symlink(m.cred, target, path, m.now())
}
func (m *model) mkfifo(path string, perm fs.FileMode) error {
	return m.disk.Mkfifo(m.cred, path, perm, m.now())
}
func (m *model) lstat(path string) (fs.Info, error)         { return m.disk.Lstat(m.cred, path) }
func (m *model) readDir(path string) ([]fs.DirEntry, error) { return m.disk.ReadDir(m.cred, path) }
func (m *model) readlink(path string) (string, error)       { return m.disk.Readlink(m.cred, path) }
func (m *model) canonical(path string) (string, error)      { return m.disk.Canonical(m.cred, path) }
func (m *model) holders(_ string, id fs.FileID) []string {
	var list []string
	for _, h := range m.disk.Holders(id) {
		list = append(list, fmt.Sprint(h.Owner, h.Mode))
	}
	slices.Sort(list)
	return list
}
func (m *model) age(path string) {
	i, err := m.disk.lookup(&m.cred, path, false)
	if err == nil {
		i.mtime = m.disk.stamp(longAgo)
	}
}

type modelFile struct {
	*File
	m *model
}

func (f modelFile) age() { f.inode.mtime = longAgo.UnixNano() }

func (f modelFile) WriteAt(p []byte, off int64) (int, error) {
	return f.File.WriteAt(p, off, f.m.now())
}
func (f modelFile) Truncate(size int64) error { return f.File.Truncate(size, f.m.now()) }
func (f modelFile) Close() error {
	_, err := f.File.Close()
	return err
}
func (f modelFile) TryLock(r fs.Region, m fs.LockMode) (bool, error) {
	held, _, err := f.File.TryLock(r, m, f.m.pid())
	return held, err
}
func (f modelFile) Unlock(r fs.Region) error {
	_, err := f.File.Unlock(r)
	return err
}
