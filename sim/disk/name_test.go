package disk_test

import (
	"errors"
	"fmt"
	iofs "io/fs"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/sim/disk"
)

var (
	now   = time.Unix(1000, 0).UTC()
	alice = disk.Cred{UID: 1001, WorkDir: "/dir"}
	bob   = disk.Cred{UID: 1002, WorkDir: "/tmp", Umask: 0o022}
)

// newDisk returns a disk with a file of each type:
//
//	/dir  a directory, in which everybody can write
//	/dir/file, /dir/full/file  files
//	/dir/empty  an empty directory
//	/dir/link, /dir/linkdir, /dir/dangling, /dir/loop  symbolic links to file, full, missing and loop
//	/dir/fifo
//	/tmp  a sticky directory, in which everybody can write; it has a file and a symbolic link of alice, and a private file of bob
func newDisk(t testing.TB, o disk.Options) *disk.Disk {
	d := disk.New(o)
	free := disk.Cred{WorkDir: "/"}
	must(t,
		d.Mkdir(free, "/dir", 0o777, now), d.Mkdir(free, "/tmp", 0o777|iofs.ModeSticky, now),
		d.Mkdir(free, "/dir/full", 0o755, now), d.Mkdir(free, "/dir/empty", 0o755, now),
		d.WriteFile(free, "/dir/file", []byte("content"), 0o644, now), d.WriteFile(free, "/dir/full/file", nil, 0o600, now),
		d.Symlink(free, "file", "/dir/link", now), d.Symlink(free, "full", "/dir/linkdir", now), d.Symlink(free, "missing", "/dir/dangling", now), d.Symlink(free, "loop", "/dir/loop", now),
		d.Mkfifo(free, "/dir/fifo", 0o600, now),
		d.WriteFile(alice, "/tmp/alice", nil, 0o666, now), d.Symlink(alice, "alice", "/tmp/link", now), d.WriteFile(bob, "/tmp/bob", nil, 0o600, now))
	return d
}

var hardened = disk.Options{ProtectedRegular: true, ProtectedSymlinks: true, ProtectedHardlinks: true}

