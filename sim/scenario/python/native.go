package python

import (
	"errors"
	iofs "io/fs"

	"github.com/holdfast-lock/holdfast/fs"
)

// tryNative makes one attempt of UnixFileLock.
func (l *Lock) tryNative() (bool, error) {
	if err := l.makeParents(); err != nil {
		return false, err
	}
	f, err := l.openNative()
	if f == nil {
		return false, err
	}
	if l.era.truncatesOpened { // whoever holds the lock
		f.Truncate(0)
		if l.era.chmodsOpened {
			f.Chmod(l.era.mode)
		}
	}
	held, err := f.TryLock(fs.Whole, fs.LockExclusive)
	if !held {
		f.Close()
		return false, err
	}
	info, err := f.Stat()
	switch {
	case err != nil:
	case l.era.countsLinks && info.Links == 0:
		f.Close()
		return false, nil
	case !l.era.truncatesOpened:
		if err = f.Truncate(0); err == nil && l.Mode != 0 {
			err = f.Chmod(l.Mode)
		}
	}
	if err != nil {
		f.Close()
		return false, err
	}
	l.file, l.id = f, info.ID
	return true, nil
}

// openNative opens the lock file. It returns neither a file nor an error where the version goes on to poll.
func (l *Lock) openNative() (fs.File, error) {
	flags := l.flags(fs.ReadWrite | fs.Create)
	if l.era.createsMissing {
		if _, err := l.host.Lstat(l.Path); err == nil {
			flags &^= fs.Create
		}
	}
	f, err := l.host.Open(l.Path, flags, l.era.mode)
	if !l.era.retriesOpen {
		return f, err
	}
	switch {
	case errors.Is(err, iofs.ErrNotExist):
		return nil, nil // the directory is there
	case errors.Is(err, iofs.ErrPermission):
		if _, gone := l.host.Lstat(l.Path); gone != nil {
			return nil, err
		}
		if f, err = l.host.Open(l.Path, flags&^fs.Create, 0); errors.Is(err, iofs.ErrNotExist) {
			return nil, nil
		}
	}
	return f, err
}

func (l *Lock) releaseNative() error {
	if l.era.unlinks {
		l.host.Remove(l.Path)
	}
	if err := l.file.Unlock(fs.Whole); err != nil {
		if !l.era.keepsUnreleased {
			l.file = nil // and the file stays open, and locked
		}
		return err
	}
	l.file.Close()
	l.file = nil
	return nil
}
