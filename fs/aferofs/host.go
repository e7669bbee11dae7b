package aferofs

import (
	"errors"
	"io"
	iofs "io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/afero"

	"github.com/holdfast-lock/holdfast/fs"
)

// Option changes what [Host] takes an Fs to be.
type Option func(*host)

// NoSymlinks says that the Fs holds no symbolic links, and will hold none, so that every file is the one of its name. Only an Fs that does not tell symbolic links
// from their targets needs it. Where there are some after all, the host follows them although it says that it does not.
func NoSymlinks() Option { return func(h *host) { h.noSymlinks = true } }

// host is a machine whose files are those of an Fs. It is a value: two calls of Host with the same arguments return equal ones.
type host struct {
	fs.Host
	volume     *volume
	noSymlinks bool
}

// Host returns base with the files of afs in place of its own: clock, tasks, process and randomness are those of base. Which operations the result
// supports, and what excludes on which Fs, is said at the package.
func Host(afs afero.Fs, base fs.Host, opts ...Option) fs.Host {
	h := host{Host: base, volume: volumeOf(afs)}
	for _, opt := range opts {
		opt(&h)
	}
	return h
}

// lstat describes a name. It reports whether a symbolic link there would have been described as itself, or whether there can be none.
func (h host) lstat(path string) (fi os.FileInfo, told bool, err error) {
	switch l := h.volume.Fs.(type) {
	case afero.Lstater:
		fi, told, err = l.LstatIfPossible(path)
	case interface {
		Lstat(path string) (os.FileInfo, error)
	}:
		fi, err = l.Lstat(path)
		told = true
	default:
		fi, err = h.volume.Stat(path)
	}
	told = told || h.noSymlinks
	if err == nil {
		return fi, told || isInMemory(fi), nil
	}
	if isNotExist(err) && !h.volume.atomic {
		dir, dirErr := h.directoryOf("lstat", path)
		switch {
		case errors.Is(dirErr, fs.ErrNotDirectory):
			err = dirErr // some Fs say no more than that there is no such name
		case isNotExist(dirErr), dirErr == nil && isInMemory(dir):
			told = true // else it may be a symbolic link to nothing
		}
	}
	return nil, told, err
}

func (h host) cannotTell(op, path string) error {
	return unsupported(op, path, "the afero.Fs "+h.volume.Name()+" does not tell symbolic links from their targets (if it holds none, say so with aferofs.NoSymlinks)")
}

// directoryOf describes the directory of a name, which must exist.
func (h host) directoryOf(op, path string) (os.FileInfo, error) {
	parent := filepath.Dir(path)
	dir, err := h.volume.Stat(parent)
	switch {
	case err == nil && !dir.IsDir():
		err = errNotDirectory
	case isNotExist(err) && filepath.Dir(parent) != parent:
		if _, above := h.directoryOf(op, parent); above != nil {
			err = above // it may be a file
		}
	}
	return dir, seamError(op, path, err)
}

func (h host) Lstat(path string) (fs.Info, error) {
	p, err := h.locate("lstat", path)
	if err != nil {
		return fs.Info{}, err
	}
	fi, told, err := h.lstat(p)
	switch {
	case !told && (err == nil || isNotExist(err)):
		return fs.Info{}, h.cannotTell("lstat", path)
	case err != nil:
		return fs.Info{}, seamError("lstat", path, err)
	}
	return infoOf(fi), nil
}

func (h host) Mkdir(path string, perm fs.FileMode) error {
	p, err := h.locate("mkdir", path)
	if err != nil {
		return err
	}
	defer h.volume.lockNames(h)()
	// Some Fs make what is missing of the path, or are content with what is there.
	if _, _, err := h.lstat(p); err == nil {
		return seamError("mkdir", path, iofs.ErrExist)
	}
	if _, err := h.directoryOf("mkdir", p); err != nil {
		return seamError("mkdir", path, err)
	}
	err = h.volume.Mkdir(p, perm.Perm())
	return seamError("mkdir", path, h.existsInstead(p, err))
}

