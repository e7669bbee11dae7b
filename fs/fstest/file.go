package fstest

import (
	"errors"
	"io"
	iofs "io/fs"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
)

var (
	errNotExist = iofs.ErrNotExist
	errExist    = iofs.ErrExist
)

// openFile is a file that is closed when the check ends, unless the check did so itself.
type openFile struct {
	fs.File
	once sync.Once
	err  error
}

func (f *openFile) closeOnce() error {
	f.once.Do(func() { f.err = f.File.Close() })
	return f.err
}

// path returns the path of a name in the directory under test.
func (p *probe) path(elements ...string) string {
	return filepath.Join(append([]string{p.dir}, elements...)...)
}

// spelled returns the path of elements that are not cleaned, such as "..".
func (p *probe) spelled(elements ...string) string {
	return strings.Join(append([]string{p.dir}, elements...), string(filepath.Separator))
}

// tryOpen opens a name in the directory under test.
func (p *probe) tryOpen(name string, flag fs.OpenFlag) (*openFile, error) {
	f, err := p.Open(p.path(name), flag, 0o600)
	if err != nil {
		return nil, err
	}
	file := &openFile{File: f}
	p.atEnd(file.closeOnce)
	return file, nil
}

// open opens a name for reading and writing and makes the file if there is none.
func (p *probe) open(name string) *openFile {
	p.Helper()
	f, err := p.tryOpen(name, fs.ReadWrite|fs.Create)
	p.must(err)
	return f
}

// create makes a file with content and leaves it closed.
func (p *probe) create(name, content string) {
	p.Helper()
	f := p.open(name)
	p.write(f, content, 0)
	p.closeFile(f)
}

func (p *probe) closeFile(f *openFile) {
	p.Helper()
	p.must(f.closeOnce())
}

func (p *probe) write(f fs.File, content string, off int64) {
	p.Helper()
	n, err := f.WriteAt([]byte(content), off)
	if n != len(content) || err != nil {
		p.fatalf("WriteAt(%q, %d) = %d, %v", content, off, n, err)
	}
}

// content returns all that is in an open file.
func (p *probe) content(f fs.File) string {
	p.Helper()
	info := p.stat(f)
	b := make([]byte, info.Size)
	n, err := f.ReadAt(b, 0)
	if int64(n) != info.Size || err != nil && !errors.Is(err, io.EOF) {
		p.fatalf("ReadAt of all %d bytes = %d, %v", info.Size, n, err)
	}
	return string(b)
}

// contentOf returns all that is in the file of a name.
func (p *probe) contentOf(name string) string {
	p.Helper()
	f, err := p.tryOpen(name, fs.ReadOnly)
	p.must(err)
	content := p.content(f)
	p.closeFile(f)
	return content
}

func (p *probe) stat(f fs.File) fs.Info {
	p.Helper()
	info, err := f.Stat()
	p.must(err)
	return info
}

func (p *probe) lstat(name string) fs.Info {
	p.Helper()
	info, err := p.Lstat(p.path(name))
	p.ok(Lstat, err)
	return info
}

// missing reports a failure if a name exists.
func (p *probe) missing(name string) {
	p.Helper()
	_, err := p.Lstat(p.path(name))
	p.wantError(Lstat, "Lstat of "+name, err, errNotExist)
}

// needsIdentity skips the check on a host that cannot tell files apart.
func (p *probe) needsIdentity(info fs.Info) {
	p.Helper()
	if info.ID == (fs.FileID{}) {
		p.skip(Identity, errors.New("the file's ID is zero"))
	}
}

// symlink makes a symbolic link, or skips the check if the caller did not say how.
func (p *probe) symlink(target, name string) {
	p.Helper()
	if p.options.symlink == nil {
		p.skip(Symlink, errors.New("there is no option Symlinks"))
	}
	p.must(p.options.symlink(target, p.path(name)))
}

// mkdir makes a directory.
func (p *probe) mkdir(elements ...string) {
	p.Helper()
	p.ok(Mkdir, p.Mkdir(p.path(elements...), 0o700))
}

// mkfifo makes a named pipe, or skips the check if the caller did not say how.
func (p *probe) mkfifo(name string) {
	p.Helper()
	if p.options.fifo == nil {
		p.skip(FIFO, errors.New("there is no option FIFOs"))
	}
	p.must(p.options.fifo(p.path(name)))
}

// notBusy repeats an operation for as long as another open file is in its way, which is so on Windows.
func (p *probe) notBusy(op func() error) error {
	for {
		err := op()
		if !errors.Is(err, fs.ErrBusy) {
			return err
		}
		if p.Sleep(p.ctx, time.Millisecond) != nil {
			return err
		}
	}
}

// whileOpen ends the check if an operation on the name of an open file failed; as skipped if the host forbids it (Windows).
func (p *probe) whileOpen(op Operation, err error) {
	p.Helper()
	if errors.Is(err, fs.ErrBusy) {
		p.skip(op, err)
	}
	p.ok(op, err)
}
