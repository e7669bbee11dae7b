package disk_test

import (
	"testing"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/sim/disk"
)

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
