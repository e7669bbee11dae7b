package aferofs

import (
	"errors"
	iofs "io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/afero"

	"github.com/holdfast-lock/holdfast/fs"
)

// hostFs is a host as an application sees it through afero.
type hostFs struct {
	host    fs.Host
	appends turn // taken to find the end of a file and write there
}

var _ afero.Lstater = (*hostFs)(nil)

// FromHost returns the files of a host as an afero.Fs, which is also an afero.Lstater. It is safe for concurrent use, and so are its files, as those
// of package os are. The limits are said at the package.
func FromHost(h fs.Host) afero.Fs { return &hostFs{host: h} }

// Name returns "HostFs".
func (*hostFs) Name() string { return "HostFs" }

func (h *hostFs) Create(name string) (afero.File, error) {
	return h.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o666)
}

func (h *hostFs) Open(name string) (afero.File, error) { return h.OpenFile(name, os.O_RDONLY, 0) }

func (h *hostFs) OpenFile(name string, flag int, perm os.FileMode) (afero.File, error) {
	how, err := hostFlag(flag)
	if err != nil {
		return nil, osError("open", name, err)
	}
	f, err := h.host.Open(name, how, perm)
	if err != nil {
		return nil, osError("open", name, err)
	}
	if flag&os.O_TRUNC != 0 {
		if err := truncateRegular(f); err != nil {
			f.Close()
			return nil, osError("open", name, err)
		}
	}
	return newHandle(h, f, name, flag), nil
}

// knownFlags is what OpenFile can do; the access mode is told apart by its own values.
const knownFlags = os.O_RDONLY | os.O_WRONLY | os.O_RDWR | os.O_CREATE | os.O_EXCL | os.O_TRUNC | os.O_APPEND | os.O_SYNC |
	openNoFollow | openDirectory | openNonBlock | openIgnored

// hostFlag translates. The seam knows no file that can only be written, and truncates only what can be written.
func hostFlag(flag int) (fs.OpenFlag, error) {
	switch {
	case flag&^knownFlags != 0:
		return 0, fs.ErrUnsupported
	case flag&os.O_WRONLY != 0 && flag&os.O_RDWR != 0:
		return 0, syscall.EINVAL
	}
	how := fs.ReadOnly
	if flag&(os.O_WRONLY|os.O_RDWR|os.O_TRUNC) != 0 {
		how = fs.ReadWrite
	}
	if flag&os.O_CREATE != 0 {
		how |= fs.Create
		if flag&os.O_EXCL != 0 {
			how |= fs.Exclusive
		}
	}
	for _, f := range []struct {
		flag int
		how  fs.OpenFlag
	}{{openNoFollow, fs.NoFollow}, {openDirectory, fs.Directory}, {openNonBlock, fs.NonBlock}} {
		if flag&f.flag != 0 {
			how |= f.how
		}
	}
	return how, nil
}

// truncateRegular does what O_TRUNC does: nothing, to a pipe or a device.
func truncateRegular(f fs.File) error {
	info, err := f.Stat()
	if err != nil || !info.Mode.IsRegular() {
		return err
	}
	return f.Truncate(0)
}

func (h *hostFs) Remove(name string) error { return osError("remove", name, h.host.Remove(name)) }

func (h *hostFs) Rename(oldname, newname string) error {
	if err := h.host.Rename(oldname, newname); err != nil {
		return &os.LinkError{Op: "rename", Old: oldname, New: newname, Err: plain(err)}
	}
	return nil
}

func (h *hostFs) Stat(name string) (os.FileInfo, error) {
	info, err := h.host.Lstat(name)
	if err == nil && info.Mode.Type() == iofs.ModeSymlink {
		err = h.opened(name, func(f fs.File) (err error) { info, err = f.Stat(); return err })
	}
	if err != nil {
		return nil, osError("stat", name, err)
	}
	return described{filepath.Base(name), info}, nil
}

// LstatIfPossible describes a symbolic link as itself, always.
func (h *hostFs) LstatIfPossible(name string) (os.FileInfo, bool, error) {
	info, err := h.host.Lstat(name)
	if err != nil {
		return nil, true, osError("lstat", name, err)
	}
	return described{filepath.Base(name), info}, true, nil
}

// opened calls do with the file that name leads to. It is how the seam follows a symbolic link, and how it changes attributes.
func (h *hostFs) opened(name string, do func(fs.File) error) error {
	f, err := h.host.Open(name, fs.ReadOnly|fs.NonBlock, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	return do(f)
}

func (h *hostFs) Chmod(name string, mode os.FileMode) error {
	return osError("chmod", name, h.opened(name, func(f fs.File) error { return chmod(f, mode) }))
}

func chmod(f fs.File, mode os.FileMode) error {
	if mode&permissionBits&^iofs.ModePerm != 0 {
		return fs.ErrUnsupported
	}
	return f.Chmod(mode.Perm())
}

// Chown is errors.ErrUnsupported.
func (*hostFs) Chown(name string, _, _ int) error { return osError("chown", name, fs.ErrUnsupported) }

// Chtimes leaves the time of modification as it is if mtime is zero. That atime is zero is errors.ErrUnsupported.
func (h *hostFs) Chtimes(name string, atime, mtime time.Time) error {
	err := error(fs.ErrUnsupported)
	if !atime.IsZero() {
		err = h.opened(name, func(f fs.File) error {
			if mtime.IsZero() {
				info, err := f.Stat()
				if err != nil {
					return err
				}
				mtime = info.Mtime
			}
			return f.SetTimes(atime, mtime)
		})
	}
	return osError("chtimes", name, err)
}

// osError gives an error of a host the shape of package os's.
func osError(op, name string, err error) error {
	if err == nil {
		return nil
	}
	return &os.PathError{Op: op, Path: name, Err: plain(err)}
}

// plain returns the error inside that os.IsNotExist and its like recognise: they look for a value and do not unwrap.
func plain(err error) error {
	errno, isErrno := errors.AsType[syscall.Errno](err)
	for _, condition := range []error{iofs.ErrNotExist, iofs.ErrExist, iofs.ErrPermission} {
		if errors.Is(err, condition) && !(isErrno && errno.Is(condition)) {
			return condition
		}
	}
	if isErrno {
		return errno
	}
	return bare(err)
}

// described is what a host says of a file. Sys returns the [fs.Info].
type described struct {
	name string
	info fs.Info
}

func (d described) Name() string       { return d.name }
func (d described) Size() int64        { return d.info.Size }
func (d described) Mode() os.FileMode  { return d.info.Mode }
func (d described) ModTime() time.Time { return d.info.Mtime }
func (d described) IsDir() bool        { return d.info.Mode.IsDir() }
func (d described) Sys() any           { return d.info }
