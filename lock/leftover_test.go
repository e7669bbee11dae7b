//go:build !windows

package lock_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/fs/osfs"
	"github.com/holdfast-lock/holdfast/lock"
	"github.com/holdfast-lock/holdfast/lock/internal/claim"
	"github.com/holdfast-lock/holdfast/lock/internal/marker"
)

// sleeplessHost is a host on which time passes when somebody sleeps, and no other; something may happen meanwhile.
type sleeplessHost struct {
	fs.Host
	now       time.Duration
	meanwhile func()
}

func (h *sleeplessHost) Monotonic() time.Duration { return h.now }

func (h *sleeplessHost) Sleep(_ context.Context, d time.Duration) error {
	h.now += d
	if h.meanwhile != nil {
		h.meanwhile()
	}
	return nil
}

const (
	hex16 = "0123456789abcdef"
	hex32 = hex16 + hex16
	// removed is what becomes of a file that nobody owns.
	removed = ""
)

// deadPID is the number of a process that has ended.
func deadPID(t *testing.T) string {
	t.Helper()
	p, err := os.StartProcess("/bin/true", []string{"true"}, &os.ProcAttr{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Wait(); err != nil {
		t.Fatal(err)
	}
	return strconv.Itoa(p.Pid)
}

// TestLeftovers: what nothing can own is removed, and all else stays, with a reason.
func TestLeftovers(t *testing.T) {
	t.Parallel()
	self := osfs.Default().Self()
	if self.Start == 0 {
		t.Skip("this platform does not tell processes of the same number apart")
	}
	encode := func(r marker.Record) string {
		b, err := r.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	here := marker.Record{Kind: marker.Soft, PID: self.PID, Host: self.Host, Start: marker.StartOf(self)}
	alive, dead := encode(here), encode(gone(self))
	claimed := func(r marker.Record) string {
		b, err := claim.Record{Token: hex32, PID: r.PID, Host: r.Host, Start: r.Start}.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	pid := deadPID(t)
	private, old := ".holdfast-"+hex16, ".holdfast-"+hex16+".old"
	aside := "work.lock.break." + pid + "." + hex32
	unpublished := claim.PrivateName(claim.Name(claim.Intent, hex32), hex32)
	for name, c := range map[string]struct {
		files map[string]string // by name; those that end in / are directories, those whose content begins with > are links to another
		held  string            // the file that somebody has locked
		file  string            // the leftover, "" if there is none
		keep  string            // why it stays
		after func(dir string) error
	}{
		"a marker of a process that has ended":                {files: map[string]string{private: dead}, file: private},
		"a marker of a process that lives":                    {files: map[string]string{private: alive}, file: private, keep: "may be alive: a process of this number runs here"},
		"a marker of a process elsewhere":                     {files: map[string]string{private: elsewhere}, file: private, keep: "it cannot be told whether pid 4711 on web-3, which it names, is alive"},
		"a marker of a process that has ended, and is locked": {files: map[string]string{private: dead}, held: private, file: private, keep: "somebody has it locked"},
		"a marker that has its name":                          {files: map[string]string{"work.lock": alive, private: ">work.lock"}, file: private},
		"a marker with another name that is no better":        {files: map[string]string{private: alive, ".holdfast-fedcba9876543210": ">" + private}, file: private, keep: "may be alive"},
		"a marker without a record":                           {files: map[string]string{private: "47"}, file: private},
		"a marker that is just being written": {files: map[string]string{private: ""}, file: private, keep: "it has changed since",
			after: func(dir string) error { return os.WriteFile(filepath.Join(dir, private), []byte(alive), 0o666) }},
		"a FIFO with the name of a marker": {files: map[string]string{private + "|": ""}, file: private, keep: "it is a FIFO"},
		"a symbolic link":                  {files: map[string]string{"work.lock": dead, private: "~work.lock"}, file: private, keep: "it is a symbolic link"},
		"a directory":                      {files: map[string]string{private + "/": ""}},

		"the file of a relieved holder":             {files: map[string]string{old: "", "work.lock": "", "work.lock.lifetime": ""}, held: old, file: old},
		"the file of a holder that is not relieved": {files: map[string]string{"work.lock": "", old: ">work.lock", "work.lock.lifetime": ""}, file: old},
		"the file of a holder that is just relieved": {files: map[string]string{old: "", "work.lock": "", "work.lock.lifetime": ""}, held: "work.lock.lifetime", file: old,
			keep: "somebody has locked work.lock.lifetime, and may be about to relieve a holder"},

		"a marker that was moved aside": {files: map[string]string{aside: dead}, file: aside},
		"as earlier versions did":       {files: map[string]string{"work.lock.break." + pid: dead}, file: "work.lock.break." + pid},
		"as versions without a record":  {files: map[string]string{aside: ""}, file: aside},
		"a marker of a live holder":     {files: map[string]string{aside: alive}, file: aside, keep: "may be alive"},
		"a marker that is just moved aside": {files: map[string]string{"work.lock.break." + strconv.Itoa(self.PID) + "." + hex32: dead}, file: "work.lock.break." + strconv.Itoa(self.PID) + "." + hex32,
			keep: "which has moved it, may be alive"},
		"the file of a native lock that is held": {files: map[string]string{aside: ""}, held: aside, file: aside, keep: "somebody has it locked"},
		"a file of somebody else":                {files: map[string]string{aside: "what the break of 1848 is about"}, file: aside, keep: "it is no marker"},
		"another file":                           {files: map[string]string{"coffee.break.now": dead}},

		"a claim of a process that has ended": {files: map[string]string{unpublished: claimed(gone(self))}, file: unpublished},
		"a claim of a process that lives":     {files: map[string]string{unpublished: claimed(here)}, file: unpublished, keep: "may be alive"},
		"a claim that has its name":           {files: map[string]string{claim.Name(claim.Intent, hex32): claimed(here), unpublished: ">" + claim.Name(claim.Intent, hex32)}, file: unpublished},
		"a claim that was not written":        {files: map[string]string{unpublished: "filelock"}, file: unpublished},
		"a sentinel":                          {files: map[string]string{claim.PrivateName("work.lock", hex32): marker.Sentinel}, file: claim.PrivateName("work.lock", hex32)},

		"the lifetimes of a lock that does not exist": {files: map[string]string{"work.lock.lifetime": ""}, file: "work.lock.lifetime"},
		"the lifetimes of a lock that does":           {files: map[string]string{"work.lock.lifetime": "", "work.lock": ""}},
		"a lifetime":                                  {files: map[string]string{"work.lock.lifetime": "{}\n"}, file: "work.lock.lifetime", keep: "it is not empty"},
		"lifetimes that are looked at":                {files: map[string]string{"work.lock.lifetime": ""}, held: "work.lock.lifetime", file: "work.lock.lifetime", keep: "somebody has it locked"},

		"a guard": {files: map[string]string{"life.guard": ""}}, // which may be somebody else's

		"a fencing number": {files: map[string]string{"work.lock.fence": ""}},
		"a marker":         {files: map[string]string{"work.lock": dead}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			populate(t, dir, c.files)
			if c.held != "" {
				lockFile(t, filepath.Join(dir, c.held))
			}
			host := &sleeplessHost{Host: osfs.New()}
			if c.after != nil {
				host.meanwhile = func() {
					if err := c.after(dir); err != nil {
						t.Error(err)
					}
				}
			}
			found, err := lock.Leftovers(context.Background(), dir, false, lock.Host(host))
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(found, func(l lock.Leftover) bool { return l.Path == filepath.Join(dir, c.file) })
			if c.file == "" {
				if len(found) > 0 {
					t.Errorf("found %+v", found)
				}
				return
			}
			if i < 0 {
				t.Fatalf("did not find it: %+v", found)
			}
			l := found[i]
			if (l.Keep == "") != (c.keep == removed) || !strings.Contains(l.Keep, c.keep) || l.What == "" {
				t.Errorf("keep: %q, want %q", l.Keep, c.keep)
			}
			err = l.Remove()
			_, missing := os.Lstat(l.Path)
			if c.keep == removed && (err != nil || missing == nil) || c.keep != removed && (!errors.Is(err, lock.ErrChanged) || missing != nil) {
				t.Errorf("Remove returned %v, and then: %v", err, missing)
			}
			for name := range c.files {
				if name = strings.TrimRight(name, "/|"); name != c.file {
					if _, err := os.Lstat(filepath.Join(dir, name)); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
}

// populate makes files: directories if the name ends in /, FIFOs if it ends in |, hard links if the content begins with >, and symbolic ones if it begins with ~.
func populate(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	names := slices.Sorted(maps.Keys(files))
	slices.SortStableFunc(names, func(a, b string) int { return rank(files[a]) - rank(files[b]) }) // what links lead to comes first
	for _, name := range names {
		path, content := filepath.Join(dir, strings.TrimRight(name, "/|")), files[name]
		var err error
		switch {
		case strings.HasSuffix(name, "/"):
			err = os.Mkdir(path, 0o777)
		case strings.HasSuffix(name, "|"):
			err = syscall.Mkfifo(path, 0o666)
		case strings.HasPrefix(content, ">"):
			err = os.Link(filepath.Join(dir, content[1:]), path)
		case strings.HasPrefix(content, "~"):
			err = os.Symlink(content[1:], path)
		default:
			err = os.WriteFile(path, []byte(content), 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func rank(content string) int {
	if strings.HasPrefix(content, ">") || strings.HasPrefix(content, "~") {
		return 1
	}
	return 0
}

// lockFile keeps a file locked until the test ends.
func lockFile(t *testing.T, path string) {
	t.Helper()
	f, err := osfs.New().Open(path, fs.ReadWrite, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if held, err := f.TryLock(fs.Whole, fs.LockExclusive); !held || err != nil {
		t.Fatalf("%s: %t, %v", path, held, err)
	}
}

// TestLeftoversBelow are found if asked for, and not those behind a symbolic link.
func TestLeftoversBelow(t *testing.T) {
	t.Parallel()
	dir, elsewhere := t.TempDir(), t.TempDir()
	record := "work.lock.lifetime"
	for _, d := range []string{"a/b", "c"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o777); err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(dir, d, record), "")
	}
	writeFile(t, filepath.Join(elsewhere, record), "")
	if err := os.Symlink(elsewhere, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	for recursive, want := range map[bool][]string{false: nil, true: {filepath.Join(dir, "a/b", record), filepath.Join(dir, "c", record)}} {
		found, err := lock.Leftovers(context.Background(), dir, recursive)
		if err != nil {
			t.Fatal(err)
		}
		var paths []string
		for _, l := range found {
			paths = append(paths, l.Path)
		}
		if !slices.Equal(paths, want) {
			t.Errorf("recursive %t: found %q, want %q", recursive, paths, want)
		}
	}
	if _, err := lock.Leftovers(context.Background(), filepath.Join(dir, "nowhere"), false); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("of a directory that does not exist: %v", err)
	}
}

// TestLeftoverThatChangesAfterItWasListed stays.
func TestLeftoverThatChangesAfterItWasListed(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(path string) error{
		"written": func(path string) error { return os.WriteFile(path, []byte("4711\nweb-3\n"), 0o666) },
		"replaced": func(path string) error {
			info, err := os.Lstat(path)
			if err != nil {
				return err
			}
			return errors.Join(os.Rename(path, path+".away"), os.WriteFile(path, nil, 0o666), os.Chtimes(path, info.ModTime(), info.ModTime()))
		},
		"owned": func(path string) error { return os.WriteFile(strings.TrimSuffix(path, ".lifetime"), nil, 0o666) },
	} {
		path := filepath.Join(t.TempDir(), "work.lock.lifetime")
		writeFile(t, path, "")
		found, err := lock.Leftovers(context.Background(), filepath.Dir(path), false)
		if err != nil || len(found) != 1 || found[0].Keep != "" {
			t.Fatalf("%s: %+v, %v", name, found, err)
		}
		if err := change(path); err != nil {
			t.Fatal(err)
		}
		if err := found[0].Remove(); !errors.Is(err, lock.ErrChanged) {
			t.Errorf("%s: Remove returned %v", name, err)
		}
		if _, err := os.Lstat(path); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestLeftoversWatchedInVain: when the context ends, nothing was found out.
func TestLeftoversWatchedInVain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, ".holdfast-"+hex16), "")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if found, err := lock.Leftovers(ctx, dir, false); !errors.Is(err, context.Canceled) || found != nil {
		t.Errorf("found %+v, %v", found, err)
	}
}
