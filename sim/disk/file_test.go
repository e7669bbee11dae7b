package disk_test

import (
	"errors"
	iofs "io/fs"
	"syscall"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/sim/disk"
)

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

func TestTimesHaveTheGranularityOfTheDisk(t *testing.T) {
	d := disk.New(disk.Options{Granularity: 2 * time.Second})
	at := time.Unix(1001, 999_999_999)
	must(t, d.WriteFile(root, "/file", nil, 0o600, at))
	f, err := d.Open(root, "/file", fs.ReadWrite, 0, at)
	must(t, err)
	for _, c := range []struct{ set, want time.Time }{
		{at, time.Unix(1000, 0)}, {time.Unix(1002, 0), time.Unix(1002, 0)}, {time.Unix(-1, 0), time.Unix(-2, 0)}, {time.Unix(-2, 0), time.Unix(-2, 0)}, {time.Time{}, time.Unix(1000, 0)},
	} {
		must(t, f.SetTimes(c.set, at))
		if info, _ := f.Stat(); !info.Mtime.Equal(c.want) {
			t.Errorf("SetTimes(%v): modified %v, want %v", c.set, info.Mtime, c.want)
		}
	}
	must(t, f.Truncate(3, at))
	if info, _ := d.Lstat(root, "/file"); !info.Mtime.Equal(time.Unix(1000, 0)) {
		t.Errorf("after Truncate at %v: modified %v", at, info.Mtime)
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
