package aferofs

import (
	iofs "io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/afero"
)

const separator = string(filepath.Separator)

// Canonical resolves the symbolic links of the directory if the Fs can read them. Without them it is the clean path.
func (h host) Canonical(path string) (string, error) {
	p, err := h.absolute("canonical", path)
	if err != nil {
		return "", err
	}
	return h.withDirectoryResolved("canonical", p)
}

// locate returns the clean absolute path of a name.
func (h host) locate(op, path string) (string, error) {
	p, err := h.absolute(op, path)
	if err != nil {
		return "", err
	}
	if slices.Contains(elements(p), "..") {
		// Behind a symbolic link, ".." is the parent of what the link leads to.
		return h.withDirectoryResolved(op, p)
	}
	return filepath.Clean(p), nil
}

// absolute puts the directory in front of a relative path that it is relative to, and does not clean.
func (h host) absolute(op, path string) (string, error) {
	switch {
	case path == "":
		return "", &iofs.PathError{Op: op, Path: path, Err: iofs.ErrNotExist}
	case filepath.IsAbs(path), os.IsPathSeparator(path[0]):
		return path, nil
	}
	switch afs := h.volume.Fs.(type) {
	case *hostFs:
		return afs.host.Canonical(path)
	case *afero.MemMapFs, *afero.BasePathFs:
		return separator + path, nil
	}
	wd, err := os.Getwd()
	if err == nil {
		machines, err := os.Stat(wd)
		if ours, oursErr := h.volume.Stat(wd); err == nil && oursErr == nil && os.SameFile(ours, machines) {
			return wd + separator + path, nil
		}
	}
	return "", unsupported(op, path, "the afero.Fs "+h.volume.Name()+" does not say which directory a relative path starts from (give an absolute path)")
}

func elements(path string) []string {
	return strings.FieldsFunc(path[len(filepath.VolumeName(path)):], func(r rune) bool { return r == '/' || r == filepath.Separator })
}

// withDirectoryResolved resolves all of an absolute path but its last element, unless that is "..".
func (h host) withDirectoryResolved(op, path string) (string, error) {
	rest := elements(path)
	rest = slices.DeleteFunc(rest, func(e string) bool { return e == "." })
	last := ""
	if n := len(rest); n > 0 && rest[n-1] != ".." {
		rest, last = rest[:n-1], rest[n-1]
	}
	dir, err := h.resolve(op, path, rest)
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, last), nil
}

// maxLinks bounds how many symbolic links a path may lead through, like the kernel does.
const maxLinks = 255

// resolve walks the elements of an absolute path, and through the symbolic links among them.
func (h host) resolve(op, path string, rest []string) (string, error) {
	done := filepath.VolumeName(path) + separator
	for links := 0; len(rest) > 0; {
		next := filepath.Join(done, rest[0])
		rest = rest[1:]
		fi, _, err := h.lstat(next)
		if isNotExist(err) {
			return filepath.Join(append([]string{next}, rest...)...), nil
		} else if err != nil {
			return "", seamError(op, path, err)
		}
		if fi.Mode().Type() != iofs.ModeSymlink {
			done = next
			continue
		}
		if links++; links > maxLinks {
			return "", seamError(op, path, syscall.ELOOP)
		}
		target, err := h.follow(next, done)
		if isNotExist(err) {
			return filepath.Join(append([]string{next}, rest...)...), nil // it leads to nothing
		} else if err != nil {
			return "", seamError(op, path, err)
		}
		if filepath.IsAbs(target) {
			done = filepath.VolumeName(target) + separator
		}
		rest = slices.Concat(elements(target), rest)
	}
	return done, nil
}

// follow returns what the symbolic link at path in dir leads to, after making sure that it leads there on this Fs.
func (h host) follow(path, dir string) (string, error) {
	end, err := h.volume.Stat(path)
	if err != nil {
		return "", err
	}
	reader, ok := h.volume.Fs.(afero.LinkReader)
	if !ok {
		return "", unsupported("readlink", path, "the afero.Fs "+h.volume.Name()+" does not say where the symbolic link "+path+" leads")
	}
	target, err := reader.ReadlinkIfPossible(path)
	if err != nil {
		return "", unsupported("readlink", path, "where the symbolic link "+path+" leads cannot be read: "+bare(err).Error())
	}
	switch based, ok := h.volume.Fs.(*afero.BasePathFs); {
	case !filepath.IsAbs(target):
		dir = dir + separator + target
	case ok:
		target = belowBase(based, target)
		dir = target
	default:
		dir = target
	}
	if found, err := h.volume.Stat(dir); err != nil || !sameFile(found, end) {
		return "", unsupported("readlink", path, "the symbolic link "+path+" leads out of the afero.Fs "+h.volume.Name())
	}
	return target, nil
}

// belowBase returns a target as the BasePathFs itself would call it. It shows targets as the Fs below it has them.
func belowBase(based *afero.BasePathFs, target string) string {
	base, err := based.RealPath(separator)
	if err != nil {
		return target
	}
	if inside, err := filepath.Rel(base, target); err == nil && filepath.IsLocal(inside) {
		return filepath.Join(separator, inside)
	}
	return target
}