// existsInstead adds io/fs.ErrExist to the error of making a name that exists. SFTP has no word for it.
func (h host) existsInstead(path string, err error) error {
	if err == nil {
		return nil
	}
	if _, _, lstatErr := h.lstat(path); lstatErr == nil {
		return fs.Mark(bare(err), iofs.ErrExist)
	}
	return err
}

func (h host) Remove(path string) error {
	p, err := h.locate("remove", path)
	if err != nil {
		return err
	}
	defer h.volume.lockNames(h)()
	fi, _, err := h.lstat(p)
	if err == nil && fi.IsDir() {
		err = h.empty(p, fi)
	}
	if err == nil {
		err = h.volume.Remove(p)
	}
	return seamError("remove", path, err)
}

// empty returns an error if a directory is not empty and it is not the operating system that will see to that.
func (h host) empty(path string, fi os.FileInfo) error {
	if isMachines(fi) {
		return nil
	}
	f, err := h.volume.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if names, err := f.Readdirnames(1); err != nil && err != io.EOF {
		return err
	} else if len(names) > 0 {
		return syscall.ENOTEMPTY
	}
	return nil
}

func (h host) Rename(oldname, newname string) error {
	from, err := h.locate("rename", oldname)
	if err != nil {
		return err
	}
	to, err := h.locate("rename", newname)
	if err != nil {
		return err
	}
	defer h.volume.lockNames(h)()
	if err = h.mayReplace(from, to); err == nil {
		err = h.volume.Rename(from, to)
	}
	if err == nil {
		return nil
	}
	seam := seamError("rename", oldname, err).(*iofs.PathError)
	return &os.LinkError{Op: "rename", Old: oldname, New: newname, Err: seam.Err}
}

// mayReplace returns the error of a rename that the operating system would refuse; some Fs do it.
func (h host) mayReplace(from, to string) error {
	if h.volume.atomic {
		return nil
	}
	for _, path := range []string{from, to} {
		if _, err := h.directoryOf("rename", path); err != nil {
			return err
		}
	}
	old, _, err := h.lstat(from)
	if err != nil || isMachines(old) {
		return err
	}
	current, _, err := h.lstat(to)
	switch {
	case err == nil && current.IsDir():
		return iofs.ErrExist // as package os has it, though POSIX lets a directory replace an empty one
	case old.IsDir() && strings.HasPrefix(to, from+separator):
		return syscall.EINVAL
	case isNotExist(err):
		return nil
	case err == nil && old.IsDir():
		return errNotDirectory
	}
	return err
}

func (h host) ReadDir(path string) ([]fs.DirEntry, error) {
	p, err := h.locate("readdir", path)
	if err != nil {
		return nil, err
	}
	defer h.volume.lockNames(h)()
	f, err := h.volume.Open(p)
	if err != nil {
		return nil, seamError("readdir", path, err)
	}
	defer f.Close()
	list, err := entries(f)
	if err != nil {
		return nil, seamError("readdir", path, err)
	}
	slices.SortFunc(list, func(a, b fs.DirEntry) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

// entries reads a directory, with one call for each name less where the Fs can.
func entries(f afero.File) (list []fs.DirEntry, err error) {
	if d, ok := f.(iofs.ReadDirFile); ok {
		all, err := d.ReadDir(-1)
		for _, e := range all {
			list = append(list, fs.DirEntry{Name: e.Name(), Type: e.Type()})
		}
		return list, err
	}
	all, err := f.Readdir(-1)
	for _, fi := range all {
		list = append(list, fs.DirEntry{Name: fi.Name(), Type: infoOf(fi).Mode.Type()})
	}
	return list, err
}

func (h host) Link(oldname, newname string) error {
	return &os.LinkError{Op: "link", Old: oldname, New: newname, Err: fs.ErrUnsupported}
}

func (h host) Watch(path string) (fs.Watch, error) {
	return nil, unsupported("watch", path, "an afero.Fs does not report changes")
}

func (h host) LockTable(path string, _ fs.FileID) (fs.LockTable, error) {
	return fs.LockTable{}, unsupported("locktable", path, "an afero.Fs has no file locks")
}