// TestErrorsAreThoseOfLinux asks for what cannot be done, one call on a fresh disk each.
func TestErrorsAreThoseOfLinux(t *testing.T) {
	open := func(path string, flag fs.OpenFlag) func(*disk.Disk, disk.Cred) error {
		return func(d *disk.Disk, c disk.Cred) error {
			_, err := d.Open(c, path, flag, 0o600, now)
			return err
		}
	}
	lstat := func(path string) func(*disk.Disk, disk.Cred) error {
		return func(d *disk.Disk, c disk.Cred) error {
			_, err := d.Lstat(c, path)
			return err
		}
	}
	readDir := func(path string) func(*disk.Disk, disk.Cred) error {
		return func(d *disk.Disk, c disk.Cred) error {
			_, err := d.ReadDir(c, path)
			return err
		}
	}
	two := func(op func(*disk.Disk, disk.Cred, string, string, time.Time) error, a, b string) func(*disk.Disk, disk.Cred) error {
		return func(d *disk.Disk, c disk.Cred) error { return op(d, c, a, b, now) }
	}
	link := func(a, b string) func(*disk.Disk, disk.Cred) error { return two((*disk.Disk).Link, a, b) }
	rename := func(a, b string) func(*disk.Disk, disk.Cred) error { return two((*disk.Disk).Rename, a, b) }
	move := func(a, b string) func(*disk.Disk, disk.Cred) error { return two((*disk.Disk).Move, a, b) }
	symlink := func(a, b string) func(*disk.Disk, disk.Cred) error { return two((*disk.Disk).Symlink, a, b) }
	remove := func(path string) func(*disk.Disk, disk.Cred) error {
		return func(d *disk.Disk, c disk.Cred) error { return d.Remove(c, path, now) }
	}
	mkdir := func(path string) func(*disk.Disk, disk.Cred) error {
		return func(d *disk.Disk, c disk.Cred) error { return d.Mkdir(c, path, 0o700, now) }
	}
	const write, create, exclusive = fs.ReadWrite, fs.ReadWrite | fs.Create, fs.ReadWrite | fs.Create | fs.Exclusive
	long := strings.Repeat("x", 256)
	readOnly, free := disk.Options{ReadOnly: true}, disk.Options{}
	for _, c := range []struct {
		what      string
		options   disk.Options
		cred      disk.Cred
		do        func(*disk.Disk, disk.Cred) error
		errno     syscall.Errno
		condition error
	}{
		{"open of a missing name", free, root, open("/dir/missing", write), syscall.ENOENT, iofs.ErrNotExist},
		{"open of nothing", free, root, open("", create), syscall.ENOENT, iofs.ErrNotExist},
		{"open in a missing directory", free, root, open("/missing/file", create), syscall.ENOENT, iofs.ErrNotExist},
		{"open below a file", free, root, open("/dir/file/below", create), syscall.ENOTDIR, fs.ErrNotDirectory},
		{"open of a file with a slash", free, root, open("/dir/file/", write), syscall.ENOTDIR, fs.ErrNotDirectory},
		{"creation with a slash", free, root, open("/dir/new/", create), syscall.EISDIR, fs.ErrIsDirectory},
		{"open of a directory for writing", free, root, open("/dir", write), syscall.EISDIR, fs.ErrIsDirectory},
		{"creation of a directory that is there", free, root, open("/dir", fs.Create), syscall.EISDIR, fs.ErrIsDirectory},
		{"exclusive creation of a directory", free, root, open("/dir", exclusive), syscall.EEXIST, iofs.ErrExist},
		{"exclusive creation of a file", free, root, open("/dir/file", exclusive), syscall.EEXIST, iofs.ErrExist},
		{"exclusive creation of a dangling link", free, root, open("/dir/dangling", exclusive), syscall.EEXIST, iofs.ErrExist},
		{"open of a dangling link", free, root, open("/dir/dangling", write), syscall.ENOENT, iofs.ErrNotExist},
		{"open of a loop", free, root, open("/dir/loop", write), syscall.ELOOP, syscall.ELOOP},
		{"open through a loop", free, root, open("/dir/loop/file", write), syscall.ELOOP, syscall.ELOOP},
		{"open of a link that is not followed", free, root, open("/dir/link", write|fs.NoFollow), syscall.ELOOP, fs.ErrSymlink},
		{"open of a link to a directory that is not followed", free, root, open("/dir/linkdir", fs.Directory|fs.NoFollow), syscall.ENOTDIR, fs.ErrSymlink},
		{"open of a file as a directory", free, root, open("/dir/file", fs.Directory), syscall.ENOTDIR, fs.ErrNotDirectory},
		{"creation of a directory with open", free, root, open("/dir/new", fs.Directory|fs.Create), syscall.EINVAL, syscall.EINVAL},
		{"open of a name that is too long", free, root, open("/dir/"+long, create), syscall.ENAMETOOLONG, syscall.ENAMETOOLONG},
		{"open of a path that is too long", free, root, open(strings.Repeat("/", 4096), 0), syscall.ENAMETOOLONG, syscall.ENAMETOOLONG},
		{"open of a path with a NUL", free, root, open("/dir/\x00", create), syscall.EINVAL, syscall.EINVAL},
		{"open of a FIFO for reading", free, root, open("/dir/fifo", 0), 0, disk.ErrWaits},
		{"open for writing of what others can read", free, alice, open("/dir/file", write), syscall.EACCES, iofs.ErrPermission},
		{"open of what others cannot read", free, alice, open("/tmp/bob", 0), syscall.EACCES, iofs.ErrPermission},
		{"creation in a directory of another", free, alice, open("/dir/full/new", create), syscall.EACCES, iofs.ErrPermission},
		{"creation of another's file in a common directory", hardened, bob, open("/tmp/alice", create), syscall.EACCES, iofs.ErrPermission},
		{"open of another's link in a common directory", hardened, bob, open("/tmp/link", write), syscall.EACCES, iofs.ErrPermission},
		{"open for writing", readOnly, root, open("/dir/file", write), syscall.EROFS, syscall.EROFS},
		{"creation on a disk for reading", readOnly, root, open("/dir/new", create), syscall.EROFS, syscall.EROFS},
		{"exclusive creation of what is there, on a disk for reading", readOnly, root, open("/dir/file", exclusive), syscall.EEXIST, iofs.ErrExist},

		{"lstat of a missing name", free, root, lstat("/dir/missing"), syscall.ENOENT, iofs.ErrNotExist},
		{"lstat below a file", free, root, lstat("/dir/file/below"), syscall.ENOTDIR, syscall.ENOTDIR},
		{"lstat of a link to a file with a slash", free, root, lstat("/dir/link/"), syscall.ENOTDIR, syscall.ENOTDIR},
		{"lstat of a link to nothing with a slash", free, root, lstat("/dir/dangling/"), syscall.ENOENT, iofs.ErrNotExist},
		{"readdir of a file", free, root, readDir("/dir/file"), syscall.ENOTDIR, syscall.ENOTDIR},
		{"readdir of a missing name", free, root, readDir("/missing"), syscall.ENOENT, iofs.ErrNotExist},

		{"link to a name that is there", free, root, link("/dir/file", "/dir/dangling"), syscall.EEXIST, iofs.ErrExist},
		{"link of a missing name", free, root, link("/dir/missing", "/dir/new"), syscall.ENOENT, iofs.ErrNotExist},
		{"link of a directory", free, root, link("/dir/full", "/dir/new"), syscall.EPERM, iofs.ErrPermission},
		{"link to a name with a slash", free, root, link("/dir/file", "/dir/new/"), syscall.ENOENT, iofs.ErrNotExist},
		{"link of a file that cannot be written", hardened, alice, link("/dir/file", "/dir/new"), syscall.EPERM, iofs.ErrPermission},
		{"link on a disk for reading", readOnly, root, link("/dir/file", "/dir/new"), syscall.EROFS, syscall.EROFS},

		{"rename of a missing name", free, root, rename("/dir/missing", "/dir/file"), syscall.ENOENT, iofs.ErrNotExist},
		{"rename to a directory", free, root, rename("/dir/full", "/dir/empty"), syscall.EEXIST, iofs.ErrExist},
		{"rename of a directory into itself", free, root, rename("/dir", "/dir/full/new"), syscall.EINVAL, syscall.EINVAL},
		{"rename of a file to a name with a slash", free, root, rename("/dir/file", "/dir/new/"), syscall.ENOTDIR, syscall.ENOTDIR},
		{"rename of the working directory", free, alice, rename(".", "/tmp/new"), syscall.EBUSY, syscall.EBUSY},
		{"rename on a disk for reading", readOnly, root, rename("/dir/file", "/dir/new"), syscall.EROFS, syscall.EROFS},
		{"rename of another's file in a common directory", free, bob, rename("alice", "new"), syscall.EPERM, iofs.ErrPermission},
		{"rename over another's file in a common directory", free, bob, rename("bob", "alice"), syscall.EPERM, iofs.ErrPermission},
		{"move of a directory over a full one", free, root, move("/dir/empty", "/dir/full"), syscall.ENOTEMPTY, iofs.ErrExist},
		{"move of a directory over one that it is in", free, root, move("/dir/full", "/dir"), syscall.ENOTEMPTY, iofs.ErrExist},
		{"move of a directory over a file", free, root, move("/dir/empty", "/dir/file"), syscall.ENOTDIR, syscall.ENOTDIR},
		{"move of a file over the directory that it is in", free, root, move("/dir/file", "/dir"), syscall.ENOTEMPTY, iofs.ErrExist},
		{"move of another's directory", free, alice, move("full", "empty/full"), syscall.EACCES, iofs.ErrPermission},
		{"move of another's directory to another directory", free, alice, move("full", "/tmp/full"), syscall.EACCES, iofs.ErrPermission},
		{"move of a file over a directory", free, root, move("/dir/file", "/dir/empty"), syscall.EISDIR, syscall.EISDIR},

		{"removal of a missing name", free, root, remove("/dir/missing"), syscall.ENOENT, iofs.ErrNotExist},
		{"removal of a full directory", free, root, remove("/dir/full"), syscall.ENOTEMPTY, iofs.ErrExist},
		{"removal of a link to a directory with a slash", free, root, remove("/dir/linkdir/"), syscall.ENOTDIR, syscall.ENOTDIR},
		{"removal of the root", free, root, remove("/"), syscall.EBUSY, syscall.EBUSY},
		{"removal of the working directory", free, alice, remove("."), syscall.EINVAL, syscall.EINVAL},
		{"removal of the directory above", free, alice, remove("full/.."), syscall.ENOTEMPTY, iofs.ErrExist},
		{"removal of another's file", free, bob, remove("/dir/full/file"), syscall.EACCES, iofs.ErrPermission},
		{"removal of another's file in a common directory", free, bob, remove("alice"), syscall.EPERM, iofs.ErrPermission},
		{"removal on a disk for reading", readOnly, root, remove("/dir/file"), syscall.EROFS, syscall.EROFS},

		{"mkdir of a name that is there", free, root, mkdir("/dir/dangling"), syscall.EEXIST, iofs.ErrExist},
		{"mkdir in a missing directory", free, root, mkdir("/missing/new"), syscall.ENOENT, iofs.ErrNotExist},
		{"mkdir in a directory of another", free, bob, mkdir("/dir/full/new"), syscall.EACCES, iofs.ErrPermission},
		{"symlink to nothing", free, root, symlink("", "/dir/new"), syscall.ENOENT, iofs.ErrNotExist},
		{"symlink of a name that is there", free, root, symlink("x", "/dir/file"), syscall.EEXIST, iofs.ErrExist},
		{"symlink to a target that is too long", free, root, symlink(strings.Repeat("x", 4096), "/dir/new"), syscall.ENAMETOOLONG, syscall.ENAMETOOLONG},
	} {
		writable := c.options
		writable.ReadOnly = false
		d := newDisk(t, writable)
		d.SetReadOnly(c.options.ReadOnly)
		before := dump(d)
		err := c.do(d, c.cred)
		if c.errno != 0 && !errors.Is(err, c.errno) || !errors.Is(err, c.condition) {
			t.Errorf("%s: %v, want one that is %q and %q", c.what, err, c.errno, c.condition)
		}
		if after := dump(d); after != before {
			t.Errorf("%s changed the disk:\n%s\nfrom:\n%s", c.what, after, before)
		}
		var number syscall.Errno
		if c.errno != 0 && (!errors.As(err, &number) || number != c.errno) {
			t.Errorf("%s: errors.As finds %q, want %q", c.what, number, c.errno)
		}
	}
}

