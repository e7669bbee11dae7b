package osfs_test

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/fs/fstest"
	"github.com/holdfast-lock/holdfast/fs/osfs"
)

// everywhere is what no platform may be without.
var everywhere = []fstest.Operation{
	fstest.Exclusive, fstest.NoFollow, fstest.Directory, fstest.Truncate, fstest.Chmod, fstest.SetTimes, fstest.Sync, fstest.Identity, fstest.Link,
	fstest.Rename, fstest.Remove, fstest.Mkdir, fstest.Lstat, fstest.ReadDir, fstest.Canonical, fstest.Whole, fstest.OnDropped, fstest.Liveness,
}

// mustSupport is what the platform may not be without.
func mustSupport() []fstest.Operation {
	if runtime.GOOS != "linux" {
		return everywhere
	}
	// Nothing ends a wait of fcntl(2) for a byte range that is not shared with the rest of the process.
	return slices.DeleteFunc(fstest.Operations(), func(op fstest.Operation) bool { return op == fstest.WaitRange })
}

// suiteOptions are the options for the suite on this machine.
func suiteOptions(t *testing.T) []fstest.Option {
	options := append([]fstest.Option{fstest.MustSupport(mustSupport()...)}, fifos...)
	if err := os.Symlink("target", filepath.Join(t.TempDir(), "link")); err != nil && runtime.GOOS == "windows" {
		t.Logf("without symbolic links, which this account may not make: %v", err)
		return options
	}
	return append(options, fstest.Symlinks(os.Symlink))
}

func TestHost(t *testing.T) {
	fstest.TestHost(t, func(t *testing.T) (fs.Host, string) { return osfs.New(), t.TempDir() }, suiteOptions(t)...)
}

func TestRelativePathIsRelativeToTheWorkingDirectoryOfTheCall(t *testing.T) {
	h := osfs.New()
	for range 2 {
		dir := t.TempDir()
		t.Chdir(dir)
		f, err := h.Open("file", fs.ReadWrite|fs.Create|fs.Exclusive, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Lstat(filepath.Join(dir, "file")); err != nil {
			t.Error(err)
		}
		want, err := h.Canonical(filepath.Join(dir, "file"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"file", filepath.Join(".", "missing", "..", "file"), "." + string(filepath.Separator) + "file"} {
			if got, err := h.Canonical(path); got != want || err != nil {
				t.Errorf("Canonical(%q) in %s = %q, %v, want %q", path, dir, got, err, want)
			}
		}
	}
}
