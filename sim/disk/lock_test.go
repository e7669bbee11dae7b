package disk_test

import (
	"errors"
	"math"
	"slices"
	"syscall"
	"testing"

	"pgregory.net/rapid"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/sim/disk"
)

func opened(t testing.TB, d *disk.Disk, flag fs.OpenFlag) *disk.File {
	f, err := d.Open(root, "/file", flag|fs.Create, 0o600, now)
	must(t, err)
	return f
}

type attempt struct{ held, freed bool }

func try(t testing.TB, f *disk.File, r fs.Region, m fs.LockMode) attempt {
	t.Helper()
	held, freed, err := f.TryLock(r, m, 1)
	must(t, err)
	return attempt{held, freed}
}

// TestConversionOfAWholeFileLockIsNotAtomic, as flock(2) documents it.
func TestConversionOfAWholeFileLockIsNotAtomic(t *testing.T) {
	d := disk.New(disk.Options{})
	a, b := opened(t, d, fs.ReadWrite), opened(t, d, fs.ReadWrite)
	for _, c := range []struct {
		what string
		got  attempt
		want attempt
	}{
		{"shared", try(t, a, fs.Whole, fs.LockShared), attempt{true, false}},
		{"shared again", try(t, a, fs.Whole, fs.LockShared), attempt{true, false}},
		{"to exclusive", try(t, a, fs.Whole, fs.LockExclusive), attempt{true, true}},
		{"of another, exclusive", try(t, b, fs.Whole, fs.LockExclusive), attempt{false, false}},
		{"to shared", try(t, a, fs.Whole, fs.LockShared), attempt{true, true}},
		{"of another, shared", try(t, b, fs.Whole, fs.LockShared), attempt{true, false}},
		{"to exclusive beside another", try(t, a, fs.Whole, fs.LockExclusive), attempt{false, true}},
		{"of the other, to exclusive", try(t, b, fs.Whole, fs.LockExclusive), attempt{true, true}}, // a's is lost
	} {
		if c.got != c.want {
			t.Errorf("%s: %+v, want %+v", c.what, c.got, c.want)
		}
	}
	if freed, err := a.Unlock(fs.Whole); freed || err != nil {
		t.Errorf("Unlock of what is not held = %v, %v", freed, err)
	}
	if freed, err := b.Close(); !freed || err != nil {
		t.Errorf("Close of a holder = %v, %v", freed, err)
	}
	if n := d.Locked(); n != 0 {
		t.Errorf("%d files are listed as locked, want none", n)
	}
}

func TestConversionOfARangeIsAtomic(t *testing.T) {
	d := disk.New(disk.Options{})
	a, b := opened(t, d, fs.ReadWrite), opened(t, d, fs.ReadWrite)
	r := fs.Region{Offset: 10, Length: 10}
	if got := try(t, a, r, fs.LockShared); got != (attempt{true, false}) {
		t.Error(got)
	}
	try(t, b, r, fs.LockShared)
	if got := try(t, a, r, fs.LockExclusive); got != (attempt{false, false}) {
		t.Errorf("to exclusive beside another: %+v", got)
	}
	if conflict, err := b.Conflict(r, fs.LockExclusive); !conflict || err != nil {
		t.Errorf("the shared lock was lost: %v, %v", conflict, err)
	}
	b.Unlock(r)
	if got := try(t, a, r, fs.LockExclusive); got != (attempt{true, false}) {
		t.Errorf("to exclusive alone: %+v, which frees nothing", got)
	}
	if got := try(t, a, fs.Region{Offset: 12, Length: 2}, fs.LockShared); got != (attempt{true, true}) {
		t.Errorf("a part to shared: %+v", got)
	}
	if got := try(t, b, fs.Region{Offset: 12, Length: 2}, fs.LockShared); !got.held {
		t.Error("what was converted to shared is not shared")
	}
}

