package sim

import (
	"context"
	"errors"
	"io"
	"slices"
	"syscall"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/sim/disk"
)

// named begins a call about a path. It returns an error if a fault comes before the effect.
func (p *Process) named(op Op, path string) (*Task, error) {
	w := p.world
	t := w.point(op, hashString(path))
	if !w.faulty[op] {
		return t, nil
	}
	if errno, _ := w.strike(t, path, false); errno != 0 {
		return t, failure(op, path, errno)
	}
	return t, nil
}

// finish ends a call about a path that had its effect.
func (p *Process) finish(t *Task, path string, err error) error {
	w := p.world
	if w.faulty[t.op] {
		if errno, _ := w.strike(t, path, true); errno != 0 {
			err = failure(t.op, path, errno)
		}
	}
	w.mix(t, resultOf(err))
	if w.config.Trace != nil {
		w.record(t, path, err)
	}
	return err
}

// resultOf is what of an error goes into the hash of a run.
func resultOf(err error) uint64 {
	if err == nil {
		return 0
	}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return uint64(errno)
	}
	return 1 << 20
}

// tellNamed tells whoever wants to know of a call about a name that has had its effect.
func (p *Process) tellNamed(op Op, name, from string) {
	if told := p.world.config.Named; told != nil {
		told(p, op, name, from)
	}
}

func (p *Process) wall() time.Time { return p.machine.wall(p.world.now) }

// Open implements [fs.Files].
func (p *Process) Open(path string, flag fs.OpenFlag, perm fs.FileMode) (fs.File, error) {
	t, err := p.named(OpOpen, path)
	var f *disk.File
	if err == nil {
		f, err = p.machine.Disk(path).Open(p.cred, path, flag, perm, p.wall())
		p.tellNamed(OpOpen, path, "")
	}
	if err = p.finish(t, path, err); err != nil {
		if f != nil {
			f.Close()
		}
		return nil, err
	}
	return p.adopt(f, path, p.machine.Disk(path).Volume()), nil
}

// adopt enters a file in the process's table.
func (p *Process) adopt(d *disk.File, path string, v fs.Volume) *file {
	f := &file{proc: p, disk: d, path: path, object: hashString(path), volume: v}
	if info, err := d.Stat(); err == nil {
		f.id = info.ID
	}
	p.files = append(p.files, f)
	return f
}

func (p *Process) inherit(f *file) { p.adopt(f.disk.Dup(), f.path, f.volume) }

// Link implements [fs.Files].
func (p *Process) Link(oldname, newname string) error {
	t, err := p.named(OpLink, newname)
	if err == nil {
		if d := p.machine.Disk(oldname); d != p.machine.Disk(newname) {
			err = failure(OpLink, newname, syscall.EXDEV)
		} else {
			err = d.Link(p.cred, oldname, newname, p.wall())
			p.tellNamed(OpLink, newname, oldname)
		}
	}
	return p.finish(t, newname, err)
}

// Rename implements [fs.Files].
func (p *Process) Rename(oldname, newname string) error {
	t, err := p.named(OpRename, newname)
	if err == nil {
		if d := p.machine.Disk(oldname); d != p.machine.Disk(newname) {
			err = failure(OpRename, newname, syscall.EXDEV)
		} else {
			err = d.Rename(p.cred, oldname, newname, p.wall())
			p.tellNamed(OpRename, newname, oldname)
		}
	}
	return p.finish(t, newname, err)
}

// Remove implements [fs.Files].
func (p *Process) Remove(path string) error {
	t, err := p.named(OpRemove, path)
	if err == nil {
		err = p.machine.Disk(path).Remove(p.cred, path, p.wall())
		p.tellNamed(OpRemove, path, "")
	}
	return p.finish(t, path, err)
}

// Mkdir implements [fs.Files].
func (p *Process) Mkdir(path string, perm fs.FileMode) error {
	t, err := p.named(OpMkdir, path)
	if err == nil {
		err = p.machine.Disk(path).Mkdir(p.cred, path, perm, p.wall())
	}
	return p.finish(t, path, err)
}

// Lstat implements [fs.Files].
func (p *Process) Lstat(path string) (info fs.Info, err error) {
	t, err := p.named(OpLstat, path)
	if err == nil {
		info, err = p.machine.Disk(path).Lstat(p.cred, path)
		p.tellNamed(OpLstat, path, "")
	}
	if err = p.finish(t, path, err); err != nil {
		return fs.Info{}, err
	}
	return info, nil
}

// ReadDir implements [fs.Files].
func (p *Process) ReadDir(path string) (entries []fs.DirEntry, err error) {
	t, err := p.named(OpReadDir, path)
	if err == nil {
		entries, err = p.machine.Disk(path).ReadDir(p.cred, path)
	}
	if err = p.finish(t, path, err); err != nil {
		return nil, err
	}
	return entries, nil
}

