package disk_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/sim/disk"
)

var root = disk.Cred{WorkDir: "/"}

// tester is a testing.TB or a rapid.T.
type tester interface {
	Helper()
	Fatal(args ...any)
}

func must(t tester, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// A cycle of a lock: five operations.
func BenchmarkLockCycle(b *testing.B) {
	for _, durability := range []bool{false, true} {
		b.Run(fmt.Sprint("durability=", durability), func(b *testing.B) {
			d, now := disk.New(disk.Options{Durability: durability}), time.Unix(1, 0)
			must(b, d.Mkdir(root, "/locks", 0o777, now), d.WriteFile(root, "/locks/a.lock", nil, 0o666, now))
			b.ReportAllocs()
			for b.Loop() {
				f, err := d.Open(root, "/locks/a.lock", fs.ReadWrite|fs.Create, 0o666, now)
				must(b, err)
				f.TryLock(fs.Whole, fs.LockExclusive, 1)
				d.Lstat(root, "/locks/a.lock")
				f.Unlock(fs.Whole)
				f.Close()
			}
		})
	}
}

// A cycle of a marker: a file is made, written, synced, linked and removed twice, in a directory that is never synced.
func BenchmarkMarkerCycle(b *testing.B) {
	for _, durability := range []bool{false, true} {
		b.Run(fmt.Sprint("durability=", durability), func(b *testing.B) {
			d, now := disk.New(disk.Options{Durability: durability}), time.Unix(1, 0)
			must(b, d.Mkdir(root, "/locks", 0o777, now))
			record := []byte("the record of a holder, which has a number, a name and a time\n")
			b.ReportAllocs()
			for b.Loop() {
				f, err := d.Open(root, "/locks/private", fs.ReadWrite|fs.Create|fs.Exclusive, 0o666, now)
				must(b, err)
				f.WriteAt(record, 0, now)
				f.Sync()
				f.Close()
				must(b, d.Link(root, "/locks/private", "/locks/marker", now), d.Remove(root, "/locks/private", now), d.Remove(root, "/locks/marker", now))
			}
		})
	}
}

func BenchmarkNew(b *testing.B) {
	now := time.Unix(1, 0)
	b.ReportAllocs()
	for b.Loop() {
		d := disk.New(disk.Options{Durability: true})
		must(b, d.Mkdir(root, "/locks", 0o777, now), d.WriteFile(root, "/locks/a.lock", []byte("a"), 0o666, now), d.WriteFile(root, "/locks/b.lock", []byte("b"), 0o666, now))
		d.SyncAll()
	}
}

func BenchmarkLstatOfAMissingName(b *testing.B) {
	d, now := disk.New(disk.Options{}), time.Unix(1, 0)
	must(b, d.Mkdir(root, "/locks", 0o777, now))
	b.ReportAllocs()
	for b.Loop() {
		d.Lstat(root, "/locks/a.lock")
	}
}

func BenchmarkCrash(b *testing.B) {
	d, now := disk.New(disk.Options{Durability: true}), time.Unix(1, 0)
	must(b, d.Mkdir(root, "/locks", 0o777, now))
	for n := range 10 {
		must(b, d.WriteFile(root, fmt.Sprint("/locks/", n), []byte("record"), 0o666, now))
	}
	random := rand.New(rand.NewPCG(1, 2))
	b.ReportAllocs()
	for b.Loop() {
		d.Crash(random.Uint64, disk.Random(0.5))
	}
}
