package disk

import (
	"errors"
	"fmt"
	"io"
	iofs "io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/fs/osfs"
)

// system is what the random programs run on: the disk, or the real filesystem.
type system interface {
	as(uid int)
	open(path string, flag fs.OpenFlag, perm fs.FileMode) (openFile, error)
	link(oldname, newname string) error
	rename(oldname, newname string) error
	move(oldname, newname string) error
	remove(path string) error
	removeAll(path string) error
	mkdir(path string, perm fs.FileMode) error
	symlink(target, path string) error
	mkfifo(path string, perm fs.FileMode) error
	lstat(path string) (fs.Info, error)
	readDir(path string) ([]fs.DirEntry, error)
	readlink(path string) (string, error)
	canonical(path string) (string, error)
	holders(path string, id fs.FileID) []string
	// age sets the time of modification of everything to long ago.
	age(path string, dir bool)
}

type openFile interface {
	ReadAt(p []byte, off int64) (int, error)
	WriteAt(p []byte, off int64) (int, error)
	Truncate(size int64) error
	Chmod(perm fs.FileMode) error
	SetTimes(atime, mtime time.Time) error
	Stat() (fs.Info, error)
	Sync() error
	Close() error
	age()
	TryLock(r fs.Region, m fs.LockMode) (bool, error)
	Unlock(r fs.Region) error
	Conflict(r fs.Region, m fs.LockMode) (bool, error)
}

var longAgo = time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)

// real is the operating system.
type real struct{ host *osfs.Host }

func (r real) as(uid int) {
	if os.Getuid() == 0 {
		syscall.Setfsuid(uid)
	}
}

func (r real) open(path string, flag fs.OpenFlag, perm fs.FileMode) (openFile, error) {
	if flag&(fs.ReadWrite|fs.NonBlock) == 0 {
		if st, err := os.Stat(path); err == nil && st.Mode()&os.ModeNamedPipe != 0 { // would wait
			if f, err := r.host.Open(path, flag|fs.NonBlock, perm); err != nil {
				return nil, err
			} else {
				f.Close()
			}
			return nil, &iofs.PathError{Op: "open", Path: path, Err: ErrWaits}
		}
	}
	f, err := r.host.Open(path, flag, perm)
	if err != nil {
		return nil, err
	}
	return realFile{f}, nil
}

type realFile struct{ fs.File }

func (f realFile) age() { f.SetTimes(longAgo, longAgo) }

func (r real) link(oldname, newname string) error   { return r.host.Link(oldname, newname) }
func (r real) rename(oldname, newname string) error { return r.host.Rename(oldname, newname) }
func (r real) move(oldname, newname string) error {
	if err := unix.Rename(oldname, newname); err != nil {
		return linkError("rename", oldname, newname, err)
	}
	return nil
}
func (r real) remove(path string) error                  { return r.host.Remove(path) }
func (r real) removeAll(path string) error               { return os.RemoveAll(path) }
func (r real) mkdir(path string, perm fs.FileMode) error { return r.host.Mkdir(path, perm) }
func (r real) symlink(target, path string) error         { return os.Symlink(target, path) }
func (r real) mkfifo(path string, perm fs.FileMode) error {
	if err := unix.Mkfifo(path, uint32(perm)); err != nil {
		return pathError("mkfifo", path, err)
	}
	return nil
}
func (r real) lstat(path string) (fs.Info, error)         { return r.host.Lstat(path) }
func (r real) readDir(path string) ([]fs.DirEntry, error) { return r.host.ReadDir(path) }
func (r real) readlink(path string) (string, error)       { return os.Readlink(path) }
func (r real) canonical(path string) (string, error)      { return r.host.Canonical(path) }
func (r real) holders(path string, id fs.FileID) []string {
	table, err := r.host.LockTable(path, id)
	if err != nil {
		return []string{err.Error()}
	}
	var list []string
	for _, o := range table.Owners {
		list = append(list, fmt.Sprint(o.PID, o.Mode))
	}
	slices.Sort(list) // the kernel's table has no order
	return list
}
func (r real) age(path string, _ bool) {
	ts := []unix.Timespec{unix.NsecToTimespec(longAgo.UnixNano()), unix.NsecToTimespec(longAgo.UnixNano())}
	unix.UtimesNanoAt(unix.AT_FDCWD, path, ts, unix.AT_SYMLINK_NOFOLLOW)
}

// model is the disk.
type model struct {
	disk *Disk
	cred Cred
}

