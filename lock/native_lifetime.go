package lock

import (
	"context"
	"errors"
	"fmt"
	iofs "io/fs"
	"math"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/lock/internal/lifetime"
	"github.com/holdfast-lock/holdfast/lock/internal/sidecar"
)

// A holder that is stopped keeps its kernel lock, and nobody can take that from it. What can be taken from it is the name: a contender puts a new file in its place,
// locked by itself, and everybody who compares the name with the file goes there. This is right only if the holder's hold has expired by then, so:
//
//   - The holder writes down when its hold expires, before it is told that it has it, on a clock that all processes of the machine share.
//   - It writes, and the contender reads and replaces, under the guard of the record, and both look there whether the path still names the file.
//     So a contender never replaces a file for which a new record is being written.
//   - The kernel says which process has the file locked. A record whose writer died, or does not hold the file, proves nothing: some other program that
//     knows no records may have the lock.
//   - The holder removes its record before it unlocks, so that no record stands while the same process holds the file without a lifetime.

// recordKeeper writes the records of this process's holds of one path.
type recordKeeper struct {
	host   fs.Host
	path   string
	mode   *fs.FileMode // of the record's file, as the last hold had it
	self   fs.Identity  // this process, as the last record has it: part of an identity may be unknown at first
	last   uint64       // number of the last record
	looked bool         // for a record of this process that was written before the first acquisition
	stale  bool         // a record of ours stands that has not been removed
}

// written reports whether a record stands that this process wrote: for an earlier hold, or, seen from the first acquisition, before it executed another program.
func (r *recordKeeper) written() bool {
	if !r.looked {
		rec, ok, err := lifetime.Peek(r.host, r.path)
		r.looked = err == nil
		// The number is enough: the record of another process of that number is none of the caller's hold either.
		if err == nil && ok && rec.Holder.PID == r.host.PID() {
			r.stale, r.self, r.last = true, rec.Holder, rec.Hold
		}
	}
	return r.stale
}

// exists reports whether there is, or may be, a file for the record: without one nobody is relieved.
func (r *recordKeeper) exists() bool {
	_, err := r.host.Lstat(r.path + lifetime.Suffix)
	return !errors.Is(err, iofs.ErrNotExist)
}

// after returns t + d, or the end of time.
func after(t, d time.Duration) time.Duration {
	if d > math.MaxInt64-t {
		return math.MaxInt64
	}
	return t + d
}

// guard locks the record for a short time.
func (r *recordKeeper) guard(ctx context.Context) (*lifetime.Guard, error) {
	return lifetime.Lock(ctx, r.host, r.path, r.mode)
}

// begin writes the record of a hold of the file id, which the caller has locked, and returns when it expires. It reports false if the file lost its name to a
// contender that took over meanwhile. A lifetime of 0 only removes the record of an earlier hold.
func (r *recordKeeper) begin(ctx context.Context, id fs.FileID, o *options) (time.Duration, bool, error) {
	r.mode = o.mode
	g, err := r.guard(ctx)
	if err != nil {
		return 0, false, fmt.Errorf("lifetime record: %w", err)
	}
	defer g.Unlock()
	info, err := r.host.Lstat(r.path)
	if err != nil || info.ID != id {
		return 0, false, nil // whatever it is, the next attempt will tell
	}
	if o.lifetime == 0 {
		err := g.Clear()
		r.stale = err != nil
		return 0, err == nil, err
	}
	expires, err := r.write(g, id, o.lifetime)
	return expires, err == nil, err
}

func (r *recordKeeper) write(g *lifetime.Guard, id fs.FileID, life time.Duration) (time.Duration, error) {
	expires := after(uptime(r.host), life)
	r.last++
	r.self, r.stale = r.host.Self(), true
	err := g.Write(lifetime.Record{Holder: r.self, File: id, Expires: expires, Hold: r.last})
	if err != nil {
		return 0, fmt.Errorf("lifetime record: %w", err)
	}
	return expires, nil
}

// end removes the record of this process's last hold, if it wrote one. If that fails it is tried again before the next hold begins.
func (r *recordKeeper) end(ctx context.Context) error {
	if !r.stale {
		return nil
	}
	g, err := r.guard(ctx)
	if err != nil {
		return err
	}
	defer g.Unlock()
	if rec, ok, err := g.Read(); err != nil || ok && rec.Holder == r.self && rec.Hold == r.last {
		if err := errors.Join(err, g.Clear()); err != nil {
			return err
		}
	}
	r.stale = false // gone, or replaced by that of a contender that took over
	return nil
}

