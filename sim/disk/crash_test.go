package disk_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/sim/disk"
)

// names lists a disk in one line, as in `a="content" b=a d/ d/c=""`, where b is another name of the file a.
func names(t testing.TB, d *disk.Disk) string {
	var list []string
	first := make(map[uint64]string)
	for name, info := range d.Walk() {
		name = name[1:]
		was, met := first[info.ID.Inode]
		first[info.ID.Inode] = name
		switch {
		case name == "":
		case info.Mode.IsDir():
			list = append(list, name+"/")
		case met:
			list = append(list, name+"="+was)
		default:
			content, err := d.ReadFile(root, "/"+name)
			must(t, err)
			list = append(list, fmt.Sprintf("%s=%q", name, content))
		}
	}
	return strings.Join(list, " ")
}

// images returns what a power loss can leave, without repetitions.
func images(t testing.TB, d *disk.Disk) []string {
	set := make(map[string]bool)
	for _, m := range d.Images() {
		set[names(t, m)] = true
	}
	return slices.Sorted(maps.Keys(set))
}

func write(d *disk.Disk, name, content string) error {
	f, err := d.Open(root, name, fs.ReadWrite|fs.Create, 0o600, now)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteAt([]byte(content), 0, now)
	return err
}

func truncate(d *disk.Disk, name string, size int64) error {
	f, err := d.Open(root, name, fs.ReadWrite, 0, now)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Truncate(size, now)
}