// Canonical implements [fs.Files].
func (p *Process) Canonical(path string) (canonical string, err error) {
	t, err := p.named(OpCanonical, path)
	if err == nil {
		canonical, err = p.machine.Disk(path).Canonical(p.cred, path)
	}
	if err = p.finish(t, path, err); err != nil {
		return "", err
	}
	return canonical, nil
}

// LockTable implements [fs.Files]. Processes in other pid namespaces are not seen.
func (p *Process) LockTable(path string, id fs.FileID) (fs.LockTable, error) {
	t, err := p.named(OpLockTable, path)
	table := fs.LockTable{Complete: p.namespace == p.machine.root}
	if err == nil {
		for _, held := range p.machine.Disk(path).Holders(id) {
			table.Owners = append(table.Owners, p.owner(held.Owner, held.Mode, false))
		}
		for _, waiter := range p.world.lockers {
			if l := waiter.lock; l.region == fs.Whole && l.id == id && waiter.proc.machine == p.machine {
				table.Owners = append(table.Owners, p.owner(waiter.proc.serial, l.mode, true))
			}
		}
		table.Owners = slices.DeleteFunc(table.Owners, func(o fs.LockOwner) bool { return o.PID == 0 && !table.Complete })
	}
	if err = p.finish(t, path, err); err != nil {
		return fs.LockTable{}, err
	}
	return table, nil
}

// owner describes the process with a number of [Process.serial] as p sees it.
func (p *Process) owner(serial int, mode fs.LockMode, waiting bool) fs.LockOwner {
	o := fs.LockOwner{Waiting: waiting, Mode: mode}
	if other := p.world.processes[serial]; other.machine == p.machine && (other.namespace == p.namespace || p.namespace == p.machine.root) {
		o.PID, o.Command = other.pid, other.name
		if other.namespace != p.namespace {
			o.PID = other.outer
		}
	}
	return o
}

// Watch implements [fs.Files]: the machine has no notification of changes.
func (p *Process) Watch(path string) (fs.Watch, error) {
	t, err := p.named(OpWatch, path)
	if err == nil {
		err = fs.Mark(failure(OpWatch, path, syscall.ENOSYS), fs.ErrUnsupported)
	}
	return nil, p.finish(t, path, err)
}

// file is an open file of a process.
type file struct {
	proc   *Process
	disk   *disk.File
	path   string
	object uint64
	id     fs.FileID
	volume fs.Volume
	closed bool
}

// about begins a call on the file. A fault before the effect is returned as an error, or as a bound on the bytes transferred, if that is not negative.
func (f *file) about(op Op) (t *Task, bytes int, err error) {
	w := f.proc.world
	t = w.point(op, f.object)
	if f.closed {
		return t, -1, failure(op, f.path, syscall.EBADF)
	}
	if !w.faulty[op] {
		return t, -1, nil
	}
	errno, bytes := w.strike(t, f.path, false)
	if errno != 0 {
		err = failure(op, f.path, errno)
	}
	return t, bytes, err
}

func (f *file) Name() string { return f.path }

func (f *file) ReadAt(b []byte, off int64) (n int, err error) {
	t, most, err := f.about(OpRead)
	if err == nil {
		if most >= 0 && most < len(b) {
			b = b[:most]
			n, err = f.disk.ReadAt(b, off)
			if err == nil {
				err = io.EOF
			}
		} else {
			n, err = f.disk.ReadAt(b, off)
		}
	}
	return n, f.proc.finish(t, f.path, err)
}

func (f *file) WriteAt(b []byte, off int64) (n int, err error) {
	t, most, err := f.about(OpWrite)
	if err == nil {
		if most >= 0 && most < len(b) {
			n, err = f.disk.WriteAt(b[:most], off, f.proc.wall())
			if err == nil {
				err = failure(OpWrite, f.path, syscall.ENOSPC)
			}
		} else {
			n, err = f.disk.WriteAt(b, off, f.proc.wall())
		}
	}
	return n, f.proc.finish(t, f.path, err)
}

func (f *file) Stat() (info fs.Info, err error) {
	t, _, err := f.about(OpStat)
	if err == nil {
		info, err = f.disk.Stat()
	}
	if err = f.proc.finish(t, f.path, err); err != nil {
		return fs.Info{}, err
	}
	return info, nil
}

func (f *file) Volume() (v fs.Volume, err error) {
	t, _, err := f.about(OpVolume)
	if err == nil {
		v = f.volume
	}
	if err = f.proc.finish(t, f.path, err); err != nil {
		return fs.Volume{}, err
	}
	return v, nil
}

func (f *file) Truncate(size int64) error {
	t, _, err := f.about(OpTruncate)
	if err == nil {
		err = f.disk.Truncate(size, f.proc.wall())
	}
	return f.proc.finish(t, f.path, err)
}

func (f *file) Chmod(perm fs.FileMode) error {
	t, _, err := f.about(OpChmod)
	if err == nil {
		err = f.disk.Chmod(perm)
	}
	return f.proc.finish(t, f.path, err)
}

func (f *file) SetTimes(_, mtime time.Time) error {
	t, _, err := f.about(OpSetTimes)
	if err == nil {
		err = f.disk.SetTimes(mtime, f.proc.wall())
		f.proc.tellNamed(OpSetTimes, f.path, "")
	}
	return f.proc.finish(t, f.path, err)
}

