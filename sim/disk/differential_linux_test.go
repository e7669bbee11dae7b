package disk

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"pgregory.net/rapid"

	"github.com/holdfast-lock/holdfast/fs/osfs"
)

// deep is how far below the temporary directory the programs run, so that ".." does not lead them out of it.
const deep = 45

// TestDiskDoesWhatLinuxDoes runs random programs on the disk and on the real filesystem.
func TestDiskDoesWhatLinuxDoes(t *testing.T) {
	compare(t, []int{0})
}

// TestDiskAllowsWhatLinuxAllows does so as several users.
func TestDiskAllowsWhatLinuxAllows(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only the superuser can be somebody else")
	}
	compare(t, []int{0, 1001, 1002})
}

func compare(t *testing.T, uids []int) {
	runtime.LockOSThread() // what is set with Setfsuid is the thread's
	defer runtime.UnlockOSThread()
	umask := syscall.Umask(0o022)
	defer syscall.Umask(umask)
	root := t.TempDir()
	if err := os.Chmod(filepath.Dir(root), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir(root) // and back in the end
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		base := root + "/" + fmt.Sprint(n) + strings.Repeat("/0", deep)
		users := len(uids) > 1
		if err := os.MkdirAll(base, 0o755); err != nil {
			rt.Fatal(err)
		}
		if users {
			os.Chmod(base, 0o777)
		}
		if err := os.Chdir(base); err != nil {
			rt.Fatal(err)
		}
		d := New(Options{ProtectedHardlinks: setting("hardlinks"), ProtectedSymlinks: setting("symlinks"), ProtectedRegular: setting("regular"),
			Durability: rapid.Bool().Draw(rt, "durability"), ReuseInodes: rapid.Bool().Draw(rt, "reuse"), Writeback: rapid.IntRange(1, 100).Draw(rt, "writeback"),
			Block: rapid.SampledFrom([]int{1, 4, 4096}).Draw(rt, "block")})
		m := &model{disk: d, cred: Cred{WorkDir: base}}
		for at := range base[1:] {
			if base[at+1] == '/' {
				m.mkdir(base[:at+1], 0o755)
			}
		}
		m.mkdir(base, 0o755)
		if users {
			i, _ := d.lookup(&m.cred, base, false)
			i.mode |= 0o777
		}
		m.cred.Umask = 0o022
		m.mkdir("keep", 0o700)
		os.Mkdir("keep", 0o700)
		a, b := &program{system: real{osfs.New()}}, &program{system: m}
		defer a.close()
		defer b.close()
		defer a.as(0)
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			uid := rapid.SampledFrom(uids).Draw(rt, "uid")
			name, do := draw(rt, base, users)
			for _, p := range []*program{a, b} {
				p.as(0)
				p.ageAll()
				p.as(uid)
			}
			want, got := do(a), do(b)
			a.as(0)
			b.as(0)
			if got != want {
				rt.Fatalf("%s as %d: %s, want %s", name, uid, got, want)
			}
			if got, want := b.listing(), a.listing(); !slices.Equal(got, want) {
				rt.Fatalf("after %s as %d:\n%s\nwant:\n%s", name, uid, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		}
	})
}

func setting(name string) bool {
	b, _ := os.ReadFile("/proc/sys/fs/protected_" + name)
	return strings.TrimSpace(string(b)) == "1"
}
