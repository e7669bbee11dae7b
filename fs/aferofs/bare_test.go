package aferofs_test

import (
	"os"

	"github.com/spf13/afero"
)

// bareFs hides what a MemMapFs has beyond the interface afero.Fs: that it is one, and which file is which.
type bareFs struct{ afero.Fs }

func (b bareFs) Create(name string) (afero.File, error) { return bare(b.Fs.Create(name)) }
func (b bareFs) Open(name string) (afero.File, error)   { return bare(b.Fs.Open(name)) }
func (b bareFs) Stat(name string) (os.FileInfo, error)  { return bareInfoOf(b.Fs.Stat(name)) }

func (b bareFs) OpenFile(name string, flag int, perm os.FileMode) (afero.File, error) {
	return bare(b.Fs.OpenFile(name, flag, perm))
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
