package lock

import (
	"context"
	"errors"
	"fmt"
	iofs "io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/lock/internal/sidecar"
)

// Leftover is a file that a process which has to do with a lock made for a moment, and did not remove because it crashed, say.
type Leftover struct {
	Path string
	What string // what it is
	Keep string // why it must stay: somebody owns it, or may; "" if nothing can own it any more

	host  fs.Host
	kind  *leftoverKind
	info  fs.Info       // when it was looked at first
	since time.Duration // on the monotonic clock
}

// LeftoverGrace is how long a leftover that names no process must have been seen unchanged before it is taken to be nobody's.
const LeftoverGrace = MalformedGrace

// Leftovers lists the leftovers in a directory, and in those below it if recursive is set: the private files of Holdfast, those of Python's StrictSoftFileLock, the markers that Python's soft locks have moved aside, and
// files beside native locks that do not exist any more. Fencing numbers are none, whatever has become of their locks; nor are markers, which contenders evict and [Lock.Break] breaks.
//
// A file is judged by what its record says of its process, by its other names, and by the locks on it. If that does not tell, it is watched: then Leftovers takes as long as [LeftoverGrace]. When ctx ends
// meanwhile, the error is its cause. In doubt a file has to be kept. Nothing is changed. Of the options only [Host] has a meaning.
func Leftovers(ctx context.Context, dir string, recursive bool, opts ...Option) ([]Leftover, error) {
	o, err := newOptions(opts)
	if err != nil {
		return nil, &Error{Op: "inspect", Path: dir, Err: err}
	}
	c := &cleaner{host: o.host}
	if err := c.scan(dir, recursive); err != nil {
		return nil, &Error{Op: "inspect", Path: dir, Err: err}
	}
	watched := false
	for i := range c.found {
		l := &c.found[i]
		l.Keep = l.judge()
		watched = watched || l.Keep == toBeWatched
	}
	if watched {
		if err := o.host.Sleep(ctx, LeftoverGrace); err != nil {
			return nil, &Error{Op: "inspect", Path: dir, Err: err}
		}
	}
	for i := range c.found {
		if l := &c.found[i]; l.Keep == toBeWatched {
			l.Keep = l.judge()
		}
	}
	return c.found, nil
}

// cleaner looks for leftovers.
type cleaner struct {
	host  fs.Host
	found []Leftover
}

func (c *cleaner) scan(dir string, recursive bool) error {
	entries, err := c.host.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name)
		if e.Type == iofs.ModeDir {
			if recursive {
				if err := c.scan(path, true); err != nil && !errors.Is(err, iofs.ErrNotExist) {
					return err
				}
			}
			continue
		}
		kind := leftoverKindOf(e.Name)
		if kind == nil {
			continue
		}
		if kind.beside != "" {
			if _, err := c.host.Lstat(strings.TrimSuffix(path, kind.beside)); err == nil {
				continue
			}
		}
		info, err := c.host.Lstat(path)
		if errors.Is(err, iofs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		c.found = append(c.found, Leftover{Path: path, What: kind.what, host: c.host, kind: kind, info: info, since: c.host.Monotonic()})
	}
	return nil
}

// judge returns why the file must stay, if it must.
func (l *Leftover) judge() string {
	f, keep := l.open()
	if f != nil {
		f.Close()
	}
	return keep
}

// Remove removes the file if nothing can own it still, and it is as it was when it was listed. If not, errors.Is reports the error as [ErrChanged], and it stays.
func (l *Leftover) Remove() error {
	err := l.remove()
	if errors.Is(err, iofs.ErrNotExist) {
		return nil // whoever owned it has done so
	}
	if err != nil {
		return &Error{Op: "remove", Path: l.Path, Err: err}
	}
	return nil
}

func (l *Leftover) remove() error {
	f, keep := l.open()
	if f != nil {
		defer f.Close() // and with it go the locks, which keep everybody else from using the file until it is gone
	}
	if keep != "" {
		return fmt.Errorf("%w (%s)", ErrChanged, keep)
	}
	if same, err := sidecar.InPlace(l.host, l.Path, l.info.ID); !same || err != nil {
		return err
	}
	return l.host.Remove(l.Path)
}