func dump(d *disk.Disk) string {
	var b strings.Builder
	d.Dump(&b)
	return b.String()
}

func TestErrorsTellThePath(t *testing.T) {
	d := newDisk(t, disk.Options{})
	_, err := d.Open(root, "/dir/missing", fs.ReadOnly, 0, now)
	if got, want := err.Error(), "open /dir/missing: no such file or directory"; got != want {
		t.Errorf("the error of Open is %q, want %q", got, want)
	}
	if got, want := d.Rename(root, "/a", "/b", now).Error(), "rename /a /b: no such file or directory"; got != want {
		t.Errorf("the error of Rename is %q, want %q", got, want)
	}
}

func TestProtectionIsNotAgainstOwners(t *testing.T) {
	d := newDisk(t, hardened)
	for _, path := range []string{"/tmp/alice", "/tmp/link"} {
		if _, err := d.Open(alice, path, fs.ReadWrite|fs.Create, 0o600, now); err != nil {
			t.Error(err)
		}
	}
	if _, err := d.Open(bob, "/tmp/alice", fs.ReadWrite, 0, now); err != nil {
		t.Errorf("the protection of common directories is against creation only: %v", err)
	}
}

func TestWhatChangesNothingSucceeds(t *testing.T) {
	d := newDisk(t, disk.Options{})
	must(t, d.Link(root, "/dir/file", "/dir/second", now))
	before := dump(d)
	must(t, d.Move(root, "/dir/full", "/dir/./full", now), d.Rename(root, "/dir/file", "/dir/second", now), d.Move(alice, "/tmp/bob", "/tmp/bob", now), d.RemoveAll(root, "/dir/missing", now))
	if after := dump(d); after != before {
		t.Errorf("the disk is now\n%s\nit was\n%s", after, before)
	}
}

