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

// Lock opens the file at path, creates it if needed, and locks it. It waits for another process that has it locked until ctx ends.
func Lock(ctx context.Context, host fs.Host, path string) (fs.File, error) {
	for pause := firstPause; ; pause = min(2*pause, maxPause) {
		f, err := host.Open(path, fs.ReadWrite|fs.Create|fs.NoFollow|fs.NonBlock, 0o666)
		if err != nil {
			return nil, err
		}
		held, err := tryLock(host, path, f)
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

func tryLock(host fs.Host, path string, f fs.File) (bool, error) {
	held, err := f.TryLock(fs.Whole, fs.LockExclusive)
	if !held || err != nil {
		return false, err
	}
	info, err := f.Stat()
	if err != nil {
		return false, err
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
