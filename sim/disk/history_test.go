package disk_test

import (
	"fmt"
	iofs "io/fs"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/sim/disk"
)

// below lists what lies below a directory, with all that is known of it.
func below(d *disk.Disk, dir string) string {
	var b strings.Builder
	for name, info := range d.Walk() {
		if !strings.HasPrefix(name, dir) {
			continue
		}
		fmt.Fprintf(&b, "%s %+v", name, info)
		if info.Mode.IsRegular() {
			content, err := d.ReadFile(root, name)
			fmt.Fprintf(&b, " %q %v", content, err)
		} else if info.Mode.Type() == iofs.ModeSymlink {
			target, err := d.Readlink(root, name)
			fmt.Fprintf(&b, " -> %s %v", target, err)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// consistent checks a disk as fsck does.
func consistent(t *rapid.T, d *disk.Disk) {
	if d.Pending() != 0 {
		t.Fatalf("an image has unsynced operations:\n%s", dump(d))
	}
	type seen struct {
		info  fs.Info
		links uint64
	}
	files := make(map[uint64]*seen)
	for name, info := range d.Walk() {
		file := files[info.ID.Inode]
		if file == nil {
			file = &seen{info: info}
			files[info.ID.Inode] = file
		}
		if file.info != info || file.links > 0 && info.Mode.IsDir() && name != "/" {
			t.Fatalf("%s and another file have the same inode number:\n%s", name, dump(d))
		}
		file.links++
		if info.Mode.IsDir() {
			file.links++
			if parent, err := d.Lookup(root, name+"/.."); err != nil || name != "/" && files[parent.Number()] == nil {
				t.Fatalf("%s has no parent: %v", name, err)
			} else {
				if name == "/" {
					continue // the parent of the root is itself, and it has no name
				}
				files[parent.Number()].links++
			}
		}
	}
	for _, file := range files {
		if file.links != file.info.Links {
			t.Fatalf("inode %d has %d links and says %d:\n%s", file.info.ID.Inode, file.links, file.info.Links, dump(d))
		}
	}
	for name, info := range d.Walk() {
		if info.Mode.IsRegular() {
			must(t, truncate(d, name, info.Size+3))
			if content, _ := d.ReadFile(root, name); !strings.HasSuffix(string(content), "\x00\x00\x00") {
				t.Fatalf("%s has %q behind its end", name, content[info.Size:])
			}
		}
	}
	must(t, d.WriteFile(root, "/new file", nil, 0o600, now))
	info, err := d.Lstat(root, "/new file")
	if must(t, err); files[info.ID.Inode] != nil {
		t.Fatalf("a new file gets the inode number %d of another:\n%s", info.ID.Inode, dump(d))
	}
	must(t, d.Remove(root, "/new file", now))
}

// history is a random one of a disk.
type history struct {
	d     *disk.Disk
	open  [3]*disk.File
	now   time.Time
	steps int
}

func newHistory(t *rapid.T, writeback int) *history {
	return &history{now: now, d: disk.New(disk.Options{Durability: true, Block: rapid.SampledFrom([]int{1, 4, 4096}).Draw(t, "block"),
		ReuseInodes: rapid.Bool().Draw(t, "reuse"), Writeback: writeback})}
}

// step does something below a directory. It may fail.
func (h *history) step(t *rapid.T, dir string) {
	h.steps++
	h.now = h.now.Add(time.Second)
	name := func(label string) string {
		return dir + rapid.SampledFrom([]string{"a", "b", "d", "e", "d/a", "d/b", "e/a", "e/d", "d/e"}).Draw(t, label)
	}
	n := rapid.IntRange(0, len(h.open)-1).Draw(t, "file")
	f := h.open[n]
	switch rapid.IntRange(0, 13).Draw(t, "operation") {
	case 0, 1:
		h.d.WriteFile(root, name("path"), []byte(rapid.StringMatching("[a-z]{0,9}").Draw(t, "content")), 0o600, h.now)
	case 2, 3:
		h.d.Mkdir(root, dir+rapid.SampledFrom([]string{"d", "e", "d/e", "e/d"}).Draw(t, "path"), 0o700, h.now)
	case 4, 5:
		h.d.Move(root, name("old"), name("new"), h.now)
	case 6:
		h.d.Link(root, name("old"), name("new"), h.now)
	case 7, 8:
		h.d.Remove(root, name("path"), h.now)
	case 9:
		sync(h.d, name("path"))
	case 10:
		h.d.Symlink(root, "target", name("path"), h.now)
	case 11:
		if f != nil {
			f.Close()
		}
		h.open[n], _ = h.d.Open(root, name("path"), fs.ReadWrite|fs.Create, 0o600, h.now)
	case 12:
		if f, err := h.d.Open(root, dir, fs.Directory, 0, h.now); err == nil {
			f.SetTimes(now, now)
			f.Close()
		}
	case 13:
		// Only in the directory that it was opened in, so that the histories of two directories keep apart.
		if f == nil || !strings.HasPrefix(f.Name(), dir) {
			return
		}
		switch rapid.IntRange(0, 3).Draw(t, "of the open file") {
		case 0:
			f.WriteAt([]byte(rapid.StringMatching("[A-Z]{1,6}").Draw(t, "content")), rapid.Int64Range(0, 9).Draw(t, "offset"), h.now)
		case 1:
			f.Truncate(rapid.Int64Range(0, 9).Draw(t, "size"), h.now)
		case 2:
			f.Chmod(0o640)
		case 3:
			f.Sync()
		}
	}
}
