package disk_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/sim/disk"
)

func dump(d *disk.Disk) string {
	var b strings.Builder
	d.Dump(&b)
	return b.String()
}

func TestDumpAndWalk(t *testing.T) {
	d := newDisk(t, disk.Options{})
	var names []string
	for name := range d.Walk() {
		names = append(names, name)
	}
	want := []string{"/", "/dir", "/dir/dangling", "/dir/empty", "/dir/fifo", "/dir/file", "/dir/full", "/dir/full/file", "/dir/link", "/dir/linkdir", "/dir/loop",
		"/tmp", "/tmp/alice", "/tmp/bob", "/tmp/link"}
	if !slices.Equal(names, want) {
		t.Errorf("Walk: %q, want %q", names, want)
	}
	f, err := d.Open(root, "/dir/file", fs.ReadWrite, 0, now)
	must(t, err)
	f.TryLock(fs.Whole, fs.LockExclusive, 4711)
	f.TryLock(fs.Region{Offset: 1, Length: 2}, fs.LockShared, 4711)
	if got, want := dump(d), `    16 -rw-r--r-- 1 0     7 1970-01-01T00:16:40Z "/dir/file" "content" locked exclusive by 4711 locked shared [1,2] by 4711`; !strings.Contains(got, want+"\n") {
		t.Errorf("Dump:\n%s\nwant in it:\n%s", got, want)
	}
}
