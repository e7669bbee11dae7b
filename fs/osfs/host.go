// Package osfs implements [fs.Host] on the operating system, with system calls and nothing above them.
//
// # Platforms
//
// Linux has everything, on amd64 and arm64; on other processors it cannot wait in the kernel. What the others lack, here as at the methods, is an error that
// errors.Is reports as [fs.ErrUnsupported], or a value that says "unknown":
//
//   - macOS, FreeBSD, NetBSD, OpenBSD, DragonFly: [fs.Whole] is flock(2). There are no locks on byte ranges, no waiting in the kernel, no lock table and no Watch. Times are
//     set to the microsecond. Outside of macOS an identity has no start, and outside of macOS and FreeBSD no boot. In a jail, and where the administrator hides processes, nobody is
//     judged dead by absence. Uptime may not count suspension on FreeBSD, NetBSD and DragonFly.
//   - Windows: locks are those of LockFileEx, [fs.Whole] is the byte range [0,1). They are mandatory: bytes that another open file has locked exclusively cannot be read, and bytes that it
//     has locked at all cannot be written, which is [fs.ErrBusy]. A file that is open can be neither renamed, replaced nor removed, which is [fs.ErrBusy] too. There is no waiting in the kernel, no
//     Conflict, no lock table, no Watch, no Sync of a directory and no boot; of the permission bits there is the owner's right to write. A file is synced, and its times are set, only if it is
//     open for writing.
//
// Other platforms, such as Solaris, AIX, Plan 9 and WebAssembly, are not supported: the package does not compile there.
package osfs

import (
	"crypto/rand"
	"errors"
	iofs "io/fs"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
)

// Host is the operating system as this process sees it.
type Host struct {
	origin time.Time
	self   atomic.Pointer[fs.Identity] // once all of it could be read

	mu    sync.Mutex
	local map[any]any
}

var _ fs.Host = (*Host)(nil)

// New returns a host of its own: locks made on two hosts share no in-process queue and meet only in the files. Programs use [Default].
func New() *Host {
	return &Host{origin: time.Now(), local: make(map[any]any)}
}

var defaultHost = New()

// Default returns the host that all of a process shares.
func Default() *Host { return defaultHost }

// PID returns the id of the calling process.
func (h *Host) PID() int { return getpid() }

// UID returns the effective user id of the process, 0 on Windows.
func (h *Host) UID() uint32 { return uint32(max(os.Geteuid(), 0)) }

// Self returns the identity of this process. It is read once, and again only while part of it could not be read, for want of a descriptor say.
func (h *Host) Self() fs.Identity {
	if self := h.self.Load(); self != nil {
		return *self
	}
	self, err := readSelf()
	if err == nil {
		h.self.Store(&self)
	}
	return self
}

// readSelf reads the identity of this process. With an error, what could not be read is unknown. What the platform does not have is unknown without one.
func readSelf() (fs.Identity, error) {
	id := fs.Identity{PID: os.Getpid()}
	var errs [4]error
	id.Host, errs[0] = os.Hostname()
	id.Boot, errs[1] = bootID()
	id.Start, errs[2] = startOf(id.PID)
	id.PIDNamespace, errs[3] = pidNamespace()
	return id, errors.Join(errs[:]...)
}

// Liveness judges whether the process with the given identity still runs.
func (h *Host) Liveness(id fs.Identity) fs.Liveness {
	self := h.Self()
	if id.PID <= 0 || id.Host != self.Host {
		return fs.Unknown
	}
	if id.Boot != "" && self.Boot != "" && id.Boot != self.Boot {
		return fs.Dead // the machine was started anew since
	}
	if id.PIDNamespace != 0 && id.PIDNamespace != self.PIDNamespace {
		return fs.Unknown // the number means another process there
	}
	l := livenessHere(id)
	if id.PIDNamespace == self.PIDNamespace || l == fs.Alive {
		return l
	}
	return livenessInside(self, id)
}

// livenessHere takes the number for one of this process's own namespace.
func livenessHere(id fs.Identity) fs.Liveness {
	exists, known := processExists(id.PID)
	if !known {
		return fs.Unknown
	}
	if !exists {
		return fs.Dead
	}
	if start, err := startOf(id.PID); err == nil && start != 0 && id.Start != 0 && start != id.Start {
		return fs.Dead // the number was given to another process
	}
	return fs.Alive
}

// Local returns what was made under key first. It belongs to the Host value, of which a process may have several.
func (h *Host) Local(key any, create func() any) any {
	h.mu.Lock()
	defer h.mu.Unlock()
	v, ok := h.local[key]
	if !ok {
		v = create()
		h.local[key] = v
	}
	return v
}

// Random fills p from the system's generator.
func (h *Host) Random(p []byte) { rand.Read(p) } // documented never to fail

func pathError(op, path string, err error) error {
	return &iofs.PathError{Op: op, Path: path, Err: stale(err)}
}

// stale adds the portable condition to an error that a server's forgetting is behind. Windows has none.
func stale(err error) error {
	if errors.Is(err, syscall.ESTALE) {
		return fs.Mark(err, fs.ErrStale)
	}
	return err
}