// TestASlashFollowsLinks to the end, also where the last element is not followed without it.
func TestASlashFollowsLinks(t *testing.T) {
	d := newDisk(t, disk.Options{})
	must(t, d.Symlink(root, "linkdir", "/dir/twice", now))
	if info, err := d.Lstat(root, "/dir/twice/"); err != nil || !info.Mode.IsDir() {
		t.Errorf("Lstat with a slash: %v, %v", info.Mode, err)
	}
	if info, err := d.Lstat(root, "/dir/twice"); err != nil || info.Mode.Type() != iofs.ModeSymlink {
		t.Errorf("Lstat without a slash: %v, %v", info.Mode, err)
	}
}

func TestTheOwnerOfAStickyDirectoryMayRemoveFromIt(t *testing.T) {
	d := newDisk(t, disk.Options{})
	must(t, d.Mkdir(alice, "/tmp/hers", 0o777|iofs.ModeSticky, now), d.WriteFile(bob, "/tmp/hers/his", nil, 0o600, now), d.WriteFile(bob, "/tmp/hers/too", nil, 0o600, now))
	must(t, d.Remove(alice, "/tmp/hers/his", now), d.Remove(bob, "/tmp/hers/too", now), d.Remove(alice, "/tmp/hers", now))
}

// TestFreedContentDoesNotComeBack where a file grows again.
func TestFreedContentDoesNotComeBack(t *testing.T) {
	d := newDisk(t, disk.Options{})
	f, err := d.Open(root, "/dir/file", fs.ReadWrite, 0, now)
	must(t, err, f.Truncate(1, now))
	_, err = f.WriteAt([]byte("x"), 5, now)
	must(t, err)
	if content, _ := d.ReadFile(root, "/dir/file"); string(content) != "c\x00\x00\x00\x00x" {
		t.Errorf("the file has %q", content)
	}
}

