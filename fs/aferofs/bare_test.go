package aferofs_test

import (
	"os"
	"strings"
	"time"

	"github.com/spf13/afero"
)

// bareFs hides what a MemMapFs has beyond the interface afero.Fs: that it is one, and which file is which. Like others of that kind it does not tell capitals.
type bareFs struct{ afero.Fs }

func (b bareFs) Create(name string) (afero.File, error) {
	return bare(b.Fs.Create(strings.ToLower(name)))
}

func (b bareFs) Open(name string) (afero.File, error) {
	return bare(b.Fs.Open(strings.ToLower(name)))
}

func (b bareFs) OpenFile(name string, flag int, perm os.FileMode) (afero.File, error) {
	return bare(b.Fs.OpenFile(strings.ToLower(name), flag, perm))
}

func (b bareFs) Stat(name string) (os.FileInfo, error) {
	return bareInfoOf(b.Fs.Stat(strings.ToLower(name)))
}

func (b bareFs) Mkdir(name string, perm os.FileMode) error {
	return b.Fs.Mkdir(strings.ToLower(name), perm)
}

func (b bareFs) Remove(name string) error { return b.Fs.Remove(strings.ToLower(name)) }

func (b bareFs) Rename(oldname, newname string) error {
	return b.Fs.Rename(strings.ToLower(oldname), strings.ToLower(newname))
}

func (b bareFs) Chmod(name string, mode os.FileMode) error {
	return b.Fs.Chmod(strings.ToLower(name), mode)
}

func (b bareFs) Chtimes(name string, atime, mtime time.Time) error {
	return b.Fs.Chtimes(strings.ToLower(name), atime, mtime)
}

func bare(f afero.File, err error) (afero.File, error) {
	if err != nil {
		return nil, err
	}
	return bareFile{f}, nil
}

type bareFile struct{ afero.File }

func (f bareFile) Stat() (os.FileInfo, error) { return bareInfoOf(f.File.Stat()) }

type bareInfo struct{ os.FileInfo }

func (bareInfo) Sys() any { return nil }

func bareInfoOf(fi os.FileInfo, err error) (os.FileInfo, error) {
	if err != nil {
		return nil, err
	}
	return bareInfo{fi}, nil
}