func (f *file) Sync() error {
	t, _, err := f.about(OpSync)
	if err == nil {
		err = f.disk.Sync()
	}
	return f.proc.finish(t, f.path, err)
}

// Close implements [io.Closer]. The file is closed also if a fault says otherwise: on Linux the descriptor is gone whatever close returns.
func (f *file) Close() error {
	t, _, err := f.about(OpClose)
	if !f.closed {
		f.proc.files = without(f.proc.files, f)
		if dropErr := f.drop(); err == nil {
			err = dropErr
		}
	}
	return f.proc.finish(t, f.path, err)
}

// drop closes the file without a call of the process.
func (f *file) drop() error {
	f.closed = true
	freed, err := f.disk.Close()
	if freed {
		f.proc.world.wakeLockers(f.disk.Inode())
	}
	return err
}

// TryLock implements [fs.FileLock].
func (f *file) TryLock(r fs.Region, m fs.LockMode) (held bool, err error) {
	t, _, err := f.about(OpTryLock)
	t.lock.region = r
	if err == nil {
		held, err = f.take(r, m)
	}
	return f.locked(t, held, err)
}

// take makes one attempt. Converting a lock can free it for others.
func (f *file) take(r fs.Region, m fs.LockMode) (bool, error) {
	held, freed, err := f.disk.TryLock(r, m, f.proc.serial)
	if freed {
		f.proc.world.wakeLockers(f.disk.Inode())
	}
	return held, err
}

// locked ends an attempt to lock. An attempt that is said to have failed has not locked anything.
func (f *file) locked(t *Task, held bool, err error) (bool, error) {
	p := f.proc
	w := p.world
	if w.faulty[t.op] {
		errno, _ := w.strike(t, f.path, true)
		if errno == syscall.EINTR && t.op == OpWaitLock && held {
			errno = 0
		}
		if errno != 0 {
			err = failure(t.op, f.path, errno)
			if held {
				f.disk.Unlock(t.lock.region)
				w.wakeLockers(f.disk.Inode())
			}
		}
	}
	result := resultOf(err)
	if held && err == nil {
		result = 1<<32 | 1
	}
	w.mix(t, result)
	if w.config.Trace != nil {
		detail := "busy"
		if held {
			detail = "held"
		}
		w.recordDetail(t, f.path, detail, err)
	}
	return held && err == nil, err
}

// lockWait is what a task waits for.
type lockWait struct {
	inode  *disk.Inode
	id     fs.FileID
	region fs.Region
	mode   fs.LockMode
}

// WaitLock implements [fs.FileLock]. When a lock is given up, everybody who waits for the file asks again, and whoever comes first has it: so does Linux.
func (f *file) WaitLock(ctx context.Context, r fs.Region, m fs.LockMode) (bool, error) {
	w, c := f.proc.world, f.proc.world.contextOf(ctx)
	for {
		t, _, err := f.about(OpWaitLock)
		t.lock = lockWait{f.disk.Inode(), f.id, r, m}
		var errno syscall.Errno
		if errors.As(err, &errno) && errno == syscall.EINTR {
			return f.locked(t, false, nil) // spurious: another attempt is worth making
		}
		if err == nil {
			if cause := c.cause(); cause != nil {
				w.mix(t, 2)
				return false, cause
			}
			var held bool
			if !f.volume.KernelWait {
				err = fs.Mark(failure(OpWaitLock, f.path, syscall.ENOSYS), fs.ErrUnsupported)
			} else {
				held, err = f.take(r, m)
			}
			if held {
				return f.locked(t, true, nil)
			}
		}
		if err != nil {
			return f.locked(t, false, err)
		}
		w.mix(t, 3)
		w.lockers = append(w.lockers, t)
		c.enlist(t)
		w.block(t)
		w.lockers = without(w.lockers, t)
		c.discharge(t)
	}
}

// wakeLockers wakes who waits for a lock on a file.
func (w *World) wakeLockers(inode *disk.Inode) {
	for _, t := range w.lockers {
		if t.lock.inode == inode {
			w.wake(t)
		}
	}
}

// Unlock implements [fs.FileLock].
func (f *file) Unlock(r fs.Region) error {
	t, _, err := f.about(OpUnlock)
	if err == nil {
		var freed bool
		if freed, err = f.disk.Unlock(r); freed {
			f.proc.world.wakeLockers(f.disk.Inode())
		}
	}
	return f.proc.finish(t, f.path, err)
}

// Conflict implements [fs.FileLock].
func (f *file) Conflict(r fs.Region, m fs.LockMode) (conflict bool, err error) {
	t, _, err := f.about(OpConflict)
	if err == nil {
		conflict, err = f.disk.Conflict(r, m)
	}
	if err = f.proc.finish(t, f.path, err); err != nil {
		return false, err
	}
	if conflict {
		f.proc.world.hash++
	}
	return conflict, nil
}
