// Package sidecar opens the files that lie next to a lock file and hold what the lock file itself cannot: other programs truncate it.
package sidecar

import (
	"context"
	"errors"
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

// ErrLocked says that another process has kept a sidecar locked for longer than Holdfast ever does.
var ErrLocked = errors.New("another process keeps it locked: end that process or let it go on if it is stopped, and let nobody but Holdfast lock this file")

// Lock opens the file at path, creates it if needed, and locks it. It waits for another process that has it locked until ctx ends, and for a tenth of a second at
// most: then the error is ErrLocked. The permission bits become mode, as far as this process may set them; nil leaves them to the umask.
func Lock(ctx context.Context, host fs.Host, path string, mode *fs.FileMode) (fs.File, error) {
	ctx, cancel := host.WithTimeout(ctx, patience, ErrLocked)
	defer cancel()
	f, err := lock(ctx, host, path, mode)
	if err == ErrLocked {
		err = &iofs.PathError{Op: "lock", Path: path, Err: err}
	}
	return f, err
}

func lock(ctx context.Context, host fs.Host, path string, mode *fs.FileMode) (fs.File, error) {
	perm := fs.FileMode(0o666)
	if mode != nil {
		perm = *mode
	}
	for pause := firstPause; ; pause = min(2*pause, maxPause) {
		f, err := host.Open(path, fs.ReadWrite|fs.Create|fs.NoFollow|fs.NonBlock, perm)
		if err != nil {
			return nil, err
		}
		held, err := tryLock(host, path, f, mode)
		if held && err == nil {
			return f, nil
		}
		f.Close()
		if err == nil {
			err = host.Sleep(ctx, pause)
		}
		if err != nil {
			return nil, err
		}
	}
}

func tryLock(host fs.Host, path string, f fs.File, mode *fs.FileMode) (bool, error) {
	held, err := f.TryLock(fs.Whole, fs.LockExclusive)
	if !held || err != nil {
		return false, err
	}
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	if mode != nil && info.Mode.Perm() != *mode {
		if err := f.Chmod(*mode); err != nil && !errors.Is(err, iofs.ErrPermission) {
			return false, err
		}
	}
	return InPlace(host, path, info.ID)
}

// Unlock ends what Lock began.
func Unlock(f fs.File) error { return errors.Join(f.Unlock(fs.Whole), f.Close()) }

// Read opens the file at path for reading, without a lock. It returns nil if there is none.
func Read(host fs.Host, path string) (fs.File, error) {
	f, err := host.Open(path, fs.ReadOnly|fs.NoFollow|fs.NonBlock, 0)
	if errors.Is(err, iofs.ErrNotExist) {
		return nil, nil
	}
	return f, err
}

// InPlace reports whether path names the file id, which the caller has open.
func InPlace(host fs.Host, path string, id fs.FileID) (bool, error) {
	named, err := host.Lstat(path)
	if errors.Is(err, iofs.ErrNotExist) {
		return false, nil
	}
	return err == nil && named.ID == id, err
}