func TestCanonical(t *testing.T) {
	d := newDisk(t, disk.Options{})
	must(t, d.Symlink(root, "/dir/full", "/tmp/away", now), d.WriteFile(root, "/0", nil, 0o600, now), d.Symlink(root, ".", "/l0", now))
	for n := range 300 {
		must(t, d.Symlink(root, fmt.Sprint("l", n), fmt.Sprint("/l", n+1), now))
	}
	for _, c := range []struct{ path, want string }{
		{"/tmp/away", "/tmp/away"}, {"/tmp/away/..", "/dir"}, {"/tmp/away/../new", "/dir/new"}, {"/tmp/away/file/", "/dir/full/file"},
		{"/missing/../x", "/x"}, {"/missing/./y/../x", "/missing/x"}, {"/dir/dangling/x", "/dir/dangling/x"}, {"//tmp//away//x", "/dir/full/x"},
		{"/", "/"}, {"/..", "/"}, {"", "/"}, {"x", "/x"}, {"/l200/dir/x", "/dir/x"}, {"/l254/x", "/x"},
	} {
		if got, err := d.Canonical(root, c.path); got != c.want || err != nil {
			t.Errorf("Canonical(%q) = %q, %v, want %q", c.path, got, err, c.want)
		}
	}
	for _, c := range []struct {
		path string
		want error
	}{{"/l255/x", syscall.ELOOP}, {"/dir/loop/x", syscall.ELOOP}, {"/dir/file/x", syscall.ENOTDIR}, {"/" + strings.Repeat("x", 256) + "/x", syscall.ENAMETOOLONG}} {
		if got, err := d.Canonical(root, c.path); got != "" || !errors.Is(err, c.want) {
			t.Errorf("Canonical(%.20q) = %q, %v, want %v", c.path, got, err, c.want)
		}
	}
}

// TestFortyLinksAreFollowed and not one more.
func TestFortyLinksAreFollowed(t *testing.T) {
	d := disk.New(disk.Options{})
	must(t, d.WriteFile(root, "/0", nil, 0o600, now))
	for n := range 41 {
		must(t, d.Symlink(root, fmt.Sprint(n), fmt.Sprint("/", n+1), now))
	}
	if _, err := d.ReadFile(root, "/40"); err != nil {
		t.Error(err)
	}
	if _, err := d.ReadFile(root, "/41"); !errors.Is(err, syscall.ELOOP) {
		t.Errorf("a path of 41 symbolic links: %v, want %v", err, syscall.ELOOP)
	}
}

func TestRelativePathsBeginInTheWorkingDirectory(t *testing.T) {
	d := newDisk(t, disk.Options{})
	for _, path := range []string{"file", "./file", "full/../file", "../dir/file", "/dir/file"} {
		if content, err := d.ReadFile(alice, path); err != nil || string(content) != "content" {
			t.Errorf("%s in /dir: %q, %v", path, content, err)
		}
	}
	if got, err := d.Canonical(alice, "linkdir/missing"); err != nil || got != "/dir/full/missing" {
		t.Errorf("Canonical = %q, %v", got, err)
	}
	must(t, d.RemoveAll(root, "/dir", now))
	if _, err := d.Lstat(alice, "."); !errors.Is(err, iofs.ErrNotExist) {
		t.Errorf("a working directory that is gone: %v", err)
	}
}

