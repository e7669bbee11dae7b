package osfs_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/fs/osfs"
)

func TestFileOfTheCallerIsLockedAndStaysTheCallers(t *testing.T) {
	h := osfs.New()
	path := filepath.Join(t.TempDir(), "file")
	own, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	other, err := h.Open(path, fs.ReadWrite, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	want := func(f fs.File, held bool, when string) {
		t.Helper()
		if got, err := f.TryLock(fs.Whole, fs.LockExclusive); got != held || err != nil {
			t.Fatalf("%s TryLock = %v, %v, want %v", when, got, err, held)
		}
	}
	f := h.FromFile(own)
	if f.Name() != own.Name() {
		t.Errorf("Name() = %q, want %q", f.Name(), own.Name())
	}
	want(f, true, "of the caller's file")
	want(other, false, "beside the lock of the caller's file")
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if _, err := own.Stat(); err != nil {
		t.Errorf("the caller's file after Close: %v", err)
	}
	want(other, false, "after Close, with the caller's file open,")
	if err := own.Close(); err != nil {
		t.Fatal(err)
	}
	want(other, true, "after the caller closed the file,")
}
