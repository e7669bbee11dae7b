package aferofs_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/afero"
	"pgregory.net/rapid"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/fs/aferofs"
	"github.com/holdfast-lock/holdfast/fs/osfs"
)

// TestFromHostDoesWhatTheOperatingSystemDoes runs one random program against the operating system through package os and through the seam.
func TestFromHostDoesWhatTheOperatingSystemDoes(t *testing.T) {
	compare(t, func(t *rapid.T, dir func() string) (a, b *program) {
		return newProgram(afero.NewOsFs(), dir()), newProgram(aferofs.FromHost(osfs.New()), dir())
	}, slices.Concat(plainSteps, spelledSteps))
}

// TestMemoryDoesWhatTheOperatingSystemDoes runs it on memory, there and back.
func TestMemoryDoesWhatTheOperatingSystemDoes(t *testing.T) {
	compare(t, func(t *rapid.T, dir func() string) (a, b *program) {
		memory := aferofs.Host(afero.NewMemMapFs(), osfs.New())
		return newProgram(afero.NewOsFs(), dir()), newProgram(aferofs.FromHost(memory), "/top")
	}, plainSteps)
}

// TestThereAndBackIsTheSame runs it on memory and on memory seen through both bridges twice.
func TestThereAndBackIsTheSame(t *testing.T) {
	memory := func() afero.Fs { return aferofs.FromHost(aferofs.Host(afero.NewMemMapFs(), osfs.New())) }
	compare(t, func(*rapid.T, func() string) (a, b *program) {
		return newProgram(memory(), "/top"), newProgram(aferofs.FromHost(aferofs.Host(memory(), osfs.New())), "/top")
	}, plainSteps)
}

