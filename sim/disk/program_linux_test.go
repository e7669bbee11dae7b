package disk

import (
	"errors"
	"fmt"
	"io"
	iofs "io/fs"
	"strconv"
	"strings"
	"syscall"
	"time"

	"pgregory.net/rapid"

	"github.com/holdfast-lock/holdfast/fs"
)

// program is the state of a random program on one of the two.
type program struct {
	system
	files [5]openFile
}

// step is one operation, drawn once and run on both. What it returns must be the same.
type step func(p *program) string

// outcome is an error in full, text, path and conditions, or "ok".
func outcome(err error) string {
	if err == nil {
		return "ok"
	}
	s := err.Error()
	if strings.Contains(s, "too many links") { // EvalSymlinks has no number for it
		return "loop"
	}
	for _, condition := range []error{iofs.ErrNotExist, iofs.ErrExist, iofs.ErrPermission, io.EOF,
		fs.ErrIsDirectory, fs.ErrNotDirectory, fs.ErrSymlink, fs.ErrUnsupported, fs.ErrNoLocks, fs.ErrBusy} {
		if errors.Is(err, condition) {
			s += fmt.Sprintf(" [%v]", condition)
		}
	}
	var number syscall.Errno
	if errors.As(err, &number) {
		s += fmt.Sprintf(" %d %v", int(number), errors.Is(err, number))
	}
	return s
}

func describe(info fs.Info) string {
	size := info.Size
	if info.Mode.IsDir() {
		size = 0
	}
	when := "now"
	switch age := time.Since(info.Mtime); {
	case info.Mtime.Equal(longAgo):
		when = "long ago"
	case age > time.Hour || age < -time.Hour:
		when = info.Mtime.UTC().Format(time.RFC3339Nano)
	}
	return fmt.Sprintf("%v links %d size %d, %s", info.Mode, info.Links, size, when)
}

var (
	names  = rapid.SampledFrom([]string{"a", "b", "c", "d"})
	parts  = rapid.SampledFrom([]string{"a", "b", "c", "d", "a", "b", "c", "d", ".", "..", ""})
	perms  = rapid.SampledFrom([]fs.FileMode{0o755, 0o700, 0o777, 0o600, 0o644, 0o000, 0o400, 0o200, 0o711, 0o666})
	modes  = rapid.SampledFrom([]fs.LockMode{fs.LockShared, fs.LockExclusive})
	spots  = rapid.SampledFrom([]int64{0, 1, 5, 10, 11, 20, 1 << 40})
	counts = rapid.SampledFrom([]int64{1, 5, 10, 15, 0, -1, -5, 1<<63 - 1})
)

// paths are mostly short, so that programs meet; seldom they are odd.
func paths(base string) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		if rapid.IntRange(0, 2).Draw(t, "plain") > 0 {
			return names.Draw(t, "name")
		}
		elements := rapid.SliceOfN(parts, 1, 3).Draw(t, "elements")
		path := strings.Join(elements, "/")
		switch rapid.IntRange(0, 30).Draw(t, "odd") {
		case 0:
			path = ""
		case 1:
			path += strings.Repeat("x", 256)
		case 2:
			path += "/" + strings.Repeat("x", 255)
		case 3:
			path = strings.Repeat("./", 2047) + path
		case 4:
			path = strings.Repeat("./", 2048) + path
		case 5:
			path += "\x00"
		case 6, 7:
			path += "/"
		case 8, 9, 10:
			if strings.Trim(path, "/") == "" {
				path = "a" // the working directory stays where it is, which the disk takes for granted
			}
			return base + "/" + path
		}
		if strings.HasPrefix(path, "/") {
			path = "." + path
		}
		return path
	})
}

