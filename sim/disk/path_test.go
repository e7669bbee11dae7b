package disk_test

import (
	"errors"
	"fmt"
	iofs "io/fs"
	"strings"
	"syscall"
	"testing"

	"github.com/holdfast-lock/holdfast/sim/disk"
)

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