func compare(t *testing.T, programs func(t *rapid.T, dir func() string) (a, b *program), steps []step) {
	root := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		dir := func() string {
			n++
			d := filepath.Join(root, fmt.Sprint(n))
			if err := os.Mkdir(d, 0o700); err != nil {
				t.Fatal(err)
			}
			return d
		}
		a, b := programs(t, dir)
		defer a.close()
		defer b.close()
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			s := rapid.SampledFrom(steps).Draw(t, "step")
			do := s.draw(t)
			if got, want := do(b), do(a); got != want {
				t.Fatalf("%s: %s, want %s", s.name, got, want)
			}
		}
		if got, want := b.tree(), a.tree(); !slices.Equal(got, want) {
			t.Fatalf("the trees differ:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

// program is one of two that do the same in different places.
type program struct {
	fs   afero.Fs
	dir  string
	open [3]afero.File
}

func newProgram(afs afero.Fs, dir string) *program {
	if err := afs.MkdirAll(dir, 0o700); err != nil {
		panic(err)
	}
	return &program{fs: afs, dir: dir}
}

func (p *program) path(name string) string {
	return p.dir + "/" + name
}

func (p *program) close() {
	for _, f := range p.open {
		if f != nil {
			f.Close()
		}
	}
}

// tree lists all that there is, with content.
func (p *program) tree() (lines []string) {
	afero.Walk(p.fs, p.dir, func(path string, fi os.FileInfo, err error) error {
		name := strings.TrimPrefix(path, p.dir)
		line := fmt.Sprintf("%s %s %v", name, describe(fi), class(err))
		if err == nil && fi.Mode().IsRegular() {
			content, err := afero.ReadFile(p.fs, path)
			line += fmt.Sprintf(" %q %v", content, class(err))
		}
		lines = append(lines, line)
		return nil
	})
	return lines
}

func describe(fi os.FileInfo) string {
	if fi == nil || reflect.ValueOf(fi).IsZero() {
		return "nothing"
	}
	mode := fi.Mode() &^ 0o022 // which the umask may take away, where there is one
	if fi.IsDir() {
		return mode.String()
	}
	return fmt.Sprintf("%v %d", mode, fi.Size())
}

// class is what a program can tell an error by.
func class(err error) string {
	var path *os.PathError
	var link *os.LinkError
	shape := "bare"
	switch {
	case err == nil:
		return "ok"
	case err == io.EOF:
		return "EOF"
	case errors.As(err, &path):
		shape = "path"
	case errors.As(err, &link):
		shape = "link"
	}
	return fmt.Sprintf("%s exist=%t notexist=%t permission=%t closed=%t", shape, os.IsExist(err), os.IsNotExist(err), os.IsPermission(err),
		errors.Is(err, os.ErrClosed) || strings.Contains(err.Error(), "use of closed file")) // what Readdir has inside
}

// step is an operation with arguments yet to be drawn.
type step struct {
	name string
	draw func(*rapid.T) func(*program) string
}

func (s step) String() string { return s.name }

// GoString is what rapid shows of a step.
func (s step) GoString() string { return s.name }

var (
	drawName = rapid.SampledFrom([]string{"a", "b", "d", "d/a", "d/b", "d/e", "d/e/a", "a/x", "none/a"})
	drawSlot = rapid.IntRange(0, 2)
	texts    = []string{"", "x", "content", "other", strings.Repeat("0123456789", 30)}
	drawText = rapid.SampledFrom(texts)
	drawSize = rapid.Int64Range(-1, 20)
	drawPerm = rapid.SampledFrom([]os.FileMode{0o600, 0o640, 0o755, 0o400})
	drawFlag = rapid.SampledFrom([]int{os.O_RDONLY, os.O_WRONLY, os.O_RDWR})
	drawMore = rapid.SampledFrom([]int{
		0, os.O_CREATE, os.O_CREATE | os.O_EXCL, os.O_CREATE | os.O_TRUNC, os.O_TRUNC, os.O_APPEND, os.O_CREATE | os.O_APPEND, os.O_CREATE | os.O_SYNC,
		os.O_APPEND | os.O_TRUNC, os.O_SYNC,
	})
)

// spelledSteps end a name with a separator, which a Host on an afero.Fs takes away.
var spelledSteps = []step{
	onName("MkdirAll of a name with a separator", func(p *program, path string) string { return class(p.fs.MkdirAll(path+"/", 0o700)) }),
	onName("MkdirAll of a name with a dot", func(p *program, path string) string { return class(p.fs.MkdirAll(path+"/.", 0o700)) }),
	onName("SafeWriteReader", func(p *program, path string) string {
		return class(afero.SafeWriteReader(p.fs, path, bytes.NewReader([]byte("safe"))))
	}),
}

var plainSteps = []step{
	{"OpenFile", func(t *rapid.T) func(*program) string {
		slot, name, flag, perm := drawSlot.Draw(t, "slot"), drawName.Draw(t, "name"), drawFlag.Draw(t, "access")|drawMore.Draw(t, "flag"), drawPerm.Draw(t, "perm")
		return func(p *program) string {
			f, err := p.fs.OpenFile(p.path(name), flag, perm)
			if (f == nil) != (err != nil) {
				return fmt.Sprintf("%v and %v", f, err)
			}
			if err == nil {
				if p.open[slot] != nil {
					p.open[slot].Close()
				}
				p.open[slot] = f
				if f.Name() != p.path(name) {
					return "Name " + f.Name()
				}
			}
			return class(err)
		}
	}},
	onFile("Read", func(t *rapid.T) func(*program, afero.File) string {
		b := make([]byte, rapid.IntRange(0, 20).Draw(t, "bytes"))
		return func(p *program, f afero.File) string {
			n, err := f.Read(b)
			return fmt.Sprintf("%q %s", b[:max(n, 0)], class(err))
		}
	}),
	onFile("ReadAt", func(t *rapid.T) func(*program, afero.File) string {
		b, off := make([]byte, rapid.IntRange(1, 20).Draw(t, "bytes")), drawSize.Draw(t, "offset")
		return func(p *program, f afero.File) string {
			n, err := f.ReadAt(b, off)
			return fmt.Sprintf("%q %s", b[:max(n, 0)], class(err))
		}
	}),
	onFile("Write", func(t *rapid.T) func(*program, afero.File) string {
		text := drawText.Draw(t, "text")
		return func(p *program, f afero.File) string {
			n, err := f.Write([]byte(text))
			return fmt.Sprintf("%d %s", n, class(err))
		}
	}),
	onFile("WriteString", func(t *rapid.T) func(*program, afero.File) string {
		text := drawText.Draw(t, "text")
		return func(p *program, f afero.File) string {
			n, err := f.WriteString(text)
			return fmt.Sprintf("%d %s", n, class(err))
		}
	}),
	onFile("WriteAt", func(t *rapid.T) func(*program, afero.File) string {
		// Never nothing: package os does not ask then whether the file can be written, nor whether it is open.
		text, off := rapid.SampledFrom(texts[1:]).Draw(t, "text"), drawSize.Draw(t, "offset")
		return func(p *program, f afero.File) string {
			n, err := f.WriteAt([]byte(text), off)
			return fmt.Sprintf("%d %s", n, class(err))
		}
	}),
	onFile("Seek", func(t *rapid.T) func(*program, afero.File) string {
		off, whence := rapid.Int64Range(-5, 20).Draw(t, "offset"), rapid.IntRange(0, 2).Draw(t, "whence")
		return func(p *program, f afero.File) string {
			if fi, err := f.Stat(); err == nil && fi.IsDir() {
				off, whence = 0, io.SeekStart // all else is the filesystem's own affair
			}
			n, err := f.Seek(off, whence)
			return fmt.Sprintf("%d %s", n, class(err))
		}
	}),
	onFile("Truncate", func(t *rapid.T) func(*program, afero.File) string {
		size := drawSize.Draw(t, "size")
		return func(p *program, f afero.File) string { return class(f.Truncate(size)) }
	}),
	onFile("Sync", func(*rapid.T) func(*program, afero.File) string {
		return func(p *program, f afero.File) string { return class(f.Sync()) }
	}),
	onFile("Stat", func(*rapid.T) func(*program, afero.File) string {
		return func(p *program, f afero.File) string {
			fi, err := f.Stat()
			if err != nil {
				return class(err)
			}
			return fi.Name() + " " + describe(fi)
		}
	}),
	onFile("Close", func(*rapid.T) func(*program, afero.File) string {
		return func(p *program, f afero.File) string { return class(f.Close()) }
	}),
	onFile("Readdirnames", func(t *rapid.T) func(*program, afero.File) string {
		count := rapid.SampledFrom([]int{-1, 0, 100}).Draw(t, "count")
		return func(p *program, f afero.File) string {
			if lostItsName(p, f) {
				return "lost its name" // the seam reads a directory by its name
			}
			names, err := f.Readdirnames(count)
			slices.Sort(names)
			return fmt.Sprintf("%q %s", names, class(err))
		}
	}),
	onFile("Readdir", func(t *rapid.T) func(*program, afero.File) string {
		count := rapid.SampledFrom([]int{-1, 0, 100}).Draw(t, "count")
		return func(p *program, f afero.File) string {
			if lostItsName(p, f) {
				return "lost its name" // the seam reads a directory by its name
			}
			infos, err := f.Readdir(count)
			var list []string
			for _, fi := range infos {
				list = append(list, fi.Name()+" "+describe(fi))
			}
			slices.Sort(list)
			return fmt.Sprintf("%q %s", list, class(err))
		}
	}),
	onName("Create", func(p *program, path string) string {
		f, err := p.fs.Create(path)
		if err == nil {
			err = f.Close()
		}
		return class(err)
	}),
	onName("Open", func(p *program, path string) string {
		f, err := p.fs.Open(path)
		if err != nil {
			return class(err)
		}
		defer f.Close()
		n, err := f.Write([]byte("x"))
		return fmt.Sprintf("%d %s", n, class(err))
	}),
	onName("Stat", func(p *program, path string) string {
		fi, err := p.fs.Stat(path)
		if err != nil {
			return class(err)
		}
		return fi.Name() + " " + describe(fi)
	}),
	onName("LstatIfPossible", func(p *program, path string) string {
		fi, told, err := p.fs.(afero.Lstater).LstatIfPossible(path)
		if err != nil {
			return class(err)
		}
		return fmt.Sprint(fi.Name(), " ", describe(fi), told)
	}),
	onName("Remove", func(p *program, path string) string { return class(p.fs.Remove(path)) }),
	onName("RemoveAll", func(p *program, path string) string { return class(p.fs.RemoveAll(path)) }),
	onName("RemoveAll of .", func(p *program, path string) string { return class(p.fs.RemoveAll(path + "/.")) }),
	{"Mkdir", func(t *rapid.T) func(*program) string {
		name, perm := drawName.Draw(t, "name"), rapid.SampledFrom([]os.FileMode{0o700, 0o750}).Draw(t, "perm")
		return func(p *program) string { return class(p.fs.Mkdir(p.path(name), perm)) }
	}},
	onName("MkdirAll", func(p *program, path string) string { return class(p.fs.MkdirAll(path, 0o700)) }),
	{"Rename", func(t *rapid.T) func(*program) string {
		from, to := drawName.Draw(t, "from"), drawName.Draw(t, "to")
		return func(p *program) string { return class(p.fs.Rename(p.path(from), p.path(to))) }
	}},
	{"Chmod", func(t *rapid.T) func(*program) string {
		name, perm := drawName.Draw(t, "name"), drawPerm.Draw(t, "perm")
		return func(p *program) string { return class(p.fs.Chmod(p.path(name), perm)) }
	}},
	{"Chtimes", func(t *rapid.T) func(*program) string {
		name, mtime := drawName.Draw(t, "name"), time.Unix(rapid.Int64Range(1, 1e9).Draw(t, "seconds"), 0)
		return func(p *program) string {
			if err := p.fs.Chtimes(p.path(name), mtime, mtime); err != nil {
				return class(err)
			}
			fi, err := p.fs.Stat(p.path(name))
			if err != nil {
				return class(err)
			}
			return fi.ModTime().UTC().String()
		}
	}},
	onName("WriteFile", func(p *program, path string) string {
		return class(afero.WriteFile(p.fs, path, []byte("written"), 0o600))
	}),
	onName("ReadFile", func(p *program, path string) string {
		content, err := afero.ReadFile(p.fs, path)
		return fmt.Sprintf("%q %s", content, class(err))
	}),
	onName("Exists", func(p *program, path string) string {
		exists, err := afero.Exists(p.fs, path)
		return fmt.Sprint(exists, class(err))
	}),
}

// lostItsName reports whether the name of an open directory leads to another one or nowhere. If not, it will be read from its beginning.
func lostItsName(p *program, f afero.File) bool {
	open, err := f.Stat()
	if err != nil || !open.IsDir() {
		return false
	}
	named, err := p.fs.Stat(f.Name())
	if err != nil {
		return true
	}
	if info, ok := open.Sys().(fs.Info); ok {
		if info.ID != named.Sys().(fs.Info).ID {
			return true
		}
	} else if !os.SameFile(open, named) {
		return true
	}
	_, err = f.Seek(0, io.SeekStart)
	return err != nil
}

// onFile is a step on an open file.
func onFile(name string, draw func(*rapid.T) func(*program, afero.File) string) step {
	return step{name, func(t *rapid.T) func(*program) string {
		slot, do := drawSlot.Draw(t, "slot"), draw(t)
		return func(p *program) string {
			if p.open[slot] == nil {
				return "not open"
			}
			return do(p, p.open[slot])
		}
	}}
}

// onName is a step on a name.
func onName(name string, do func(p *program, path string) string) step {
	return step{name, func(t *rapid.T) func(*program) string {
		on := drawName.Draw(t, "name")
		return func(p *program) string { return do(p, p.path(on)) }
	}}
}