// TestRangesAreSetsOfBytes compares random locks of several open files with a table that has a place for each byte.
func TestRangesAreSetsOfBytes(t *testing.T) {
	const bytes, files = 16, 3
	rapid.Check(t, func(t *rapid.T) {
		d := disk.New(disk.Options{})
		var file [files]*disk.File
		for n := range file {
			file[n], _ = d.Open(root, "/file", fs.ReadWrite|fs.Create, 0o600, now)
		}
		var table [files][bytes]fs.LockMode
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			n := rapid.IntRange(0, files-1).Draw(t, "file")
			from := rapid.IntRange(0, bytes-1).Draw(t, "from")
			length := rapid.IntRange(1, bytes-from).Draw(t, "length")
			r, mode := fs.Region{Offset: int64(from), Length: int64(length)}, rapid.SampledFrom([]fs.LockMode{fs.LockShared, fs.LockExclusive}).Draw(t, "mode")
			free, had, weaker := true, false, false
			for b := from; b < from+length; b++ {
				had = had || table[n][b] != 0
				weaker = weaker || table[n][b] == fs.LockExclusive && mode == fs.LockShared
				for other := range files {
					if other != n && table[other][b] != 0 && (mode == fs.LockExclusive || table[other][b] == fs.LockExclusive) {
						free = false
					}
				}
			}
			set := func(m fs.LockMode) {
				for b := from; b < from+length; b++ {
					table[n][b] = m
				}
			}
			switch rapid.IntRange(0, 2).Draw(t, "operation") {
			case 0:
				held, freed, err := file[n].TryLock(r, mode, 1)
				if held != free || freed != (held && weaker) || err != nil {
					t.Fatalf("TryLock(%v, %v) = %v, %v, %v, want %v, %v", r, mode, held, freed, err, free, free && weaker)
				}
				if held {
					set(mode)
				}
			case 1:
				if freed, err := file[n].Unlock(r); freed != had || err != nil {
					t.Fatalf("Unlock(%v) = %v, %v, want %v", r, freed, err, had)
				}
				set(0)
			case 2:
				if conflict, err := file[n].Conflict(r, mode); conflict == free || err != nil {
					t.Fatalf("Conflict(%v, %v) = %v, %v, want %v", r, mode, conflict, err, !free)
				}
			}
		}
		want := 0 // pieces
		for n := range files {
			for b := range bytes {
				if m := table[n][b]; m != 0 && (b == 0 || table[n][b-1] != m) {
					want++
				}
			}
		}
		i, _ := d.Lookup(root, "/file")
		if got := i.Ranges(); got != want {
			t.Fatalf("%d ranges are kept where there are %d", got, want)
		}
	})
}

func TestRegionsHaveBounds(t *testing.T) {
	d := disk.New(disk.Options{})
	f, other := opened(t, d, fs.ReadWrite), opened(t, d, fs.ReadWrite)
	for _, c := range []struct {
		r    fs.Region
		want error
	}{
		{fs.Region{Offset: -1, Length: 1}, syscall.EINVAL}, {fs.Region{Offset: 4, Length: -5}, syscall.EINVAL},
		{fs.Region{Offset: 2, Length: math.MaxInt64}, syscall.EOVERFLOW}, {fs.Region{Offset: 1, Length: math.MaxInt64}, nil}, {fs.Region{Offset: 5, Length: -5}, nil},
	} {
		_, _, err := f.TryLock(c.r, fs.LockShared, 1)
		_, unlockErr := f.Unlock(c.r)
		_, conflictErr := f.Conflict(c.r, fs.LockShared)
		if !errors.Is(err, c.want) || !errors.Is(unlockErr, c.want) || !errors.Is(conflictErr, c.want) {
			t.Errorf("%v: %v, %v, %v, want %v", c.r, err, unlockErr, conflictErr, c.want)
		}
	}
	try(t, f, fs.Region{Offset: 5}, fs.LockExclusive) // to the end of all files
	if conflict, _ := other.Conflict(fs.Region{Offset: math.MaxInt64, Length: 1}, fs.LockShared); !conflict {
		t.Error("a lock of length 0 does not reach to the last byte")
	}
	if conflict, _ := other.Conflict(fs.Region{Offset: 0, Length: 5}, fs.LockShared); conflict {
		t.Error("a lock reaches before its offset")
	}
}

func TestExclusiveRangesNeedTheRightToWrite(t *testing.T) {
	d := disk.New(disk.Options{})
	f := opened(t, d, fs.ReadOnly)
	if _, _, err := f.TryLock(fs.Region{Length: 1}, fs.LockExclusive, 1); !errors.Is(err, syscall.EBADF) {
		t.Errorf("an exclusive range of a file opened for reading: %v", err)
	}
	if got := try(t, f, fs.Region{Length: 1}, fs.LockShared); !got.held {
		t.Error("a shared range of a file opened for reading is refused")
	}
	if got := try(t, f, fs.Whole, fs.LockExclusive); !got.held {
		t.Error("a whole-file lock of a file opened for reading is refused")
	}
}

// TestLocksGoWithTheLastCopy of an open file.
func TestLocksGoWithTheLastCopy(t *testing.T) {
	d := disk.New(disk.Options{})
	f, other := opened(t, d, fs.ReadWrite), opened(t, d, fs.ReadWrite)
	try(t, f, fs.Whole, fs.LockExclusive)
	try(t, f, fs.Region{Length: 5}, fs.LockExclusive)
	inherited := f.Dup()
	if freed, err := f.Close(); freed || err != nil {
		t.Errorf("Close of one of two copies = %v, %v", freed, err)
	}
	if got := try(t, inherited, fs.Whole, fs.LockExclusive); !got.held || try(t, other, fs.Whole, fs.LockShared).held {
		t.Error("the lock is not the other copy's")
	}
	if freed, err := inherited.Close(); !freed || err != nil {
		t.Errorf("Close of the last copy = %v, %v", freed, err)
	}
	if conflict, _ := other.Conflict(fs.Region{Length: 5}, fs.LockShared); conflict || !try(t, other, fs.Whole, fs.LockExclusive).held {
		t.Error("a lock has outlived its open file")
	}
}

