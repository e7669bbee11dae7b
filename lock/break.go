package lock

import (
	"context"
	"errors"
	"fmt"
	iofs "io/fs"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/lock/internal/marker"
	"github.com/holdfast-lock/holdfast/lock/internal/sidecar"
)

// nameGuard is a byte of the marker, behind the other flags, that is locked by whoever is about to take the marker's name away: its holder at the release, a contender that evicts it, or an operator that
// breaks it. Looking whether the path still leads to the marker, and removing what the path leads to, are two steps. Without the guard, one that is stopped between them removes
// the next holder's marker when it goes on (soft-break-during-a-release.txtar, soft-break-of-the-next-hold.txtar). A holder that has waited for the guard in vain leaves the marker to who has it.
var nameGuard = fs.Region{Offset: holderFlag.Offset + 1, Length: 1}

// frontFlag is a byte that a contender keeps locked which looks after a marker that names nobody. It has the kernel's lock on the file, as the holder of a native lock would.
var frontFlag = fs.Region{Offset: nameGuard.Offset + 1, Length: 1}

// isNative reports whether the file, which somebody has locked, may be that of a native lock, which has any content.
func isNative(f fs.File, judged *Record) bool {
	if judged.PID != 0 {
		return false
	}
	inFront, err := f.Conflict(frontFlag, fs.LockExclusive)
	return !inFront || err != nil
}

// guardName locks the byte in the marker f, which is that at path. The file may be open for reading only. It waits for a short time for another process that is
// inside; then the error is a [*sidecar.LockedError].
func guardName(host fs.Host, path string, f fs.File, readOnly bool) error {
	mode := fs.LockExclusive
	if readOnly {
		mode = fs.LockShared // which keeps out everybody but others that may only read
	}
	try := func() (bool, error) { return f.TryLock(nameGuard, mode) }
	held, err := try()
	if !held && err == nil {
		err = sidecar.Patiently(context.Background(), host, path, try)
	}
	if noLocks(err) {
		// Whoever goes on without the guard where others have one is not kept apart from them: so only if there is none, not if the kernel has no room for one more lock.
		if _, err := f.Conflict(nameGuard, mode); err != nil {
			return nil
		}
	}
	return err
}

// guardSuffix is what the name of a file adds to that of the lock file which is locked in place of nameGuard where the locks on a file and on its bytes are not independent, as on network filesystems. There the holder, who has the
// whole marker locked, has its bytes as well. It is for leases: the holder of a soft lock is relieved only when it has died, under the lock that it had.
const guardSuffix = ".guard"

// guardBeside locks that file. It returns none where there are no locks: then those who take a marker's name away are not kept apart.
func guardBeside(host fs.Host, path string, mode *fs.FileMode) (fs.File, error) {
	g, err := sidecar.Lock(context.Background(), host, path+guardSuffix, mode)
	if noLocks(err) {
		return nil, nil
	}
	return g, err
}

// takeAway removes the marker id from path if it is there and unchanged. It reports whether it did, and whether the marker is gone, by this or before. What else the path leads to stays.
func takeAway(host fs.Host, path string, id fs.FileID, unchanged func() (bool, error)) (removed, gone bool, err error) {
	if same, err := sidecar.InPlace(host, path, id); !same || err != nil {
		return false, err == nil, err
	}
	aside := privateName(host, path)
	if err := host.Rename(path, aside); err != nil {
		return false, errors.Is(err, iofs.ErrNotExist), ignoring(err, iofs.ErrNotExist)
	}
	same, err := sidecar.InPlace(host, aside, id)
	if same && err == nil {
		same, err = unchanged()
	}
	if same && err == nil {
		return true, true, ignoring(host.Remove(aside), iofs.ErrNotExist)
	}
	return false, false, errors.Join(err, putBack(host, aside, path))
}

// putBack gives a marker its name back that was another one than the judged, unless somebody has taken that already: then two are inside, and nothing can help it.
func putBack(host fs.Host, aside, path string) error {
	err := host.Link(aside, path)
	if err != nil && !errors.Is(err, iofs.ErrExist) && !errors.Is(err, iofs.ErrNotExist) {
		// There are no hard links here, or not now. Whoever comes in between the look and the renaming loses its marker, where otherwise the holder would.
		if _, missing := host.Lstat(path); errors.Is(missing, iofs.ErrNotExist) {
			return host.Rename(aside, path)
		}
	}
	return ignoring(host.Remove(aside), iofs.ErrNotExist)
}

