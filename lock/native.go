package lock

import (
	"context"
	"errors"
	"fmt"
	iofs "io/fs"
	"path/filepath"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/lock/internal/lifetime"
	"github.com/holdfast-lock/holdfast/lock/internal/marker"
	"github.com/holdfast-lock/holdfast/lock/internal/sidecar"
)

// native is the platform's own lock on the whole file. The file is kept open between acquisitions: one descriptor per file and process.
type native struct {
	host fs.Host
	path string
	file fs.File // nil if none is open
	id   fs.FileID
	made bool // by this process, when it was opened
	courtesy
	recheck         recheck
	record          recordKeeper
	refusedTakeOver bool // a record that had expired did not prove enough
}

var nativeKind = kind{"native", newNative, func(o *options) error {
	if o.evictEmpty {
		return fmt.Errorf("%w: EvictEmpty is for soft locks", ErrOption)
	}
	return o.noLease()
}}

func newNative(host fs.Host, path string) protocol {
	return &native{host: host, path: path, courtesy: courtesy{host: host}, recheck: recheck{host: host}, record: recordKeeper{host: host, path: path}}
}

// maxReopens bounds how often an attempt follows a lock file that is being replaced again and again.
const maxReopens = 16

func (n *native) attempt(ctx context.Context, o *options, patient bool) (taken, error) {
	if patient && n.shouldStepBack(n.file) {
		return taken{}, nil
	}
	return n.try(ctx, o)
}

// try makes one attempt on the file that the path names now.
func (n *native) try(ctx context.Context, o *options) (taken, error) {
	for range maxReopens {
		if opened, err := n.open(o); !opened || err != nil {
			return taken{}, err
		}
		held, err := n.file.TryLock(fs.Whole, fs.LockExclusive)
		if err != nil {
			return taken{}, n.refused(err)
		}
		if !held {
			// Whoever holds a file that has lost its name, maybe because it was relieved, does not hold the lock.
			if same, err := sidecar.InPlace(n.host, n.path, n.id); same || err != nil {
				return taken{}, err
			}
			if err := n.letGoUnlocked(); err != nil {
				return taken{}, err
			}
			continue
		}
		t, err := n.verify(ctx, o)
		if t.ok || t.obstacle != nil || err != nil {
			return t, err
		}
	}
	return taken{}, nil
}

// open opens the file at the path unless it is open. It reports false where a peer is just creating or removing it, which is contention.
func (n *native) open(o *options) (bool, error) {
	if n.file != nil {
		return true, nil
	}
	var f fs.File
	var made bool
	var err error
	if o.fallback != nil {
		f, made, err = n.makeFile(o)
	} else {
		f, err = n.openFile(o)
	}
	if f == nil || err != nil {
		return false, err
	}
	info, err := sidecar.Regular(f)
	if err == nil {
		err = n.contradiction(f, info.Size)
	}
	var volume fs.Volume
	if err == nil {
		volume, err = f.Volume()
	}
	if err != nil {
		f.Close()
		return false, err
	}
	n.file, n.id, n.made = f, info.ID, made
	n.prepareFor(volume)
	return true, nil
}

// makeFile opens the lock file where there is another lock to fall back to, and reports whether it has made it. To a soft lock of the same path an empty file is the marker of somebody of whom nothing is
// known, so whoever has made one must know. It returns nil where a peer is in the way.
func (n *native) makeFile(o *options) (f fs.File, made bool, err error) {
	for range maxReopens {
		f, err = n.host.Open(n.path, fs.ReadWrite|fs.Create|fs.Exclusive|fs.NoFollow, o.perm())
		switch {
		case errors.Is(err, iofs.ErrNotExist):
			if err := makeDir(n.host, filepath.Dir(n.path)); err != nil {
				return nil, false, err
			}
			continue
		case errors.Is(err, fs.ErrBusy):
			return nil, false, nil
		case !errors.Is(err, iofs.ErrExist):
			return f, err == nil, err
		}
		f, err = n.host.Open(n.path, fs.ReadWrite|fs.NoFollow|fs.NonBlock, 0)
		switch {
		case errors.Is(err, iofs.ErrNotExist): // removed in between
		case errors.Is(err, fs.ErrBusy):
			return nil, false, nil
		default:
			return f, false, err
		}
	}
	return nil, false, nil
}

