package osfs

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/holdfast-lock/holdfast/fs"
)

// TestProgramInheritsNothing: a descriptor that a started program had would keep the lock for as long as that program runs.
func TestProgramInheritsNothing(t *testing.T) {
	h, dir := New(), t.TempDir()
	path := filepath.Join(dir, "file")
	var files []fs.File
	for _, o := range []struct {
		path string
		flag fs.OpenFlag
	}{
		{path, fs.ReadWrite | fs.Create | fs.Exclusive}, {path, fs.ReadOnly}, {path, fs.ReadWrite | fs.Create | fs.NoFollow | fs.NonBlock}, {dir, fs.Directory},
	} {
		f, err := h.Open(o.path, o.flag, 0o600)
		must(t, err)
		files = append(files, f)
	}
	w, err := h.Watch(path)
	must(t, err)
	defer w.Close()
	if held, err := files[0].TryLock(fs.Whole, fs.LockExclusive); !held {
		t.Fatal(held, err)
	}
	child := startProcess(t, roleBystander, "")
	fds := fmt.Sprintf("/proc/%d/fd", child.Process.Pid)
	names, err := os.ReadDir(fds)
	must(t, err)
	for _, n := range names {
		if target, _ := os.Readlink(filepath.Join(fds, n.Name())); strings.HasPrefix(target, dir) || strings.Contains(target, "inotify") {
			t.Errorf("the program has %s open", target)
		}
	}
	for _, f := range files {
		must(t, f.Close())
	}
	f, err := h.Open(path, fs.ReadWrite, 0)
	must(t, err)
	defer f.Close()
	if held, err := f.TryLock(fs.Whole, fs.LockExclusive); !held {
		t.Errorf("TryLock after the holder closed, while a program runs that it started = %v, %v", held, err)
	}
}