func draw(t *rapid.T, base string, users bool) (name string, do step) {
	path := paths(base)
	file := func() int { return rapid.IntRange(0, 4).Draw(t, "file") }
	onFile := func(name string, op func(f openFile) string) (string, step) {
		n := file()
		return fmt.Sprint(name, " of file ", n), func(p *program) string {
			if p.files[n] == nil {
				return "no file"
			}
			return op(p.files[n])
		}
	}
	region := func() fs.Region {
		if rapid.Bool().Draw(t, "whole") {
			return fs.Whole
		}
		return fs.Region{Offset: spots.Draw(t, "offset"), Length: counts.Draw(t, "length")}
	}
	const kinds = 40
	switch kind := rapid.IntRange(0, kinds).Draw(t, "kind"); kind {
	case 0, 1, 2, 3, 4, 5, 6:
		n, path, perm := file(), path.Draw(t, "path"), perms.Draw(t, "perm")
		var flag fs.OpenFlag
		for _, f := range []fs.OpenFlag{fs.ReadWrite, fs.Create, fs.Exclusive, fs.NoFollow, fs.Directory, fs.NonBlock} {
			often := 1
			if f == fs.ReadWrite || f == fs.Create {
				often = 3
			}
			if rapid.IntRange(0, 4).Draw(t, "flag") < often {
				flag |= f
			}
		}
		return fmt.Sprintf("open(%.80q, %b, %v)", path, flag, perm), func(p *program) string {
			f, err := p.open(path, flag, perm)
			if err != nil {
				return outcome(err)
			}
			if p.files[n] != nil {
				p.files[n].Close()
			}
			p.files[n] = f
			return "ok"
		}
	case 7, 8:
		a, b := path.Draw(t, "old"), path.Draw(t, "new")
		return fmt.Sprintf("link(%.80q, %.80q)", a, b), func(p *program) string { return outcome(p.link(a, b)) }
	case 9, 10:
		a, b := path.Draw(t, "old"), path.Draw(t, "new")
		return fmt.Sprintf("rename(%.80q, %.80q)", a, b), func(p *program) string { return outcome(p.rename(a, b)) }
	case 11, 12:
		a, b := path.Draw(t, "old"), path.Draw(t, "new")
		return fmt.Sprintf("move(%.80q, %.80q)", a, b), func(p *program) string { return outcome(p.move(a, b)) }
	case 13, 14:
		a := path.Draw(t, "path")
		return fmt.Sprintf("remove(%.80q)", a), func(p *program) string { return outcome(p.remove(a)) }
	case 15, 16:
		a, perm := path.Draw(t, "path"), perms.Draw(t, "perm")
		if rapid.IntRange(0, 3).Draw(t, "sticky") == 0 {
			perm |= iofs.ModeSticky
		}
		return fmt.Sprintf("mkdir(%.80q, %v)", a, perm), func(p *program) string { return outcome(p.mkdir(a, perm)) }
	case 17, 18:
		target, a := path.Draw(t, "target"), path.Draw(t, "path")
		return fmt.Sprintf("symlink(%.80q, %.80q)", target, a), func(p *program) string { return outcome(p.symlink(target, a)) }
	case 19:
		a, perm := path.Draw(t, "path"), perms.Draw(t, "perm")
		return fmt.Sprintf("mkfifo(%.80q, %v)", a, perm), func(p *program) string { return outcome(p.mkfifo(a, perm)) }
	case 20:
		a := path.Draw(t, "path")
		return fmt.Sprintf("lstat(%.80q)", a), func(p *program) string {
			info, err := p.lstat(a)
			if err != nil {
				return outcome(err)
			}
			return describe(info)
		}
	case 21:
		a := path.Draw(t, "path")
		return fmt.Sprintf("readDir(%.80q)", a), func(p *program) string {
			list, err := p.readDir(a)
			return fmt.Sprint(list, outcome(err))
		}
	case 22:
		a := path.Draw(t, "path")
		return fmt.Sprintf("canonical(%.80q)", a), func(p *program) string {
			got, err := p.canonical(a)
			if err != nil { // by whom it is told is nobody's business
				var number syscall.Errno
				if errors.As(err, &number) && number != syscall.ELOOP {
					return number.Error()
				}
				return "loop"
			}
			return got
		}
	case 23:
		off, content := rapid.Int64Range(-1, 12).Draw(t, "offset"), rapid.StringMatching("[a-z]{0,6}").Draw(t, "content")
		return onFile(fmt.Sprintf("write(%q, %d)", content, off), func(f openFile) string {
			n, err := f.WriteAt([]byte(content), off)
			return fmt.Sprint(n, outcome(err))
		})
	case 24:
		off, room := rapid.Int64Range(-1, 12).Draw(t, "offset"), rapid.IntRange(0, 8).Draw(t, "room")
		return onFile(fmt.Sprintf("read(%d, %d)", room, off), func(f openFile) string {
			b := make([]byte, room)
			n, err := f.ReadAt(b, off)
			return fmt.Sprintf("%q %s", b[:n], outcome(err))
		})
	case 25:
		size := rapid.Int64Range(-1, 12).Draw(t, "size")
		return onFile(fmt.Sprintf("truncate(%d)", size), func(f openFile) string { return outcome(f.Truncate(size)) })
	case 26:
		perm := perms.Draw(t, "perm")
		if users {
			return "nothing", func(*program) string { return "" }
		}
		return onFile(fmt.Sprintf("chmod(%v)", perm), func(f openFile) string { return outcome(f.Chmod(perm)) })
	case 27:
		m := longAgo.Add(time.Duration(rapid.Int64().Draw(t, "time") % int64(1e17)))
		if users {
			return "nothing", func(*program) string { return "" }
		}
		return onFile(fmt.Sprintf("setTimes(%v)", m), func(f openFile) string { return outcome(f.SetTimes(m, m)) })
	case 28:
		if rapid.IntRange(0, 20).Draw(t, "seldom") > 0 { // it takes long
			return "nothing", func(*program) string { return "" }
		}
		return onFile("sync", func(f openFile) string { return outcome(f.Sync()) })
	case 29:
		a := names.Draw(t, "path") // of others os.RemoveAll has a view of its own
		if users {
			return "nothing", func(*program) string { return "" }
		}
		return fmt.Sprintf("removeAll(%.80q)", a), func(p *program) string { return fmt.Sprint(p.removeAll(a) == nil) }
	case 30, 31, 32, 33:
		r, m := region(), modes.Draw(t, "mode")
		n := file()
		return fmt.Sprintf("tryLock(%v, %v) of file %d", r, m, n), func(p *program) string {
			f := p.files[n]
			if f == nil {
				return "no file"
			}
			held, err := f.TryLock(r, m)
			info, _ := f.Stat()
			return fmt.Sprint(held, outcome(err), p.holders(".", info.ID))
		}
	case 34, 35:
		r := region()
		return onFile(fmt.Sprintf("unlock(%v)", r), func(f openFile) string { return outcome(f.Unlock(r)) })
	case 36, 37, 38:
		r, m := region(), modes.Draw(t, "mode")
		return onFile(fmt.Sprintf("conflict(%v, %v)", r, m), func(f openFile) string {
			conflict, err := f.Conflict(r, m)
			return fmt.Sprint(conflict, outcome(err))
		})
	}
	n := file()
	return fmt.Sprint("close of file ", n), func(p *program) string {
		if p.files[n] == nil {
			return "no file"
		}
		err := p.files[n].Close()
		p.files[n] = nil
		return outcome(err)
	}
}