// contradiction returns an error if the file says that the path is that of another kind of lock. Two lines with a process and a machine, as a soft lock has them, can as well be what a holder of this one has written.
func (n *native) contradiction(f fs.File, size int64) error {
	if size == 0 || size > marker.MaxSize {
		return nil
	}
	content, err := readMarker(f)
	if err != nil {
		return err
	}
	switch kind := marker.Parse(content).Kind; kind {
	case marker.Lease, marker.Exclusive, marker.Unknown, marker.Strict:
		return &ContractError{Path: n.path, Found: contracts[kind], Asked: "a native lock"}
	}
	return nil
}

// openFile opens the lock file, creates it and its directory if needed, and returns nil where a peer is in the way.
func (n *native) openFile(o *options) (fs.File, error) {
	f, err := sidecar.Open(n.host, n.path, o.perm())
	if errors.Is(err, iofs.ErrNotExist) && !errors.Is(err, fs.ErrBusy) {
		if err := makeDir(n.host, filepath.Dir(n.path)); err != nil {
			return nil, err
		}
		// If the directory was there, the name may have been removed between the kernel's two looks at it (FUSE, NFS). Once more says whether it is that, or a directory in
		// which nothing can be: a link to nowhere, /proc.
		f, err = sidecar.Open(n.host, n.path, o.perm())
	}
	if errors.Is(err, fs.ErrBusy) {
		return nil, nil
	}
	return f, err
}

// verify makes sure that the file that was just locked is the lock: that the path still leads to it. If not, the file is let go, with
// its lock. Without this, whoever locks the file that took the name meanwhile would be inside as well.
//
// A second name is what a contender gives the file before it relieves the holder, which it does under the guard of the record. So if the file has one, it is looked at under the guard once more.
func (n *native) verify(ctx context.Context, o *options) (taken, error) {
	info, err := n.host.Lstat(n.path)
	switch {
	case errors.Is(err, iofs.ErrNotExist) || err == nil && info.ID != n.id:
		return taken{}, n.letGo()
	case err != nil:
		return taken{}, errors.Join(err, n.letGo())
	}
	t := taken{ok: true, file: n.file}
	if o.mode != nil && info.Mode.Perm() != *o.mode {
		if err := n.file.Chmod(*o.mode); err != nil && !errors.Is(err, iofs.ErrPermission) {
			return taken{}, errors.Join(err, n.letGo())
		}
	}
	if o.lifetime > 0 || n.record.written() || info.Links > 1 && n.record.exists() {
		t.expires, t.ok, err = n.record.begin(ctx, n.id, o)
		if err != nil || !t.ok {
			return n.without(err)
		}
	}
	n.holdBegins()
	return t, nil
}

// without lets go of a lock that was taken, because what was to be done to its record failed. err is nil if the lock was lost meanwhile.
func (n *native) without(err error) (taken, error) {
	letGoErr := n.letGo()
	if isLocked(err) {
		return taken{obstacle: err}, letGoErr
	}
	return taken{}, errors.Join(err, letGoErr)
}

// letGo closes the file. It is unlocked first: a copy of the descriptor in a child of a program that forked would keep the lock.
func (n *native) letGo() error {
	if n.file == nil {
		return nil
	}
	f := n.file
	n.file = nil
	err := errors.Join(f.Unlock(fs.Whole), f.Close())
	n.holdEnds()
	return err
}

func (n *native) mayPass() bool { return n.file != nil && n.mayKeep(n.file) } // no file: it was closed because it could not be unlocked

func (n *native) pass(ctx context.Context, o *options) (taken, error) {
	if err := n.record.end(ctx); err != nil {
		return n.without(err)
	}
	return n.verify(ctx, o)
}

func (n *native) release() error {
	if n.file == nil {
		return nil
	}
	// The record goes first: once the lock is free it would speak of somebody else's hold.
	n.record.end(context.Background())
	if err := n.file.Unlock(fs.Whole); err != nil {
		return err
	}
	n.holdEnds()
	return nil
}

func (n *native) close() error {
	n.recheck.close()
	return n.letGo()
}

