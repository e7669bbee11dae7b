package disk

import (
	iofs "io/fs"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
)

// Kind says what becomes of a disk when the power fails.
type Kind uint8

const (
	// Posix keeps what was synced, and of the rest whatever [Disk.Crash] chooses.
	Posix Kind = iota
	// Tmpfs comes up empty. To sync it does nothing, successfully.
	Tmpfs
)

// Options describe a disk. The zero value is a roomy ext4 whose operations are all durable at once.
type Options struct {
	// Name is the type that [Disk.Volume] reports: by default "ext4" or "tmpfs".
	Name string
	Kind Kind
	// Granularity of the times of modification, which are rounded down to it. 0 is a nanosecond.
	Granularity time.Duration
	// ReuseInodes gives the number of the inode that was freed last to the next new file, as ext4 may. Otherwise no number is used twice.
	ReuseInodes bool
	// Durability keeps track of what is not synced, for [Disk.Crash]. Without it every operation is durable at once. A Tmpfs has none.
	Durability bool
	// Writeback bounds how many operations can be unsynced: beyond it the oldest become durable, as a kernel too writes back what nobody syncs. 0 is 256.
	Writeback int
	// Block is the number of bytes that are written to the medium at once: a write across blocks can be torn between them. Space is counted in blocks too. 0 is 4096.
	Block int
	// Device is the number that file identities carry.
	Device uint64
	// NoLocks: the filesystem has no locks; every attempt is [fs.ErrNoLocks].
	NoLocks bool
	// NoRegions: whole-file locks and those on byte ranges are not separate, but share one table, in which a whole-file lock is one on all bytes.
	NoRegions bool
	// NoKernelWait: locks cannot be waited for. The disk only reports it, see [Disk.Volume].
	NoKernelWait bool
	// ProtectedRegular, ProtectedSymlinks and ProtectedHardlinks are the settings of Linux with these names (fs.protected_regular=1 and so on), which distributions switch on.
	// The first two are about sticky directories that everybody can write to, such as /tmp: there nobody opens with [fs.Create] a file, nor follows a symbolic link, that is neither
	// his nor the directory's owner's. The third lets nobody make a hard link to the file of another that he cannot write to.
	ProtectedRegular, ProtectedSymlinks, ProtectedHardlinks bool
	// ReadOnly mounts it read-only, see also [Disk.SetReadOnly].
	ReadOnly bool
	// Capacity is the room for content in bytes. 0 is unlimited. Names and inodes take none.
	Capacity int64
}

const (
	defaultWriteback = 256
	defaultBlock     = 4096
	rootNumber       = 2  // as on ext4
	firstNumber      = 12 // as on ext4, where those before it are the filesystem's own
)

// Disk is a filesystem. It is not safe for concurrent use.
type Disk struct {
	options  Options
	graph    bool // whether unsynced operations are kept track of
	readOnly bool
	root     *Inode
	next     uint64 // the lowest number that was never used
	free     []freeNumber
	used     int64    // bytes of content, in whole blocks
	locked   []*Inode // those with locks, in the order in which they got the first one

	pending  []*op  // what is not durable yet, oldest first
	recorded uint64 // operations so far
	moved    *op    // the last one that renamed a directory
	trials   uint64
}

// New makes an empty disk. Its root belongs to user 0, and others cannot write to it.
func New(o Options) *Disk {
	d := newDisk(o)
	d.root = &Inode{number: rootNumber, links: 2, state: state{mode: iofs.ModeDir | 0o755}}
	d.root.parent = d.root
	if d.graph {
		d.root.saved = d.root.state.clone()
	}
	return d
}

func newDisk(o Options) *Disk {
	if o.Name == "" {
		o.Name = "ext4"
		if o.Kind == Tmpfs {
			o.Name = "tmpfs"
		}
	}
	if o.Writeback == 0 {
		o.Writeback = defaultWriteback
	}
	if o.Block == 0 {
		o.Block = defaultBlock
	}
	return &Disk{options: o, graph: o.Durability && o.Kind == Posix, readOnly: o.ReadOnly, next: firstNumber}
}

// Volume describes the filesystem as far as locking is concerned.
func (d *Disk) Volume() fs.Volume {
	o := &d.options
	return fs.Volume{Type: o.Name, KernelWait: !o.NoKernelWait && !o.NoLocks, SeparateRegions: !o.NoRegions}
}

// SetReadOnly makes the filesystem refuse or accept changes from now on. Refusing is what ext4 does after an error of its medium: files stay open, also for writing, and
// locks work; a write is EROFS, and so is Sync of a file that has unsynced changes. The power loss that follows may lose them.
func (d *Disk) SetReadOnly(on bool) { d.readOnly = on }

// stamp is a time as the filesystem keeps it, in nanoseconds since 1970.
func (d *Disk) stamp(t time.Time) int64 {
	ns, granularity := t.UnixNano(), int64(d.options.Granularity)
	if granularity > 1 {
		rest := ns % granularity
		if rest < 0 {
			rest += granularity
		}
		ns -= rest
	}
	return ns
}

// freeNumber is the number of an inode that is gone.
type freeNumber struct {
	number uint64
	after  []*op // who gets it must not be durable before these
}

// allocate makes an inode that no name leads to yet.
func (d *Disk) allocate(c *Cred, mode fs.FileMode, target string, now int64) *Inode {
	i := &Inode{state: state{mode: mode, uid: c.UID, size: int64(len(target)), mtime: now, target: target}}
	var after []*op
	if n := len(d.free); n > 0 {
		i.number, after = d.free[n-1].number, d.free[n-1].after
		d.free = d.free[:n-1]
	} else {
		i.number = d.next
		d.next++
	}
	if d.graph {
		d.recordAllocation(i, after)
	}
	return i
}

// release frees an inode that neither a name nor an open file leads to.
func (d *Disk) release(i *Inode) {
	if i.links > 0 || i.opens > 0 {
		return
	}
	d.used -= d.blocks(len(i.data))
	i.data = nil
	if d.options.ReuseInodes {
		d.free = append(d.free, freeNumber{i.number, i.removedBy})
	}
	i.removedBy = nil
}

// blocks returns the room that n bytes of content take.
func (d *Disk) blocks(n int) int64 {
	block := int64(d.options.Block)
	return (int64(n) + block - 1) / block * block
}