func TestUmaskAndPermissions(t *testing.T) {
	d := newDisk(t, disk.Options{})
	f, err := d.Open(bob, "new", fs.ReadWrite|fs.Create, 0o666, now)
	must(t, err)
	if info, _ := f.Stat(); info.Mode != 0o644 {
		t.Errorf("mode %v, want 0644", info.Mode)
	}
	// Who made it can write to it, whatever the mode.
	f, err = d.Open(bob, "sealed", fs.ReadWrite|fs.Create, 0, now)
	must(t, err)
	_, err = f.WriteAt([]byte("x"), 0, now)
	must(t, err, f.Chmod(0o600))
	other, err := d.Open(alice, "/tmp/new", fs.ReadOnly, 0, now)
	must(t, err)
	if err := other.Chmod(0o777); !errors.Is(err, iofs.ErrPermission) {
		t.Errorf("Chmod of another's file: %v", err)
	}
	if err := other.SetTimes(now, now); !errors.Is(err, iofs.ErrPermission) {
		t.Errorf("SetTimes of another's file: %v", err)
	}
	// The owner is not one of the others.
	must(t, d.WriteFile(bob, "others", nil, 0o077, now))
	if _, err := d.Open(bob, "others", fs.ReadOnly, 0, now); !errors.Is(err, iofs.ErrPermission) {
		t.Errorf("a file that only others can read, opened by its owner: %v", err)
	}
}

func TestMkdirHonoursTheStickyBit(t *testing.T) {
	d := newDisk(t, disk.Options{})
	if info, err := d.Lstat(root, "/tmp"); err != nil || info.Mode != iofs.ModeDir|iofs.ModeSticky|0o777 {
		t.Errorf("mode %v, %v", info.Mode, err)
	}
}

func TestTimesHaveTheGranularityOfTheDisk(t *testing.T) {
	d := disk.New(disk.Options{Granularity: 2 * time.Second})
	at := time.Unix(1001, 999_999_999)
	must(t, d.WriteFile(root, "/file", nil, 0o600, at))
	f, err := d.Open(root, "/file", fs.ReadWrite, 0, at)
	must(t, err)
	for _, c := range []struct{ set, want time.Time }{
		{at, time.Unix(1000, 0)}, {time.Unix(1002, 0), time.Unix(1002, 0)}, {time.Unix(-1, 0), time.Unix(-2, 0)}, {time.Unix(-2, 0), time.Unix(-2, 0)},
	} {
		must(t, f.SetTimes(at, c.set))
		if info, _ := f.Stat(); !info.Mtime.Equal(c.want) {
			t.Errorf("SetTimes(%v): modified %v, want %v", c.set, info.Mtime, c.want)
		}
	}
	must(t, f.Truncate(3, at))
	if info, _ := d.Lstat(root, "/file"); !info.Mtime.Equal(time.Unix(1000, 0)) {
		t.Errorf("after Truncate at %v: modified %v", at, info.Mtime)
	}
}

func TestInodeNumbers(t *testing.T) {
	number := func(d *disk.Disk, path string) uint64 {
		info, err := d.Lstat(root, path)
		must(t, err)
		return info.ID.Inode
	}
	for _, reuse := range []bool{false, true} {
		d := newDisk(t, disk.Options{ReuseInodes: reuse, Device: 7})
		was := number(d, "/dir/file")
		f, err := d.Open(root, "/dir/file", fs.ReadOnly, 0, now)
		must(t, err, d.Remove(root, "/dir/file", now), d.WriteFile(root, "/dir/while open", nil, 0o600, now))
		if got := number(d, "/dir/while open"); got == was {
			t.Errorf("the inode number %d is used again while the file is open", got)
		}
		f.Close()
		must(t, d.WriteFile(root, "/dir/next", nil, 0o600, now))
		if got := number(d, "/dir/next"); (got == was) != reuse {
			t.Errorf("ReuseInodes %v: a file removed had the inode number %d, the next one has %d", reuse, was, got)
		}
		if info, _ := d.Lstat(root, "/dir"); info.ID.Device != 7 {
			t.Errorf("device %d, want 7", info.ID.Device)
		}
	}
}

