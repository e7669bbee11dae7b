//go:build unix

package osfs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/holdfast-lock/holdfast/fs"
)

func TestLstatOfAPathOfAnyLength(t *testing.T) {
	h, dir := New(), t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	var want unix.Stat_t
	if err := unix.Lstat(filepath.Join(dir, "file"), &want); err != nil {
		t.Fatal(err)
	}
	shortest := dir + "/file"
	for _, length := range []int{len(shortest), 253, 254, 255, 256, 257, 258, 900} {
		path := dir + strings.Repeat("/", 1+length-len(shortest)) + "file"
		if info, err := h.Lstat(path); err != nil || len(path) != length || info != infoOf(&want) {
			t.Errorf("Lstat of a path of %d bytes: %+v, %v, want %+v", len(path), info, err, infoOf(&want))
		}
	}
}

// TestPathEndsAtNoNUL: the system would take such a path for one that ends there, which is another file.
func TestPathEndsAtNoNUL(t *testing.T) {
	h, dir := New(), t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	path := file + "\x00more"
	for what, call := range map[string]func() error{
		"Lstat": func() error { _, err := h.Lstat(path); return err },
		"Lstat of a long path": func() error {
			_, err := h.Lstat(dir + strings.Repeat("/", 300) + "file\x00more")
			return err
		},
		"Open": func() error {
			f, err := h.Open(path, fs.ReadWrite|fs.Create, 0o600)
			if err == nil {
				f.Close()
			}
			return err
		},
		"Link":      func() error { return h.Link(path, filepath.Join(dir, "new")) },
		"Link to":   func() error { return h.Link(file, filepath.Join(dir, "new")+"\x00more") },
		"Rename":    func() error { return h.Rename(path, filepath.Join(dir, "new")) },
		"Rename to": func() error { return h.Rename(file, filepath.Join(dir, "new")+"\x00more") },
		"Remove":    func() error { return h.Remove(path) },
		"Mkdir":     func() error { return h.Mkdir(filepath.Join(dir, "new")+"\x00more", 0o700) },
		"ReadDir":   func() error { _, err := h.ReadDir(dir + "\x00more"); return err },
		"Canonical": func() error { _, err := h.Canonical(dir + "\x00more/file"); return err },
	} {
		if err := call(); err == nil {
			t.Errorf("%s of a path with a NUL succeeded", what)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 || entries[0].Name() != "file" {
		t.Errorf("the directory has %v, %v, want the one file", entries, err)
	}
}
