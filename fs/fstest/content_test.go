package fstest

import (
	"errors"
	"io"

	"github.com/holdfast-lock/holdfast/fs"
)

type writesAtStart struct{ fs.File }

func (f writesAtStart) WriteAt(p []byte, _ int64) (int, error) { return f.File.WriteAt(p, 0) }

type writesNoHoles struct{ fs.File }

func (f writesNoHoles) WriteAt(p []byte, off int64) (int, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return f.File.WriteAt(p, min(off, info.Size))
}

type writesOnePage struct{ fs.File }

func (f writesOnePage) WriteAt(p []byte, off int64) (int, error) {
	_, err := f.File.WriteAt(p[:min(len(p), 4096)], off)
	return len(p), err
}

type readsWithoutEnd struct{ fs.File }

func (f readsWithoutEnd) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.File.ReadAt(p, off)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

type doesNotTruncate struct{ fs.File }

func (doesNotTruncate) Truncate(int64) error { return nil }

var contentFaults = []fault{
	{"WriteAt always writes at the start", files(func(f fs.File) fs.File { return writesAtStart{f} }), []string{"WrittenIsRead", "TasksShareAnOpenFile"}},
	{"WriteAt leaves no holes", files(func(f fs.File) fs.File { return writesNoHoles{f} }), []string{"WriteBeyondTheEndLeavesZeros"}},
	{"WriteAt writes one page and says that it wrote all", files(func(f fs.File) fs.File { return writesOnePage{f} }), []string{"LargeContentIsKept"}},
	{"ReadAt does not say where the file ends", files(func(f fs.File) fs.File { return readsWithoutEnd{f} }), []string{"ReadEndsAtTheEnd"}},
	{"Truncate does nothing", files(func(f fs.File) fs.File { return doesNotTruncate{f} }), []string{"TruncateShrinks", "TruncateGrowsWithZeros"}},
}