func sync(d *disk.Disk, name string) error {
	f, err := d.Open(root, name, fs.ReadOnly, 0, now)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// TestWhatAPowerLossCanLeave has everything that can be found for each history, and nothing else.
func TestWhatAPowerLossCanLeave(t *testing.T) {
	link := func(d *disk.Disk, a, b string) error { return d.Link(root, a, b, now) }
	rename := func(d *disk.Disk, a, b string) error { return d.Move(root, a, b, now) }
	remove := func(d *disk.Disk, a string) error { return d.Remove(root, a, now) }
	mkdir := func(d *disk.Disk, a string) error { return d.Mkdir(root, a, 0o700, now) }
	const zero = `\x00\x00\x00`
	for _, c := range []struct {
		what   string
		before []string // files that are durable
		do     func(d *disk.Disk) []error
		want   []string
	}{
		{"nothing", []string{"a"}, func(d *disk.Disk) []error { return nil }, []string{`a="old"`}},
		{"a creation", nil, func(d *disk.Disk) []error { return []error{write(d, "/a", "")} }, []string{``, `a=""`}},
		{"a creation and a write", nil, func(d *disk.Disk) []error { return []error{write(d, "/a", "new")} },
			[]string{``, `a=""`, `a="` + zero + `"`, `a="new"`}},
		{"a synced file in a directory that is not", nil, func(d *disk.Disk) []error { return []error{write(d, "/a", "new"), sync(d, "/a")} },
			[]string{``, `a="new"`}},
		{"a synced directory with a file that is not", nil, func(d *disk.Disk) []error { return []error{write(d, "/a", "new"), sync(d, "/")} },
			[]string{`a=""`, `a="` + zero + `"`, `a="new"`}},
		{"a synced file in a synced directory", nil, func(d *disk.Disk) []error { return []error{write(d, "/a", "new"), sync(d, "/a"), sync(d, "/")} },
			[]string{`a="new"`}},
		{"the rename of an unsynced file", []string{"a"}, func(d *disk.Disk) []error { return []error{write(d, "/b", "new"), rename(d, "/b", "/a")} },
			[]string{`a="old"`, `a="old" b=""`, `a="old" b="` + zero + `"`, `a="old" b="new"`, `a=""`, `a="` + zero + `"`, `a="new"`}},
		{"the rename of a synced file", []string{"a"}, func(d *disk.Disk) []error {
			return []error{write(d, "/b", "new"), sync(d, "/b"), rename(d, "/b", "/a")}
		},
			[]string{`a="old"`, `a="old" b="new"`, `a="new"`}},
		{"the rename of a synced file and the sync of the directory", []string{"a"},
			func(d *disk.Disk) []error {
				return []error{write(d, "/b", "new"), sync(d, "/b"), rename(d, "/b", "/a"), sync(d, "/")}
			},
			[]string{`a="new"`}},
		{"a removal", []string{"a"}, func(d *disk.Disk) []error { return []error{remove(d, "/a")} }, []string{`a="old"`, ``}},
		{"a removal and the sync of the directory", []string{"a"}, func(d *disk.Disk) []error { return []error{remove(d, "/a"), sync(d, "/")} }, []string{``}},
		{"a removal and a creation", []string{"a"}, func(d *disk.Disk) []error { return []error{remove(d, "/a"), write(d, "/a", "")} }, []string{`a="old"`, ``, `a=""`}},
		{"a link", []string{"a"}, func(d *disk.Disk) []error { return []error{link(d, "/a", "/b")} }, []string{`a="old"`, `a="old" b=a`}},
		{"a link and the removal of the first name", []string{"a"}, func(d *disk.Disk) []error { return []error{link(d, "/a", "/b"), remove(d, "/a")} },
			[]string{`a="old"`, `a="old" b=a`, ``, `b="old"`}},
		{"a link of an unsynced file", nil, func(d *disk.Disk) []error { return []error{write(d, "/a", ""), link(d, "/a", "/b")} },
			[]string{``, `a=""`, `b=""`, `a="" b=a`}},
		{"a link that is removed", []string{"a"}, func(d *disk.Disk) []error { return []error{link(d, "/a", "/b"), remove(d, "/b")} },
			[]string{`a="old"`, `a="old" b=a`}},
		{"a write to a file with two names", nil,
			func(d *disk.Disk) []error {
				return []error{write(d, "/a", "old"), link(d, "/a", "/b"), sync(d, "/a"), sync(d, "/"), write(d, "/b", "new")}
			},
			[]string{`a="old" b=a`, `a="new" b=a`}},
		{"overwriting twice", []string{"a"}, func(d *disk.Disk) []error { return []error{write(d, "/a", "new"), write(d, "/a", "NEW")} },
			[]string{`a="old"`, `a="new"`, `a="NEW"`}},
		{"a write that is torn", []string{"a"}, func(d *disk.Disk) []error { return []error{write(d, "/a", "12345678")} },
			[]string{`a="old"`, `a="123"`, `a="old` + zero + `\x00\x00"`, `a="1234\x00` + zero + `"`, `a="old\x005678"`, `a="12345678"`}},
		{"a truncation and a write", []string{"a"}, func(d *disk.Disk) []error { return []error{truncate(d, "/a", 0), write(d, "/a", "new")} },
			[]string{`a="old"`, `a=""`, `a="` + zero + `"`, `a="new"`}},
		{"a truncation to less and to more", []string{"a"}, func(d *disk.Disk) []error { return []error{truncate(d, "/a", 1), truncate(d, "/a", 3)} },
			[]string{`a="old"`, `a="o"`, `a="o\x00\x00"`}},
		{"a truncation and a write of less", []string{"long"}, func(d *disk.Disk) []error { return []error{truncate(d, "/long", 0), write(d, "/long", "new")} },
			[]string{`long="long old"`, `long=""`, `long="` + zero + `"`, `long="new"`}},
		{"a truncation to less and to more than there was", []string{"a"}, func(d *disk.Disk) []error { return []error{truncate(d, "/a", 1), truncate(d, "/a", 4)} },
			[]string{`a="old"`, `a="o"`, `a="o` + zero + `"`}},
		{"a file that was removed, and the sync of another", []string{"b"},
			func(d *disk.Disk) []error {
				return []error{write(d, "/a", "new"), remove(d, "/a"), write(d, "/b", "new"), sync(d, "/b")}
			},
			[]string{`b="new"`, `a="" b="new"`, `a="` + zero + `" b="new"`, `a="new" b="new"`}},
		{"a write to a file that was removed, and the sync of another", []string{"a", "b"},
			func(d *disk.Disk) []error {
				return []error{write(d, "/a", "new"), remove(d, "/a"), write(d, "/b", "new"), sync(d, "/b")}
			},
			[]string{`b="new"`, `a="old" b="new"`, `a="new" b="new"`}},
		{"a file that leaves a directory, which is removed", []string{"d/a"}, func(d *disk.Disk) []error { return []error{rename(d, "/d/a", "/a"), remove(d, "/d")} },
			[]string{`d/ d/a="old"`, `a="old" d/`, `a="old"`}},
		{"a file that leaves a directory, which is replaced", []string{"d/a", "e/b"},
			func(d *disk.Disk) []error { return []error{rename(d, "/d/a", "/a"), rename(d, "/e", "/d")} },
			[]string{`d/ d/a="old" e/ e/b="old"`, `a="old" d/ e/ e/b="old"`, `a="old" d/ d/b="old"`}},
		{"the directory of a file", nil, func(d *disk.Disk) []error { return []error{mkdir(d, "/d"), write(d, "/d/a", "")} },
			[]string{``, `d/`, `d/ d/a=""`}},
		{"the directory of a file, which is synced", nil, func(d *disk.Disk) []error { return []error{mkdir(d, "/d"), write(d, "/d/a", ""), sync(d, "/d")} },
			[]string{``, `d/ d/a=""`}},
		{"the removal of a directory and its file", []string{"d/a"}, func(d *disk.Disk) []error { return []error{remove(d, "/d/a"), remove(d, "/d")} },
			[]string{`d/ d/a="old"`, `d/`, ``}},
		{"a rename between directories", []string{"d/a", "e/b"}, func(d *disk.Disk) []error { return []error{rename(d, "/d/a", "/e/c")} },
			[]string{`d/ d/a="old" e/ e/b="old"`, `d/ e/ e/b="old" e/c="old"`}},
		{"a rename between directories, the first of which is synced", []string{"d/a", "e/b"}, func(d *disk.Disk) []error { return []error{rename(d, "/d/a", "/e/b"), sync(d, "/d")} },
			[]string{`d/ e/ e/b="old"`}},
		{"a rename between directories, the second of which is synced", []string{"d/a", "e/b"}, func(d *disk.Disk) []error { return []error{rename(d, "/d/a", "/e/b"), sync(d, "/e")} },
			[]string{`d/ e/ e/b="old"`}},
		{"two directories, each moved into the other one in turn", []string{"d/a", "e/b"},
			func(d *disk.Disk) []error {
				return []error{rename(d, "/d", "/e/d"), rename(d, "/e/d", "/d"), rename(d, "/e", "/d/e")}
			},
			[]string{`d/ d/a="old" e/ e/b="old"`, `e/ e/b="old" e/d/ e/d/a="old"`, `d/ d/a="old" d/e/ d/e/b="old"`}},
		{"names that are independent of each other", []string{"a", "b"}, func(d *disk.Disk) []error { return []error{remove(d, "/a"), remove(d, "/b")} },
			[]string{`a="old" b="old"`, `a="old"`, `b="old"`, ``}},
	} {
		for _, again := range []bool{false, true} { // also on a disk that has been through a power loss
			d := disk.New(disk.Options{Durability: true, Block: 4})
			for _, name := range c.before {
				if path.Dir(name) != "." {
					must(t, mkdir(d, "/"+path.Dir(name)))
				}
				content := "old"
				if name == "long" {
					content = "long old"
				}
				must(t, write(d, "/"+name, content))
			}
			d.SyncAll()
			if again {
				d = d.Crash(nil, disk.None)
			}
			must(t, c.do(d)...)
			slices.Sort(c.want)
			if got := images(t, d); !slices.Equal(got, c.want) {
				t.Errorf("%s can leave\n\t%s\nwant\n\t%s\nof\n%s", c.what, strings.Join(got, "\n\t"), strings.Join(c.want, "\n\t"), dump(d))
			}
			if got, want := names(t, d.Crash(nil, disk.All)), names(t, d); got != want {
				t.Errorf("%s: with everything kept the disk has %s, want %s", c.what, got, want)
			}
		}
	}
}

// TestWhatReplacesEachOtherIsNotCombined: of several versions of a block there is one, and as many images as versions.
func TestWhatReplacesEachOtherIsNotCombined(t *testing.T) {
	d := disk.New(disk.Options{Durability: true})
	must(t, write(d, "/a", "old"))
	d.SyncAll()
	for _, content := range []string{"one", "two", "three"} {
		must(t, write(d, "/a", content))
	}
	n := 0
	for range d.Images() {
		n++
	}
	if n != 4*2 { // and the size is set once
		t.Errorf("%d images, want 8:\n%s", n, dump(d))
	}
}

func TestOfWhatIsNotKeptTrackOfNothingIsLost(t *testing.T) {
	d := disk.New(disk.Options{})
	must(t, write(d, "/a", "new"), d.Link(root, "/a", "/b", now))
	if got, want := images(t, d), []string{`a="new" b=a`}; d.Pending() != 0 || !slices.Equal(got, want) {
		t.Errorf("%d pending, images %q, want %q", d.Pending(), got, want)
	}
}

func TestTmpfsComesUpEmpty(t *testing.T) {
	d := disk.New(disk.Options{Kind: disk.Tmpfs, Durability: true})
	if got := d.Volume().Type; got != "tmpfs" {
		t.Errorf("the type is %q", got)
	}
	must(t, write(d, "/a", "new"), sync(d, "/a"), sync(d, "/"))
	for _, how := range []disk.CrashMode{disk.None, disk.All, disk.Random(1), disk.Subset(0)} {
		if got := names(t, d.Crash(func() uint64 { return 0 }, how)); got != "" {
			t.Errorf("a tmpfs comes up with %s", got)
		}
	}
	if got := images(t, d); !slices.Equal(got, []string{""}) {
		t.Errorf("images %q", got)
	}
}

// TestSyncThatFailedLosesContent: and the next one, which succeeds, does not save it.
func TestSyncThatFailedLosesContent(t *testing.T) {
	d := disk.New(disk.Options{Durability: true, Block: 4})
	must(t, write(d, "/a", "old"), sync(d, "/a"), sync(d, "/"))
	f, err := d.Open(root, "/a", fs.ReadWrite, 0, now)
	must(t, err)
	_, err = f.WriteAt([]byte("new"), 0, now)
	must(t, err)
	f.LoseContent()
	must(t, f.Sync())
	if got, want := names(t, d), `a="new"`; got != want {
		t.Errorf("readers see %s, want %s", got, want)
	}
	if got, want := images(t, d), []string{`a="old"`}; !slices.Equal(got, want) {
		t.Errorf("images %q, want %q", got, want)
	}
	for _, content := range []string{"new", "x"} { // each dirties the whole block again
		_, err = f.WriteAt([]byte(content), 0, now)
		must(t, err, f.Sync())
		if got, want := images(t, d), []string{fmt.Sprintf("a=%q", content+"new"[len(content):])}; !slices.Equal(got, want) {
			t.Errorf("after another write images %q, want %q", got, want)
		}
	}
}

// TestWhatCannotBeSeenIsForgotten, so that a run which syncs does not grow.
func TestWhatCannotBeSeenIsForgotten(t *testing.T) {
	d := disk.New(disk.Options{Durability: true, ReuseInodes: true})
	for range 100 {
		must(t, write(d, "/a", "new"))
		f, err := d.Open(root, "/a", fs.ReadWrite, 0, now)
		must(t, err, d.Remove(root, "/a", now), sync(d, "/"))
		_, err = f.WriteAt([]byte("to a file without a name"), 0, now)
		must(t, err, f.Truncate(0, now))
		if got := d.Pending(); got != 0 {
			t.Fatalf("%d operations are pending:\n%s", got, dump(d))
		}
		must(t, write(d, "/a", "old"), write(d, "/b", "new"))
		replaced, err := d.Open(root, "/a", fs.ReadWrite, 0, now)
		must(t, err, sync(d, "/b"), d.Move(root, "/b", "/a", now), sync(d, "/"), replaced.Truncate(0, now))
		if got := d.Pending(); got != 0 {
			t.Fatalf("%d operations are pending:\n%s", got, dump(d))
		}
		replaced.Close()
		f.Close()
	}
	must(t, write(d, "/a", "old"), sync(d, "/a"), sync(d, "/"), write(d, "/a", "old"))
	if got := d.Pending(); got != 0 {
		t.Errorf("a write of what is there already leaves %d operations pending:\n%s", got, dump(d))
	}
}

func TestTheOldestIsWrittenBack(t *testing.T) {
	d := disk.New(disk.Options{Durability: true, Writeback: 8})
	for n := range 100 {
		must(t, write(d, fmt.Sprintf("/%02d", n), "x"))
		if got := d.Pending(); got > 8 {
			t.Fatalf("%d operations are pending, want at most 8", got)
		}
	}
	m := d.Crash(nil, disk.None)
	for n := range 97 { // four operations a file
		content, err := m.ReadFile(root, fmt.Sprintf("/%02d", n))
		if err != nil || string(content) != "x" {
			t.Errorf("an old file has %q, %v", content, err)
		}
	}
}

// TestInodeNumbersAreUniqueInEveryImage though one is used again at once.
func TestInodeNumbersAreUniqueInEveryImage(t *testing.T) {
	d := disk.New(disk.Options{Durability: true, ReuseInodes: true})
	must(t, write(d, "/a", ""), d.Link(root, "/a", "/b", now))
	d.SyncAll()
	must(t, d.Remove(root, "/a", now), d.Remove(root, "/b", now), write(d, "/c", ""))
	if got, want := images(t, d), []string{``, `a="" b=a`, `a=""`, `b=""`, `c=""`}; !slices.Equal(got, slices.Sorted(slices.Values(want))) {
		t.Errorf("images %q, want %q", got, want)
	}
}

// TestImagesAreAllClosedSets counts them in another way, and finds each by its number.
func TestImagesAreAllClosedSets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := newHistory(t, 1<<20)
		for h.d.Pending() < 12 && h.steps < 30 {
			h.step(t, "/")
		}
		depends := h.d.Depends()
		if len(depends) > 12 {
			return
		}
		closed := 0
	sets:
		for set := range 1 << len(depends) {
			for n := range depends {
				for _, other := range depends[n] {
					if set>>n&1 == 1 && set>>other&1 == 0 {
						continue sets
					}
				}
			}
			closed++
		}
		n := 0
		for number, m := range h.d.Images() {
			if number != n {
				t.Fatalf("image %d has the number %d", n, number)
			}
			if n%17 == 0 {
				if got, want := dump(h.d.Crash(nil, disk.Subset(n))), dump(m); got != want {
					t.Fatalf("Subset(%d) is\n%s\nwant\n%s", n, got, want)
				}
			}
			consistent(t, m)
			n++
		}
		if n != closed {
			t.Fatalf("%d images of %d closed sets:\n%s", n, closed, dump(h.d))
		}
	})
}

