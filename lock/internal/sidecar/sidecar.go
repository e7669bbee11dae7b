// Package sidecar opens the files that lie next to a lock file and hold what the lock file itself cannot: other programs truncate it.
package sidecar

import (
	"context"
	"errors"
	"fmt"
	iofs "io/fs"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
)

// A sidecar is locked for a few system calls at a time, so a contender looks again soon.
const (
	firstPause = 50 * time.Microsecond
	maxPause   = 5 * time.Millisecond
)

// patience bounds how long an acquisition or release waits for a sidecar: a process that is stopped inside, or that has no business with the file, would keep it.
const patience = 100 * time.Millisecond

// LockedError says that another process has kept a sidecar locked for longer than Holdfast does unless it is stopped. It is worth while to try again once [Locked]
// says that it has let go.
type LockedError struct{ Path string }

func (e *LockedError) Error() string {
	return e.Path + " is kept locked by another process: end that process or let it go on if it is stopped, and let nobody but Holdfast lock this file"
}

// Lock opens the file at path, creates it if needed, and locks it. It waits for another process that has it locked until ctx ends, but for no longer than a tenth of a
// second: then the error is a [*LockedError]. The permission bits become mode, as far as this process may set them; nil leaves them to the umask.
func Lock(ctx context.Context, host fs.Host, path string, mode *fs.FileMode) (f fs.File, err error) {
	perm := fs.FileMode(0o666)
	if mode != nil {
		perm = *mode
	}
	err = Patiently(ctx, host, path, func() (bool, error) {
		f, err = openAndTry(host, path, perm, mode)
		return f != nil, err
	})
	return f, err
}

// Patiently calls try until it reports true or fails, or ctx ends, but for no longer than a tenth of a second: then the error is a [*LockedError] about path.
func Patiently(ctx context.Context, host fs.Host, path string, try func() (bool, error)) error {
	ctx, cancel := host.WithTimeout(ctx, patience, nil)
	defer cancel()
	for pause := firstPause; ; pause = min(2*pause, maxPause) {
		done, err := try()
		if done || err != nil {
			return err
		}
		if host.Sleep(ctx, pause) != nil {
			return &LockedError{Path: path}
		}
	}
}

// openAndTry returns neither file nor error if another process is in the way.
func openAndTry(host fs.Host, path string, perm fs.FileMode, mode *fs.FileMode) (fs.File, error) {
	f, err := Open(host, path, perm)
	switch {
	case errors.Is(err, fs.ErrBusy):
		return nil, nil
	case errors.Is(err, fs.ErrNameTooLong):
		return nil, fmt.Errorf("%w: Lifetime and Fencing keep files beside the lock file, so it needs a shorter name", err)
	case err != nil:
		return nil, err
	}
	held, err := try(host, path, f, mode)
	if held && err == nil {
		return f, nil
	}
	f.Close()
	return nil, err
}

func try(host fs.Host, path string, f fs.File, mode *fs.FileMode) (bool, error) {
	info, err := Regular(f)
	if err != nil {
		return false, err
	}
	held, err := f.TryLock(fs.Whole, fs.LockExclusive)
	if !held || err != nil {
		return false, err
	}
	if mode != nil && info.Mode.Perm() != *mode {
		if err := f.Chmod(*mode); err != nil && !errors.Is(err, iofs.ErrPermission) {
			return false, err
		}
	}
	return InPlace(host, path, info.ID)
}

// Open opens the file at path for reading and writing, and creates it if it is missing. The error is [fs.ErrBusy] as well if somebody is just removing it.
func Open(host fs.Host, path string, perm fs.FileMode) (fs.File, error) {
	// NonBlock: a FIFO or a device in place of the file must not block the open.
	const flags = fs.ReadWrite | fs.NoFollow | fs.NonBlock
	f, err := host.Open(path, flags|fs.Create, perm)
	if errors.Is(err, iofs.ErrPermission) {
		// In a sticky directory the kernel refuses O_CREAT on an existing file of somebody else (fs.protected_regular).
		if _, missing := host.Lstat(path); missing == nil {
			f, err = host.Open(path, flags, 0)
			if errors.Is(err, iofs.ErrNotExist) {
				err = fs.Mark(err, fs.ErrBusy)
			}
		}
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Regular describes an open file, which must be a regular one.
func Regular(f fs.File) (fs.Info, error) {
	info, err := f.Stat()
	if err == nil && !info.Mode.IsRegular() {
		err = &iofs.PathError{Op: "open", Path: f.Name(), Err: fmt.Errorf("%w but %v", fs.ErrNotRegular, info.Mode.Type())}
	}
	return info, err
}

// Unlock ends what Lock began.
func Unlock(f fs.File) error { return errors.Join(f.Unlock(fs.Whole), f.Close()) }

// Locked reports whether somebody has the file at path locked. If that cannot be seen, the answer is false, and Lock will tell why.
func Locked(host fs.Host, path string) bool {
	f, err := host.Open(path, fs.ReadWrite|fs.NoFollow|fs.NonBlock, 0)
	if err != nil {
		return errors.Is(err, fs.ErrBusy)
	}
	defer f.Close()
	held, err := f.TryLock(fs.Whole, fs.LockExclusive)
	if held {
		f.Unlock(fs.Whole)
	}
	return !held && err == nil
}

// Read opens the file at path for reading, without a lock. It returns nil if there is none.
func Read(host fs.Host, path string) (fs.File, error) {
	f, err := host.Open(path, fs.ReadOnly|fs.NoFollow|fs.NonBlock, 0)
	if errors.Is(err, iofs.ErrNotExist) || errors.Is(err, fs.ErrNameTooLong) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if _, err := Regular(f); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// InPlace reports whether path names the file id, which the caller has open.
func InPlace(host fs.Host, path string, id fs.FileID) (bool, error) {
	named, err := host.Lstat(path)
	if errors.Is(err, iofs.ErrNotExist) {
		return false, nil
	}
	return err == nil && named.ID == id, err
}
