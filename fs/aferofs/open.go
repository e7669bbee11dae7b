package aferofs

import (
	"fmt"
	iofs "io/fs"
	"os"
	"syscall"

	"github.com/spf13/afero"

	"github.com/holdfast-lock/holdfast/fs"
)

func (h host) Open(path string, flag fs.OpenFlag, perm fs.FileMode) (fs.File, error) {
	p, err := h.locate("open", path)
	if err != nil {
		return nil, err
	}
	if flag&fs.Create != 0 {
		// A file that two create must not become two files.
		defer h.volume.lockNames(h)()
	}
	f, err := h.open(p, flag, perm)
	if err != nil {
		return nil, seamError("open", path, err)
	}
	return newFile(h, f, path, p, flag), nil
}

func (h host) open(path string, flag fs.OpenFlag, perm fs.FileMode) (afero.File, error) {
	fi, told, err := h.lstat(path)
	missing := isNotExist(err)
	switch {
	case missing:
		if fi, err = h.directoryOf("open", path); err == nil {
			err = h.mayCreate(path, told, flag)
		}
	case err == nil:
		fi, err = h.mayOpen(path, fi, told, flag)
	}
	if err != nil {
		return nil, err
	}
	f, err := h.openFile(path, osFlag(flag, isMachines(fi)), perm)
	switch {
	case err != nil && flag&fs.Exclusive != 0:
		return nil, h.existsInstead(path, err)
	case err != nil && flag&fs.NoFollow != 0 && h.isSymlink(path):
		return nil, fs.Mark(bare(err), fs.ErrSymlink) // since a moment ago
	case err != nil:
		return nil, err
	case flag&fs.Exclusive != 0:
		return f, h.exclusive(path, f, perm)
	case flag&fs.NoFollow != 0 && !isMachines(fi) && !isInMemory(fi) && h.isSymlink(path):
		f.Close()
		return nil, fs.ErrSymlink // what was opened may be what it leads to
	}
	return f, nil
}

func (h host) isSymlink(path string) bool {
	fi, _, err := h.lstat(path)
	return err == nil && fi.Mode().Type() == iofs.ModeSymlink
}

// mayCreate returns why a name that is missing cannot be opened.
func (h host) mayCreate(path string, told bool, flag fs.OpenFlag) error {
	switch {
	case flag&fs.Create == 0:
		return iofs.ErrNotExist
	case flag&fs.Exclusive != 0 && h.volume.ignoresExclusive.Load():
		return h.ignoresExclusive(path)
	case flag&fs.Exclusive == 0 && flag&fs.NoFollow != 0 && !told:
		return h.cannotTell("open", path)
	}
	return nil
}

// mayOpen returns why a name that exists cannot be opened, and else describes the file that will be.
func (h host) mayOpen(path string, fi os.FileInfo, told bool, flag fs.OpenFlag) (os.FileInfo, error) {
	switch {
	case flag&fs.Exclusive != 0:
		return nil, iofs.ErrExist
	case flag&fs.NoFollow != 0 && !told:
		return nil, h.cannotTell("open", path)
	case fi.Mode().Type() == iofs.ModeSymlink && flag&fs.NoFollow != 0:
		return nil, fs.ErrSymlink
	case fi.Mode().Type() == iofs.ModeSymlink:
		target, err := h.volume.Stat(path)
		if isNotExist(err) && flag&fs.Create != 0 {
			return fi, nil // the Fs knows where it leads
		} else if err != nil {
			return nil, err
		}
		fi = target
	}
	switch {
	case fi.IsDir() && flag&(fs.ReadWrite|fs.Create) != 0:
		return nil, syscall.EISDIR
	case !fi.IsDir() && flag&fs.Directory != 0:
		return nil, errNotDirectory
	case !fi.IsDir() && fi.Mode().Type() != 0 && flag&fs.NonBlock != 0 && (!isMachines(fi) || openNonBlock == 0):
		return nil, unsupported("open", path, "to open a "+fi.Mode().Type().String()+" without waiting is more than an afero.Fs can be asked")
	}
	return fi, nil
}

// osFlag translates. The flags that only the operating system has go to files of the operating system: others refuse what they do not know.
func osFlag(flag fs.OpenFlag, machines bool) int {
	how := os.O_RDONLY
	if flag&fs.ReadWrite != 0 {
		how = os.O_RDWR
	}
	for _, f := range []struct {
		flag     fs.OpenFlag
		how      int
		machines bool
	}{
		{fs.Create, os.O_CREATE, false}, {fs.Exclusive, os.O_EXCL, false},
		{fs.NoFollow, openNoFollow, true}, {fs.Directory, openDirectory, true}, {fs.NonBlock, openNonBlock, true},
	} {
		if flag&f.flag != 0 && (machines || !f.machines) {
			how |= f.how
		}
	}
	return how
}

func (h host) openFile(path string, how int, perm fs.FileMode) (afero.File, error) {
	if how == os.O_RDONLY {
		return h.volume.Open(path) // which for directories some Fs insist on
	}
	return h.volume.OpenFile(path, how, perm.Perm())
}

// exclusive finds out, once, whether the Fs knows O_EXCL: whether it refuses to make the file that was just made.
func (h host) exclusive(path string, made afero.File, perm fs.FileMode) error {
	if h.volume.triedExclusive.Load() {
		return nil
	}
	again, err := h.volume.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, perm.Perm())
	if err != nil {
		h.volume.triedExclusive.Store(true)
		return nil
	}
	h.volume.ignoresExclusive.Store(true)
	again.Close()
	made.Close()
	if err := h.volume.Remove(path); err != nil {
		return fmt.Errorf("%w, and that cannot be removed: %w", h.ignoresExclusive(path), bare(err))
	}
	return h.ignoresExclusive(path)
}

func (h host) ignoresExclusive(path string) error {
	return unsupported("open", path, "the afero.Fs "+h.volume.Name()+" ignores O_EXCL and would make a file that another one has made")
}