func (m *model) as(uid int)     { m.cred.UID = uid }
func (m *model) now() time.Time { return time.Now() }
func (m *model) pid() int       { return os.Getpid() }
func (m *model) open(path string, flag fs.OpenFlag, perm fs.FileMode) (openFile, error) {
	f, err := m.disk.Open(m.cred, path, flag, perm, m.now())
	if err != nil {
		return nil, err
	}
	return modelFile{f, m}, nil
}
func (m *model) link(oldname, newname string) error {
	return m.disk.Link(m.cred, oldname, newname, m.now())
}
func (m *model) rename(oldname, newname string) error {
	return m.disk.Rename(m.cred, oldname, newname, m.now())
}
func (m *model) move(oldname, newname string) error {
	return m.disk.Move(m.cred, oldname, newname, m.now())
}
func (m *model) remove(path string) error    { return m.disk.Remove(m.cred, path, m.now()) }
func (m *model) removeAll(path string) error { return m.disk.RemoveAll(m.cred, path, m.now()) }
func (m *model) mkdir(path string, perm fs.FileMode) error {
	return m.disk.Mkdir(m.cred, path, perm, m.now())
}
func (m *model) symlink(target, path string) error {
	return m.disk.Symlink(m.cred, target, path, m.now())
}
func (m *model) mkfifo(path string, perm fs.FileMode) error {
	return m.disk.Mkfifo(m.cred, path, perm, m.now())
}
func (m *model) lstat(path string) (fs.Info, error)         { return m.disk.Lstat(m.cred, path) }
func (m *model) readDir(path string) ([]fs.DirEntry, error) { return m.disk.ReadDir(m.cred, path) }
func (m *model) readlink(path string) (string, error)       { return m.disk.Readlink(m.cred, path) }
func (m *model) canonical(path string) (string, error)      { return m.disk.Canonical(m.cred, path) }
func (m *model) holders(_ string, id fs.FileID) []string {
	var list []string
	for _, h := range m.disk.Holders(id) {
		list = append(list, fmt.Sprint(h.Owner, h.Mode))
	}
	slices.Sort(list)
	return list
}
func (m *model) age(path string, _ bool) {
	i, err := m.disk.lookup(&m.cred, path, false)
	if err == nil {
		i.mtime = m.disk.stamp(longAgo)
	}
}

type modelFile struct {
	*File
	m *model
}

func (f modelFile) age() { f.inode.mtime = longAgo.UnixNano() }

func (f modelFile) WriteAt(p []byte, off int64) (int, error) {
	return f.File.WriteAt(p, off, f.m.now())
}
func (f modelFile) Truncate(size int64) error { return f.File.Truncate(size, f.m.now()) }
func (f modelFile) Close() error {
	_, err := f.File.Close()
	return err
}
func (f modelFile) TryLock(r fs.Region, m fs.LockMode) (bool, error) {
	held, _, err := f.File.TryLock(r, m, f.m.pid())
	return held, err
}
func (f modelFile) Unlock(r fs.Region) error {
	_, err := f.File.Unlock(r)
	return err
}

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

// age makes everything old.
func (p *program) ageAll() {
	var walk func(path string)
	walk = func(path string) {
		entries, _ := p.readDir(path)
		for _, e := range entries {
			if e.Type.IsDir() {
				walk(path + "/" + e.Name)
			} else {
				p.age(path+"/"+e.Name, false)
			}
		}
		p.age(path, true)
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

// deep is how far below the temporary directory the programs run, so that ".." does not lead them out of it.
const deep = 45

// TestDiskDoesWhatLinuxDoes runs random programs on the disk and on the real filesystem.
func TestDiskDoesWhatLinuxDoes(t *testing.T) {
	compare(t, []int{0})
}

// TestDiskAllowsWhatLinuxAllows does so as several users.
func TestDiskAllowsWhatLinuxAllows(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only the superuser can be somebody else")
	}
	compare(t, []int{0, 1001, 1002})
}

func compare(t *testing.T, uids []int) {
	runtime.LockOSThread() // what is set with Setfsuid is the thread's
	defer runtime.UnlockOSThread()
	umask := syscall.Umask(0o022)
	defer syscall.Umask(umask)
	root := t.TempDir()
	if err := os.Chmod(filepath.Dir(root), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir(root) // and back in the end
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		base := root + "/" + fmt.Sprint(n) + strings.Repeat("/0", deep)
		users := len(uids) > 1
		if err := os.MkdirAll(base, 0o755); err != nil {
			rt.Fatal(err)
		}
		if users {
			os.Chmod(base, 0o777)
		}
		if err := os.Chdir(base); err != nil {
			rt.Fatal(err)
		}
		d := New(Options{ProtectedHardlinks: setting("hardlinks"), ProtectedSymlinks: setting("symlinks"), ProtectedRegular: setting("regular"),
			Durability: rapid.Bool().Draw(rt, "durability"), ReuseInodes: rapid.Bool().Draw(rt, "reuse"), Writeback: rapid.IntRange(1, 100).Draw(rt, "writeback"),
			Block: rapid.SampledFrom([]int{1, 4, 4096}).Draw(rt, "block")})
		m := &model{disk: d, cred: Cred{WorkDir: base}}
		for at := range base[1:] {
			if base[at+1] == '/' {
				m.mkdir(base[:at+1], 0o755)
			}
		}
		m.mkdir(base, 0o755)
		if users {
			i, _ := d.lookup(&m.cred, base, false)
			i.mode |= 0o777
		}
		m.cred.Umask = 0o022
		m.mkdir("keep", 0o700)
		os.Mkdir("keep", 0o700)
		a, b := &program{system: real{osfs.New()}}, &program{system: m}
		defer a.close()
		defer b.close()
		defer a.as(0)
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			uid := rapid.SampledFrom(uids).Draw(rt, "uid")
			name, do := draw(rt, base, users)
			for _, p := range []*program{a, b} {
				p.as(0)
				p.ageAll()
				p.as(uid)
			}
			want, got := do(a), do(b)
			a.as(0)
			b.as(0)
			if got != want {
				rt.Fatalf("%s as %d: %s, want %s", name, uid, got, want)
			}
			if got, want := b.listing(), a.listing(); !slices.Equal(got, want) {
				rt.Fatalf("after %s as %d:\n%s\nwant:\n%s", name, uid, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		}
	})
}

func setting(name string) bool {
	b, _ := os.ReadFile("/proc/sys/fs/protected_" + name)
	return strings.TrimSpace(string(b)) == "1"
}