func TestCapacity(t *testing.T) {
	d := disk.New(disk.Options{Capacity: 3 * 8, Block: 8})
	f, err := d.Open(root, "/file", fs.ReadWrite|fs.Create, 0o600, now)
	must(t, err)
	_, err = f.WriteAt([]byte("123456789"), 0, now) // two blocks
	must(t, err, d.WriteFile(root, "/other", []byte("x"), 0o600, now))
	if n, err := f.WriteAt([]byte("abcdefghij"), 9, now); n != 7 || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a write of 10 bytes where there is room for 7: %d, %v", n, err)
	}
	if n, err := f.WriteAt([]byte("x"), 16, now); n != 0 || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a write where there is no room: %d, %v", n, err)
	}
	if info, _ := f.Stat(); info.Size != 16 {
		t.Errorf("the file has %d bytes, want 16", info.Size)
	}
	must(t, d.WriteFile(root, "/empty", nil, 0o600, now)) // a name takes no room
	if err := d.WriteFile(root, "/empty", []byte("x"), 0o600, now); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a write to another file: %v", err)
	}
	// Room comes back with a truncation, and with the removal of a file once it is closed.
	must(t, f.Truncate(8, now), d.WriteFile(root, "/empty", []byte("x"), 0o600, now), d.Remove(root, "/file", now))
	if err := d.WriteFile(root, "/new", []byte("x"), 0o600, now); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a write while the removed file is open: %v", err)
	}
	f.Close()
	must(t, d.WriteFile(root, "/new", []byte("x"), 0o600, now))
}

func TestADiskThatTurnedReadOnly(t *testing.T) {
	d := newDisk(t, disk.Options{Durability: true})
	d.SyncAll()
	f, err := d.Open(root, "/dir/file", fs.ReadWrite, 0, now)
	must(t, err)
	other, err := d.Open(root, "/dir/full/file", fs.ReadWrite, 0, now)
	must(t, err)
	_, err = f.WriteAt([]byte("CON"), 0, now)
	must(t, err)
	d.SetReadOnly(true)
	_, err = f.WriteAt([]byte("x"), 0, now)
	for what, err := range map[string]error{
		"a write": err, "Truncate": f.Truncate(0, now), "Chmod": f.Chmod(0o600), "SetTimes": f.SetTimes(now, now), "Sync": f.Sync(),
	} {
		if !errors.Is(err, syscall.EROFS) {
			t.Errorf("%s of an open file: %v, want %v", what, err, syscall.EROFS)
		}
	}
	if held, _, err := f.TryLock(fs.Whole, fs.LockExclusive, 1); !held || err != nil {
		t.Errorf("TryLock = %v, %v", held, err)
	}
	must(t, other.Sync()) // it has nothing to lose
	if content, err := d.Crash(nil, disk.None).ReadFile(root, "/dir/file"); err != nil || string(content) != "content" {
		t.Errorf("after a power failure the file has %q, %v", content, err)
	}
}

func TestContentLimits(t *testing.T) {
	d := newDisk(t, disk.Options{})
	f, err := d.Open(root, "/dir/file", fs.ReadWrite, 0, now)
	must(t, err)
	if _, err := f.WriteAt([]byte("x"), 64<<20, now); !errors.Is(err, syscall.EFBIG) {
		t.Errorf("a write beyond what is kept in memory: %v", err)
	}
	must(t, f.Truncate(1<<40, now))
	b := []byte("xxx")
	if n, err := f.ReadAt(b, 1<<40-3); n != 3 || err != nil || string(b) != "\x00\x00\x00" {
		t.Errorf("a read at the end of a hole: %q, %d, %v", b, n, err)
	}
	if err := f.Truncate(1<<44, now); !errors.Is(err, syscall.EFBIG) {
		t.Errorf("Truncate to more than ext4 can: %v", err)
	}
}