// ErrChanged: what was to be broken is not what was looked at any more, and nothing was broken.
var ErrChanged = errors.New("has changed since it was looked at: nothing was broken, look again")

// breaker is a protocol whose holds can be ended by force.
type breaker interface {
	breakHold(judged *Record) error
}

var (
	errUnbreakable = fmt.Errorf("%w: the kernel keeps the lock until its holder lets go: end that process", fs.ErrUnsupported)
	errStrict      = fmt.Errorf("%w: the path is that of a strict lock, which is held by claims: look at it, and break it, as one", ErrSettings)
)

// Break ends by force the hold that judged tells of, as [Lock.Status] has shown it in its Record, by removing the marker. Whether the holder lives makes no difference: it goes on, without
// the lock, until its release tells it that the hold was lost. So end it first, or be sure that it has ended. Unlike the eviction of a holder that is proven dead, which needs no
// operator, this is for those of which nothing can be proven, such as one on a machine that is gone.
//
// What has changed since it was looked at is left alone: the error is [ErrChanged] if the marker was removed, replaced, written to or refreshed. It waits for a tenth of a second at most, for a
// holder that is just releasing the lock. A nil judged is [ErrNotHeld]. Locks that have no marker cannot be broken: errors.Is reports the error as [fs.ErrUnsupported].
//
// A process that releases the lock and takes it again, within one tick of the filesystem's clock, can make a marker that nobody can tell from the one before: then it is that hold which ends.
//
// A program that is not Holdfast, and releases the lock between the last look at its marker and the renaming of it, can be followed by another holder, whose marker is renamed then. It gets its name back, and if somebody
// has taken the lock in that moment, there are two holders.
func (l *Lock) Break(judged *Record) error {
	err := errUnbreakable
	if b, ok := l.site.proto.(breaker); ok {
		err = ErrNotHeld
		if judged != nil {
			err = b.breakHold(judged)
		}
	}
	if err != nil {
		return &Error{Op: "break", Path: l.Path(), Err: err}
	}
	if o := l.opts; o.watched() {
		o.emit(Event{Kind: EventBroke, Path: l.Path(), Evidence: "by force: " + judged.String()})
	}
	return nil
}

func (s *soft) breakHold(judged *Record) error { return breakMarker(s.host, s.path, judged) }

// breakMarker removes the marker at path if it is the judged one.
func breakMarker(host fs.Host, path string, judged *Record) error {
	switch {
	case judged.Kind == marker.Strict.String():
		return errStrict
	case len(judged.content) > marker.MaxSize:
		return fmt.Errorf("the file is longer than any marker, so it is no lock: if it is in the way of one, move it elsewhere: %w", fs.ErrUnsupported)
	}
	f, readOnly, err := openMarker(host, path)
	switch {
	case errors.Is(err, iofs.ErrNotExist):
		return fmt.Errorf("%w (there is none any more)", ErrChanged)
	case err != nil:
		return err
	}
	defer f.Close()
	isStill := func() (bool, error) { return judged.isStill(f) }
	// Looked at before anybody is disturbed, and what has changed keeps its name all the time.
	if same, err := isStill(); err != nil {
		return err
	} else if !same {
		return ErrChanged
	}
	// Contenders that look after the marker of another program leave it to this one; a holder that lives keeps the kernel's lock.
	held, err := f.TryLock(fs.Whole, fs.LockExclusive)
	switch {
	case err != nil && !noLocks(err) && !readOnly:
		return err
	case err == nil && !held && isNative(f, judged):
		return fmt.Errorf("the file names no holder and is locked in the kernel, as those of native locks are: %w", errUnbreakable)
	}
	v, err := f.Volume()
	switch {
	case err != nil:
		return err
	case v.SeparateRegions:
		err = guardName(host, path, f, readOnly)
	case judged.Kind == marker.Lease.String():
		var beside fs.File
		if beside, err = guardBeside(host, path, nil); beside != nil {
			defer sidecar.Unlock(beside)
		}
	}
	if err != nil {
		return err
	}
	switch same, err := isStill(); { // it may have been refreshed while the guard was waited for
	case err != nil:
		return err
	case !same:
		return ErrChanged
	}
	// A heartbeat from here on comes too late: it is the hold that was judged, since the file is open and its number nobody else's.
	removed, _, err := takeAway(host, path, judged.id, func() (bool, error) { return true, nil })
	if !removed && err == nil {
		err = ErrChanged
	}
	return err
}