// listing is everything that can be seen: the tree, and the open files. Files are numbered in the order in which they are met.
func (p *program) listing() []string {
	var list []string
	met := make(map[fs.FileID]int)
	number := func(id fs.FileID) int {
		if _, ok := met[id]; !ok {
			met[id] = len(met)
		}
		return met[id]
	}
	var walk func(path string)
	walk = func(path string) {
		entries, err := p.readDir(path)
		if err != nil {
			list = append(list, outcome(err))
		}
		info, _ := p.lstat(path)
		list = append(list, fmt.Sprintf("%s: directory %d %s", path, number(info.ID), describe(info)))
		for _, e := range entries {
			name := path + "/" + e.Name
			if e.Type.IsDir() {
				walk(name)
				continue
			}
			info, err := p.lstat(name)
			line := fmt.Sprintf("%s: file %d %s %s", name, number(info.ID), describe(info), outcome(err))
			switch {
			case e.Type&iofs.ModeSymlink != 0:
				target, _ := p.readlink(name)
				line += " -> " + target
			case e.Type.IsRegular():
				line += p.content(name)
			}
			list = append(list, line)
		}
	}
	walk(".")
	for n, f := range p.files {
		if f != nil {
			info, err := f.Stat()
			list = append(list, fmt.Sprintf("open file %d: file %d %s %s", n, number(info.ID), describe(info), outcome(err)))
		}
	}
	return list
}

func (p *program) content(name string) string {
	f, err := p.open(name, fs.ReadOnly, 0)
	if err != nil {
		return outcome(err)
	}
	defer f.Close()
	b := make([]byte, 100)
	n, _ := f.ReadAt(b, 0)
	return strconv.Quote(string(b[:n]))
}

// ageAll makes everything old.
func (p *program) ageAll() {
	var walk func(path string)
	walk = func(path string) {
		entries, _ := p.readDir(path)
		for _, e := range entries {
			if e.Type.IsDir() {
				walk(path + "/" + e.Name)
			} else {
				p.age(path + "/" + e.Name)
			}
		}
		p.age(path)
	}
	walk(".")
	for _, f := range p.files {
		if f != nil {
			f.age()
		}
	}
}

func (p *program) close() {
	for _, f := range p.files {
		if f != nil {
			f.Close()
		}
	}
}