func TestClosedFilesAreBad(t *testing.T) {
	d := newDisk(t, disk.Options{})
	f, err := d.Open(root, "/dir/file", fs.ReadWrite, 0, now)
	must(t, err)
	_, err = f.Close()
	must(t, err)
	b := make([]byte, 1)
	errs := map[string]error{"Truncate": f.Truncate(0, now), "Chmod": f.Chmod(0), "SetTimes": f.SetTimes(now, now), "Sync": f.Sync()}
	_, errs["Stat"] = f.Stat()
	_, errs["ReadAt"] = f.ReadAt(b, 0)
	_, errs["WriteAt"] = f.WriteAt(b, 0, now)
	_, errs["Close"] = f.Close()
	_, errs["Unlock"] = f.Unlock(fs.Whole)
	_, _, errs["TryLock"] = f.TryLock(fs.Whole, fs.LockShared, 0)
	_, errs["Conflict"] = f.Conflict(fs.Region{Length: 1}, fs.LockShared)
	for what, err := range errs {
		if !errors.Is(err, syscall.EBADF) {
			t.Errorf("%s of a closed file: %v, want %v", what, err, syscall.EBADF)
		}
	}
}

func TestChangesAreCounted(t *testing.T) {
	d := newDisk(t, disk.Options{})
	file, err := d.Lookup(root, "/dir/file")
	must(t, err)
	dir, err := d.Lookup(root, "/dir")
	must(t, err)
	f, err := d.Open(root, "/dir/file", fs.ReadWrite, 0, now)
	must(t, err)
	for _, c := range []struct {
		what      string
		do        func() error
		file, dir bool
	}{
		{"lstat", func() error { _, err := d.Lstat(root, "/dir/file"); return err }, false, false},
		{"a write", func() error { _, err := f.WriteAt([]byte("x"), 0, now); return err }, true, false},
		{"Truncate", func() error { return f.Truncate(1, now) }, true, false},
		{"Chmod", func() error { return f.Chmod(0o600) }, true, false},
		{"SetTimes", func() error { return f.SetTimes(now, now) }, true, false},
		{"a lock", func() error { _, _, err := f.TryLock(fs.Whole, fs.LockShared, 1); return err }, false, false},
		{"a link elsewhere", func() error { return d.Link(root, "/dir/file", "/tmp/second", now) }, true, false},
		{"the removal of a link elsewhere", func() error { return d.Remove(root, "/tmp/second", now) }, true, false},
		{"a new file", func() error { return d.WriteFile(root, "/dir/new", nil, 0o600, now) }, false, true},
		{"a rename", func() error { return d.Rename(root, "/dir/file", "/dir/file2", now) }, true, true},
		{"a rename out", func() error { return d.Rename(root, "/dir/new", "/tmp/new", now) }, false, true},
		{"a rename in", func() error { return d.Rename(root, "/tmp/new", "/dir/new", now) }, false, true},
		{"a replacement", func() error { return d.Rename(root, "/dir/new", "/dir/file2", now) }, true, true},
	} {
		fileBefore, dirBefore := file.Changes(), dir.Changes()
		must(t, c.do())
		if got := file.Changes() != fileBefore; got != c.file {
			t.Errorf("%s changes the file: %v, want %v", c.what, got, c.file)
		}
		if got := dir.Changes() != dirBefore; got != c.dir {
			t.Errorf("%s changes the directory: %v, want %v", c.what, got, c.dir)
		}
	}
}

func TestDumpAndWalk(t *testing.T) {
	d := newDisk(t, disk.Options{})
	var names []string
	for name := range d.Walk() {
		names = append(names, name)
	}
	want := []string{"/", "/dir", "/dir/dangling", "/dir/empty", "/dir/fifo", "/dir/file", "/dir/full", "/dir/full/file", "/dir/link", "/dir/linkdir", "/dir/loop",
		"/tmp", "/tmp/alice", "/tmp/bob", "/tmp/link"}
	if !slices.Equal(names, want) {
		t.Errorf("Walk: %q, want %q", names, want)
	}
	f, err := d.Open(root, "/dir/file", fs.ReadWrite, 0, now)
	must(t, err)
	f.TryLock(fs.Whole, fs.LockExclusive, 4711)
	f.TryLock(fs.Region{Offset: 1, Length: 2}, fs.LockShared, 4711)
	if got, want := dump(d), `    16 -rw-r--r-- 1 0     7 1970-01-01T00:16:40Z "/dir/file" "content" locked exclusive by 4711 locked shared [1,2] by 4711`; !strings.Contains(got, want+"\n") {
		t.Errorf("Dump:\n%s\nwant in it:\n%s", got, want)
	}
}