// TestRandomImagesFollowTheSeed and are among all images.
func TestRandomImagesFollowTheSeed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := newHistory(t, 1<<20)
		for h.d.Pending() < 10 && h.steps < 30 {
			h.step(t, "/")
		}
		if h.d.Pending() > 12 {
			return
		}
		all := make(map[string]bool)
		for _, m := range h.d.Images() {
			all[dump(m)] = true
		}
		seed := rapid.Uint64().Draw(t, "seed")
		p := rapid.SampledFrom([]float64{0, 0.2, 0.5, 0.9, 1}).Draw(t, "p")
		crash := func() string { return dump(h.d.Crash(rand.New(rand.NewPCG(seed, 0)).Uint64, disk.Random(p))) }
		before, first := dump(h.d), crash()
		if second := crash(); first != second {
			t.Fatalf("one seed, two images:\n%s\nand\n%s", first, second)
		}
		if !all[first] {
			t.Fatalf("this is no image:\n%s\nof\n%s", first, dump(h.d))
		}
		if after := dump(h.d); after != before {
			t.Fatalf("Crash changed the disk:\n%s\nit was:\n%s", after, before)
		}
		if p == 0 && first != dump(h.d.Crash(nil, disk.None)) || p == 1 && first != dump(h.d.Crash(nil, disk.All)) {
			t.Fatalf("with the probability %v the image is\n%s", p, first)
		}
	})
}