func TestHoldersInTheirOrder(t *testing.T) {
	d := disk.New(disk.Options{Device: 3})
	a, b, c := opened(t, d, fs.ReadWrite), opened(t, d, fs.ReadWrite), opened(t, d, fs.ReadWrite)
	info, err := a.Stat()
	must(t, err)
	holders := func(want ...disk.Holder) {
		t.Helper()
		if got := d.Holders(info.ID); !slices.Equal(got, want) {
			t.Errorf("holders %v, want %v", got, want)
		}
	}
	holders()
	a.TryLock(fs.Region{Length: 1}, fs.LockShared, 10)
	holders()
	b.TryLock(fs.Whole, fs.LockShared, 20)
	a.TryLock(fs.Whole, fs.LockShared, 10)
	c.TryLock(fs.Whole, fs.LockShared, 30)
	holders(disk.Holder{20, fs.LockShared}, disk.Holder{10, fs.LockShared}, disk.Holder{30, fs.LockShared})
	must(t, d.Remove(root, "/file", now)) // it is the inode that is locked
	b.Close()
	a.Unlock(fs.Whole)
	c.TryLock(fs.Whole, fs.LockExclusive, 30)
	holders(disk.Holder{30, fs.LockExclusive})
	info.ID.Device++
	holders()
	info.ID.Device--
	c.Close()
	a.Close()
	holders()
}

func TestAFilesystemWithoutLocks(t *testing.T) {
	d := disk.New(disk.Options{NoLocks: true})
	if v := d.Volume(); v.KernelWait {
		t.Error("locks that are not there can be waited for")
	}
	f := opened(t, d, fs.ReadWrite)
	for _, r := range []fs.Region{fs.Whole, {Length: 1}} {
		_, _, err := f.TryLock(r, fs.LockShared, 1)
		_, unlockErr := f.Unlock(r)
		if !errors.Is(err, fs.ErrNoLocks) || !errors.Is(err, syscall.ENOLCK) || !errors.Is(unlockErr, fs.ErrNoLocks) {
			t.Errorf("%v: %v, %v", r, err, unlockErr)
		}
	}
}

// TestOneTableForAllLocks: as on NFS, where flock(2) is a lock on all bytes.
func TestOneTableForAllLocks(t *testing.T) {
	d := disk.New(disk.Options{NoRegions: true, NoKernelWait: true, Name: "nfs"})
	if v, want := d.Volume(), (fs.Volume{Type: "nfs"}); v != want {
		t.Errorf("volume %+v, want %+v", v, want)
	}
	a, b := opened(t, d, fs.ReadWrite), opened(t, d, fs.ReadWrite)
	info, _ := a.Stat()
	a.TryLock(fs.Whole, fs.LockExclusive, 10)
	if got := try(t, b, fs.Region{Offset: 5, Length: 1}, fs.LockShared); got.held {
		t.Error("a range is free while the whole file is locked")
	}
	if got := d.Holders(info.ID); !slices.Equal(got, []disk.Holder{{10, fs.LockExclusive}}) {
		t.Errorf("holders %v", got)
	}
	a.Unlock(fs.Whole)
	try(t, b, fs.Region{Offset: 5, Length: 1}, fs.LockShared)
	if got := try(t, a, fs.Whole, fs.LockExclusive); got.held {
		t.Error("the whole file is free while a range is locked")
	}
	if got := try(t, a, fs.Whole, fs.LockShared); !got.held {
		t.Error("shared locks exclude each other")
	}
}

func TestWholeFileLocksAndRangesAreApart(t *testing.T) {
	d := disk.New(disk.Options{})
	if v, want := d.Volume(), (fs.Volume{Type: "ext4", KernelWait: true, SeparateRegions: true}); v != want {
		t.Errorf("volume %+v, want %+v", v, want)
	}
	a, b := opened(t, d, fs.ReadWrite), opened(t, d, fs.ReadWrite)
	if !try(t, a, fs.Whole, fs.LockExclusive).held || !try(t, b, fs.Region{Length: 1}, fs.LockExclusive).held {
		t.Error("they exclude each other")
	}
	if _, err := a.Conflict(fs.Whole, fs.LockShared); !errors.Is(err, fs.ErrUnsupported) {
		t.Errorf("Conflict on the whole file: %v", err)
	}
}