// takeOver relieves a holder whose lifetime has passed.
func (n *native) takeOver(ctx context.Context, o *options) (taken, error) {
	n.record.mode = o.mode
	g, err := n.record.guard(ctx)
	if err != nil {
		return taken{}, nil // to be waited for like the lock itself, and so is whatever else may be missing
	}
	defer g.Unlock()
	evidence, rec, mode := n.expired(g)
	if evidence == "" {
		return taken{}, nil
	}
	if o.mode != nil {
		mode = *o.mode
	}
	f, id, err := n.replace(mode, rec)
	if f == nil || err != nil {
		return taken{}, err
	}
	n.lowerFlag(n.file)
	if n.file != nil {
		n.letGoUnlocked()
	}
	n.file, n.id = f, id
	t := taken{ok: true, file: f, broke: evidence}
	if t.expires, err = n.record.write(g, id, o.lifetime); err != nil {
		return taken{}, errors.Join(err, n.letGo())
	}
	n.holdBegins()
	return t, nil
}

// expired returns the evidence that the holder of the file at the path has outlived its lifetime, or "" if it is not proven, its record, and the permission bits of the file.
func (n *native) expired(g *lifetime.Guard) (evidence string, rec lifetime.Record, mode fs.FileMode) {
	rec, ok, err := g.Read()
	if !ok || err != nil {
		return "", rec, 0
	}
	self, now := n.host.Self(), uptime(n.host)
	if now <= rec.Expires || self.Boot == "" || rec.Holder.Boot != self.Boot || rec.Holder.Host != self.Host || rec.Holder.PIDNamespace != self.PIDNamespace {
		return "", rec, 0
	}
	info, err := n.host.Lstat(n.path)
	if err != nil || info.ID != rec.File {
		return "", rec, 0 // the holder's file has lost its name already
	}
	if held, byOther := n.holders(rec); !held || byOther || n.host.Liveness(rec.Holder) != fs.Alive {
		return "", rec, 0 // the lock is free, or its holder is another process, with the same number maybe
	}
	return fmt.Sprintf("pid %d held the lock %v longer than its lifetime", rec.Holder.PID, roundForPeople(now-rec.Expires)), rec, info.Mode.Perm()
}

// holders reports whether the file of a record is locked by the process that wrote the record, and whether it is, or may be, by another one.
func (n *native) holders(rec lifetime.Record) (held, byOther bool) {
	table, err := n.host.LockTable(n.path, rec.File)
	if err != nil {
		return false, true // nobody can say who holds the file
	}
	for _, owner := range table.Owners {
		switch {
		case owner.Waiting:
		case owner.PID == rec.Holder.PID:
			held = true
		default:
			byOther = true
		}
	}
	return held, byOther
}

// replace puts a new file, locked and with the given permission bits, in the place of the lock file, which is that of the record. It returns nil if that cannot be done:
// the directory may be read-only or full, or this process have no descriptor left, which is no reason not to go on waiting.
//
// Between the first look at the holders and the renaming, the holder may have died, and somebody who writes no record have taken the lock. Whoever does so once the old file has a second name sees that, and
// waits for the guard. So the holders are looked at again when it has. Programs that do not know of this may still come in, and so they are looked at a third time, when nobody passes for the old file's holder any
// more who was not before; if there is another one, the old file gets its name back.
func (n *native) replace(mode fs.FileMode, rec lifetime.Record) (fs.File, fs.FileID, error) {
	temp := privateName(n.host, n.path)
	old := temp + ".old"
	f, err := n.host.Open(temp, fs.ReadWrite|fs.Create|fs.Exclusive|fs.NoFollow, mode)
	if err != nil {
		return nil, fs.FileID{}, nil
	}
	f.Chmod(mode) // whatever the umask; where it cannot be had, the lock is worth more than its permissions
	id, replaced, err := n.renameOver(f, temp, old, rec)
	if replaced {
		n.host.Remove(old)
		return f, id, nil
	}
	n.host.Remove(temp)
	n.host.Remove(old)
	f.Close() // after the renaming: whoever waits for this file must find that it is not the lock
	return nil, fs.FileID{}, err
}

// renameOver locks the file f, whose name is temp, and gives it that of the lock file, which gets the name old beside. The only error is that the lock file did not get its name back.
func (n *native) renameOver(f fs.File, temp, old string, rec lifetime.Record) (id fs.FileID, replaced bool, err error) {
	held, err := f.TryLock(fs.Whole, fs.LockExclusive)
	if !held || err != nil {
		return id, false, nil
	}
	info, err := f.Stat()
	if err != nil || n.host.Link(n.path, old) != nil {
		return id, false, nil
	}
	// Somebody who knows no records may have put another file in the place of the holder's since that was looked at.
	if same, err := sidecar.InPlace(n.host, old, rec.File); !same || err != nil {
		return id, false, nil
	}
	if _, byOther := n.holders(rec); byOther || n.host.Rename(temp, n.path) != nil {
		return id, false, nil
	}
	if _, byOther := n.holders(rec); byOther {
		return id, false, n.host.Rename(old, n.path)
	}
	return info.ID, true, nil
}