// TestRandomImagesReachBothEnds of a long chain of versions.
func TestRandomImagesReachBothEnds(t *testing.T) {
	d := disk.New(disk.Options{Durability: true})
	must(t, write(d, "/a", "00"))
	d.SyncAll()
	for n := range 30 {
		must(t, write(d, "/a", fmt.Sprintf("%02d", n+1)))
	}
	random := rand.New(rand.NewPCG(1, 2))
	found := make(map[string]int)
	for range 400 {
		found[names(t, d.Crash(random.Uint64, disk.Random(0.5)))]++
	}
	for _, end := range []string{`a="00"`, `a="30"`} {
		if found[end] < 50 {
			t.Errorf("of 400 random images %d have %s: %v", found[end], end, found)
		}
	}
}

// TestWhatIsSyncedSurvives: of a directory in which everything was synced, one file and one directory at a time, every image has everything, whatever happens elsewhere.
func TestWhatIsSyncedSurvives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := newHistory(t, rapid.SampledFrom([]int{4, 16, 1 << 20}).Draw(t, "writeback"))
		must(t, h.d.Mkdir(root, "/kept", 0o700, now), h.d.Mkdir(root, "/busy", 0o700, now))
		for range rapid.IntRange(1, 20).Draw(t, "steps in kept") {
			h.step(t, "/kept/")
		}
		for range rapid.IntRange(0, 10).Draw(t, "steps in busy") {
			h.step(t, "/busy/")
		}
		for name, info := range h.d.Walk() {
			if name == "/" || strings.HasPrefix(name, "/kept") && (info.Mode.IsDir() || info.Mode.IsRegular()) {
				must(t, sync(h.d, name))
			}
		}
		want := below(h.d, "/kept")
		for range rapid.IntRange(0, 10).Draw(t, "more steps in busy") {
			h.step(t, "/busy/")
		}
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		for _, how := range []disk.CrashMode{disk.None, disk.All, disk.Random(0.3), disk.Random(0.7)} {
			m := h.d.Crash(random.Uint64, how)
			if got := below(m, "/kept"); got != want {
				t.Fatalf("what is left of what was synced:\n%s\nwant:\n%s", got, want)
			}
			consistent(t, m)
		}
	})
}

// TestWithAllKeptNothingIsLost, whatever was synced and written back in between; and with everything synced neither.
func TestWithAllKeptNothingIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := newHistory(t, rapid.SampledFrom([]int{1, 4, 16, 1 << 20}).Draw(t, "writeback"))
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			h.step(t, "/")
		}
		want := below(h.d, "/")
		all := h.d.Crash(nil, disk.All)
		if got := below(all, "/"); got != want {
			t.Fatalf("with everything kept:\n%s\nwant:\n%s", got, want)
		}
		consistent(t, all)
		h.d.SyncAll()
		none := h.d.Crash(nil, disk.None)
		if got := below(none, "/"); got != want || h.d.Pending() != 0 {
			t.Fatalf("with everything synced:\n%s\nwant:\n%s", got, want)
		}
		h.d, h.open = none, [3]*disk.File{}
		for range rapid.IntRange(0, 5).Draw(t, "steps after the power loss") {
			h.step(t, "/")
		}
		if got, want := below(none.Crash(nil, disk.All), "/"), below(none, "/"); got != want {
			t.Fatalf("after another power loss:\n%s\nwant:\n%s", got, want)
		}
	})
}
