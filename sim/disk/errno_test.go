package disk_test

import (
	"errors"
	iofs "io/fs"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/sim/disk"
)

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
