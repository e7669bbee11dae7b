package bench

import (
	"context"
	"sync"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
)

// countingHost counts the calls on files. Each makes one system call, by whose name on Linux it is counted.
type countingHost struct {
	fs.Host
	mu     sync.Mutex
	counts map[string]int
}

func (h *countingHost) count(call string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.counts[call]++
}

// take returns what was counted since the last time.
func (h *countingHost) take() map[string]int {
	h.mu.Lock()
	defer h.mu.Unlock()
	counts := h.counts
	h.counts = make(map[string]int)
	return counts
}

func (h *countingHost) Open(path string, flag fs.OpenFlag, perm fs.FileMode) (fs.File, error) {
	h.count("open")
	f, err := h.Host.Open(path, flag, perm)
	if err != nil {
		return nil, err
	}
	return &countingFile{f, h}, nil
}

func (h *countingHost) Link(oldname, newname string) error {
	h.count("link")
	return h.Host.Link(oldname, newname)
}

func (h *countingHost) Rename(oldname, newname string) error {
	h.count("rename")
	return h.Host.Rename(oldname, newname)
}

func (h *countingHost) Remove(path string) error {
	h.count("unlink")
	return h.Host.Remove(path)
}

func (h *countingHost) Lstat(path string) (fs.Info, error) {
	h.count("lstat")
	return h.Host.Lstat(path)
}

func (h *countingHost) Mkdir(path string, perm fs.FileMode) error {
	h.count("mkdir")
	return h.Host.Mkdir(path, perm)
}

func (h *countingHost) ReadDir(path string) ([]fs.DirEntry, error) {
	h.count("getdents")
	return h.Host.ReadDir(path)
}

func (h *countingHost) Canonical(path string) (string, error) {
	h.count("readlink")
	return h.Host.Canonical(path)
}

func (h *countingHost) LockTable(path string, id fs.FileID) (fs.LockTable, error) {
	h.count("locks")
	return h.Host.LockTable(path, id)
}

func (h *countingHost) Watch(path string) (fs.Watch, error) {
	h.count("inotify")
	return h.Host.Watch(path)
}

type countingFile struct {
	fs.File
	host *countingHost
}

func (f *countingFile) ReadAt(p []byte, off int64) (int, error) {
	f.host.count("read")
	return f.File.ReadAt(p, off)
}

func (f *countingFile) WriteAt(p []byte, off int64) (int, error) {
	f.host.count("write")
	return f.File.WriteAt(p, off)
}

func (f *countingFile) Truncate(size int64) error {
	f.host.count("ftruncate")
	return f.File.Truncate(size)
}

func (f *countingFile) Stat() (fs.Info, error) {
	f.host.count("fstat")
	return f.File.Stat()
}

func (f *countingFile) Volume() (fs.Volume, error) {
	f.host.count("fstatfs")
	return f.File.Volume()
}

func (f *countingFile) Chmod(perm fs.FileMode) error {
	f.host.count("fchmod")
	return f.File.Chmod(perm)
}

func (f *countingFile) SetTimes(atime, mtime time.Time) error {
	f.host.count("utimensat")
	return f.File.SetTimes(atime, mtime)
}

func (f *countingFile) Sync() error {
	f.host.count("fsync")
	return f.File.Sync()
}

// countLock counts a call for a region: those on the file and those on its bytes are different ones.
func (f *countingFile) countLock(r fs.Region) {
	if r == fs.Whole {
		f.host.count("flock")
	} else {
		f.host.count("fcntl")
	}
}

func (f *countingFile) TryLock(r fs.Region, m fs.LockMode) (bool, error) {
	f.countLock(r)
	return f.File.TryLock(r, m)
}

func (f *countingFile) WaitLock(ctx context.Context, r fs.Region, m fs.LockMode) (bool, error) {
	f.countLock(r)
	return f.File.WaitLock(ctx, r, m)
}

func (f *countingFile) Unlock(r fs.Region) error {
	f.countLock(r)
	return f.File.Unlock(r)
}

func (f *countingFile) Conflict(r fs.Region, m fs.LockMode) (bool, error) {
	f.countLock(r)
	return f.File.Conflict(r, m)
}

func (f *countingFile) Close() error {
	f.host.count("close")
	return f.File.Close()
}
