package python

import (
	"errors"
	iofs "io/fs"

	"github.com/holdfast-lock/holdfast/fs"
)

// trySoft makes one attempt of SoftFileLock or SoftFileLease. Between making the marker and writing it, the marker can be seen empty.
func (l *Lock) trySoft() (bool, error) {
	if err := l.mayWrite(); err != nil {
		return false, err
	}
	if err := l.makeParents(); err != nil {
		return false, err
	}
	f, err := l.host.Open(l.Path, l.flags(fs.ReadWrite|fs.Create|fs.Exclusive), l.era.mode)
	switch {
	case errors.Is(err, iofs.ErrExist):
		return false, l.evictStale()
	case err != nil:
		return false, err
	}
	record, token := l.record()
	if l.era.caresForWrites {
		var info fs.Info
		if info, err = f.Stat(); err == nil {
			l.id = info.ID
			_, err = f.WriteAt(record, 0)
		}
		if err != nil {
			f.Close()
			l.removeOwn()
			return false, err
		}
	} else if l.era.records {
		f.WriteAt(record, 0)
	}
	l.file = f
	if l.Class == Lease {
		l.beat = l.startBeat(token)
	}
	return true, nil
}

// mayWrite refuses a marker that its owner may not write, whoever holds it.
func (l *Lock) mayWrite() error {
	info, err := l.host.Lstat(l.Path)
	switch {
	case err != nil:
		return nil
	case info.Mode.IsDir():
		return &iofs.PathError{Op: "open", Path: l.Path, Err: fs.ErrIsDirectory}
	case info.Mode.Type() == 0 && info.Mode&0o200 == 0:
		return &iofs.PathError{Op: "open", Path: l.Path, Err: iofs.ErrPermission}
	}
	return nil
}

func (l *Lock) releaseSoft() error {
	f := l.file
	l.file = nil
	if !l.era.checksRelease {
		err := f.Close()
		l.host.Remove(l.Path) // whatever is there
		return err
	}
	info, err := f.Stat()
	err = errors.Join(err, f.Close())
	l.id = info.ID
	l.removeOwn()
	return err
}

// removeOwn removes the marker that this object made, if it is still there.
func (l *Lock) removeOwn() {
	if info, err := l.host.Lstat(l.Path); err == nil && info.ID == l.id {
		l.host.Remove(l.Path)
	}
}
