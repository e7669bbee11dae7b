package aferofs

import (
	iofs "io/fs"
	"os"
	"runtime"
	"sync"
	"weak"

	"github.com/spf13/afero/mem"

	"github.com/holdfast-lock/holdfast/fs"
)

const permissionBits = iofs.ModePerm | iofs.ModeSetuid | iofs.ModeSetgid | iofs.ModeSticky

// infoOf takes down what an Fs says of a file. In memory that is not yet a plain value: it changes with the file.
func infoOf(fi os.FileInfo) fs.Info {
	info := fs.Info{Mode: fi.Mode() & (iofs.ModeType | permissionBits), Links: 1, Size: fi.Size(), Mtime: fi.ModTime()}
	if fi.IsDir() {
		info.Mode |= iofs.ModeDir
	}
	if m, ok := fi.(*mem.FileInfo); ok {
		info.ID = fs.FileID{Device: memoryDevice, Inode: memory.number(m.FileData)}
		return info
	}
	switch sys := fi.Sys().(type) {
	case fs.Info: // of another host, by FromHost
		info.ID, info.Links, info.Owner = sys.ID, sys.Links, sys.Owner
	default:
		identify(&info, sys)
	}
	return info
}

// sameFile reports whether two descriptions are of one file, as far as the Fs lets it be known.
func sameFile(a, b os.FileInfo) bool {
	if isMachines(a) && isMachines(b) {
		return os.SameFile(a, b)
	}
	x, y := infoOf(a), infoOf(b)
	if x.ID != (fs.FileID{}) || y.ID != (fs.FileID{}) {
		return x.ID == y.ID
	}
	return x.Mode == y.Mode && x.Size == y.Size && x.Mtime.Equal(y.Mtime)
}

// isMachines reports whether a file is one of the operating system's: package os knows no other to be the same as itself.
func isMachines(fi os.FileInfo) bool { return os.SameFile(fi, fi) }

func isInMemory(fi os.FileInfo) bool {
	_, ok := fi.(*mem.FileInfo)
	return ok
}

// memoryDevice is no device of an operating system.
const memoryDevice = ^uint64(0)

// numbers gives each file in memory a number, which is what an inode is for.
type numbers struct {
	mu   sync.Mutex
	last uint64
	of   map[weak.Pointer[mem.FileData]]uint64
}

var memory = numbers{of: make(map[weak.Pointer[mem.FileData]]uint64)}

func (n *numbers) number(data *mem.FileData) uint64 {
	key := weak.Make(data)
	n.mu.Lock()
	defer n.mu.Unlock()
	if number, ok := n.of[key]; ok {
		return number
	}
	n.last++
	n.of[key] = n.last
	runtime.AddCleanup(data, n.forget, key)
	return n.last
}

func (n *numbers) forget(key weak.Pointer[mem.FileData]) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.of, key)
}
