package disk_test

import (
	iofs "io/fs"
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

func TestTheOwnerOfAStickyDirectoryMayRemoveFromIt(t *testing.T) {
	d := newDisk(t, disk.Options{})
	must(t, d.Mkdir(alice, "/tmp/hers", 0o777|iofs.ModeSticky, now), d.WriteFile(bob, "/tmp/hers/his", nil, 0o600, now), d.WriteFile(bob, "/tmp/hers/too", nil, 0o600, now))
	must(t, d.Remove(alice, "/tmp/hers/his", now), d.Remove(bob, "/tmp/hers/too", now), d.Remove(alice, "/tmp/hers", now))
}

func TestMkdirHonoursTheStickyBit(t *testing.T) {
	d := newDisk(t, disk.Options{})
	if info, err := d.Lstat(root, "/tmp"); err != nil || info.Mode != iofs.ModeDir|iofs.ModeSticky|0o777 {
		t.Errorf("mode %v, %v", info.Mode, err)
	}
}