// refused completes the error of a filesystem that has no lock to give.
func (n *native) refused(err error) error {
	volume, _ := n.file.Volume()
	if n.made && errors.Is(err, fs.ErrNoLocks) {
		f := n.file
		if _, _, err := takeAway(n.host, n.path, n.id, func() (bool, error) {
			info, err := f.Stat()
			return err == nil && info.Size == 0, err
		}); err != nil {
			return errors.Join(fmt.Errorf("the file that was made for the lock cannot be removed: %w", err), n.letGo())
		}
	}
	if closeErr := n.letGo(); closeErr != nil && !errors.Is(closeErr, fs.ErrNoLocks) {
		err = errors.Join(err, closeErr)
	}
	if errors.Is(err, fs.ErrNoLocks) {
		return &UnsupportedError{Path: n.path, Volume: volume.Type, Err: err}
	}
	return err
}

func (n *native) inspect() (Status, error) { return inspectFile(n.host, n.path) }

// RecheckInterval is how often a contender that waits in the kernel looks whether the lock file still has its name. Whoever waits for a file that
// was moved or deleted, or whose stopped holder was relieved, goes to the new one after this time at most.
const RecheckInterval = 250 * time.Millisecond

// The causes for which a wait in the kernel is interrupted, beside the end of the caller's context.
var (
	errMoved = errors.New("the lock file was moved")
	errDue   = errors.New("the hold has expired")
)

func (n *native) wait(ctx context.Context, o *options) (taken, error) {
	defer func() { n.lowerFlag(n.file) }()
	n.refusedTakeOver = false
	pause := newBackoff(n.host)
	for {
		if n.file != nil {
			n.raiseFlag(n.file)
		}
		stepped, err := n.stepBack(ctx)
		if err != nil {
			return taken{}, err
		}
		if stepped || n.file == nil || !n.canWait {
			t, err := n.try(ctx, o)
			n.steppedBack(stepped, t.ok)
			if t.ok || t.obstacle != nil || err != nil {
				return t, err
			}
		}
		if n.file != nil && n.canWait {
			t, err := n.waitInKernel(ctx, o)
			if t.ok || t.obstacle != nil || err != nil {
				return t, err
			}
			continue
		}
		if o.lifetime > 0 {
			if t, err := n.takeOver(ctx, o); t.ok || err != nil {
				return t, err
			}
		}
		if err := n.host.Sleep(ctx, pause.next(o.pollInterval())); err != nil {
			return taken{}, err
		}
	}
}

// waitInKernel waits for the open file. It returns neither the lock nor an error when the file has lost its name.
func (n *native) waitInKernel(ctx context.Context, o *options) (taken, error) {
	n.raiseFlag(n.file) // the file may be another one than before the attempt
	watched, stop := n.watch(ctx, o)
	held, err := n.file.WaitLock(watched, fs.Whole, fs.LockExclusive)
	stop()
	switch {
	case held && err == nil:
		return n.verify(ctx, o)
	case err == errMoved:
		return taken{}, n.letGoUnlocked()
	case err == errDue:
		t, err := n.takeOver(ctx, o)
		n.refusedTakeOver = !t.ok // then not again before the next look
		return t, err
	case err != nil && sameError(err, context.Cause(ctx)):
		return taken{}, err
	case errors.Is(err, fs.ErrUnsupported):
		n.canWait = false
		return taken{}, nil
	case err != nil:
		return taken{}, n.refused(err)
	}
	return taken{}, nil
}

// letGoUnlocked closes a file whose lock is not held.
func (n *native) letGoUnlocked() error {
	f := n.file
	n.file = nil
	return f.Close()
}

// watch derives a context that also ends when the open file is no longer the one to wait for.
func (n *native) watch(ctx context.Context, o *options) (context.Context, func()) {
	id := n.id // this task's; the rest of n belongs to the waiter
	return n.recheck.watch(ctx, o.lifetime > 0 && !n.refusedTakeOver, func() (time.Duration, error) {
		if same, err := sidecar.InPlace(n.host, n.path, id); err == nil && !same {
			return 0, errMoved
		}
		if o.lifetime == 0 {
			return RecheckInterval, nil
		}
		r, ok, err := lifetime.Peek(n.host, n.path)
		if err != nil || !ok || r.File != id {
			return RecheckInterval, nil
		}
		left := r.Expires - uptime(n.host)
		if left < 0 {
			return 0, errDue
		}
		return min(left+time.Millisecond, RecheckInterval), nil
	})
}
