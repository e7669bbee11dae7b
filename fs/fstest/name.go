package fstest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/holdfast-lock/holdfast/fs"

	iofs "io/fs"
)

var nameChecks = slices.Concat(linkChecks, renameChecks, removeChecks, mkdirChecks, lstatChecks, readDirChecks)

var linkChecks = []check{
	{"LinkGivesASecondName", func(p *probe) {
		p.create("file", "content")
		p.ok(Link, p.Link(p.path("file"), p.path("second")))
		if a, b := p.lstat("file"), p.lstat("second"); a != b {
			p.Errorf("the names of one file show %+v and %+v", a, b)
		}
		p.write(p.open("second"), "NEW", 0)
		if got := p.contentOf("file"); got != "NEWtent" {
			p.Errorf("after a write to the second name the first shows %q", got)
		}
	}},
	{"LinkRefusesAnExistingName", func(p *probe) {
		p.create("file", "content")
		p.create("taken", "other")
		p.mkdir("directory")
		for _, name := range []string{"taken", "directory", "file"} {
			p.wantError(Link, "Link to the name of a "+name, p.Link(p.path("file"), p.path(name)), errExist)
		}
		if got := p.contentOf("taken"); got != "other" {
			p.Errorf("the file that was in the way has %q, want what it had", got)
		}
	}},
	{"LinkRefusesASymbolicLinksName", func(p *probe) {
		p.create("file", "content")
		p.symlink("missing", "link")
		p.wantError(Link, "Link to the name of a symbolic link", p.Link(p.path("file"), p.path("link")), errExist)
		p.missing("missing")
	}},
	{"LinkOfAMissingNameMakesNothing", func(p *probe) {
		p.wantError(Link, "Link of a missing name", p.Link(p.path("missing"), p.path("new")), errNotExist)
		p.missing("new")
	}},
	{"LinkDoesNotFollowASymbolicLink", func(p *probe) {
		p.create("file", "content")
		p.symlink("file", "link")
		p.ok(Link, p.Link(p.path("link"), p.path("second")))
		if mode := p.lstat("second").Mode; mode.Type() != iofs.ModeSymlink {
			p.Errorf("Link of a symbolic link made a file of mode %v, want a second name of the symbolic link", mode)
		}
	}},
	{"LinkHasOneWinner", func(p *probe) {
		for _, name := range []string{"a", "b", "c", "d"} {
			var won atomic.Int32
			var winner atomic.Value
			p.each(4, func(i int) {
				own := fmt.Sprintf("%s%d", name, i)
				p.create(own, own)
				switch err := p.Link(p.path(own), p.path(name)); {
				case err == nil:
					won.Add(1)
					winner.Store(own)
				case !errors.Is(err, errExist):
					p.wantError(Link, "Link beside others", err, errExist)
				}
			})
			if p.skipped != "" {
				return
			}
			if n := won.Load(); n != 1 || p.contentOf(name) != winner.Load() {
				p.Errorf("%d of 4 linked to the same name, want 1; it is %q, the winner was %v", n, p.contentOf(name), winner.Load())
			}
		}
	}},
}

var renameChecks = []check{
	{"RenameMovesAFile", func(p *probe) {
		p.create("file", "content")
		p.mkdir("directory")
		before := p.lstat("file")
		p.ok(Rename, p.Rename(p.path("file"), p.path("directory", "moved")))
		p.missing("file")
		info, err := p.Lstat(p.path("directory", "moved"))
		p.ok(Lstat, err)
		if info.ID != before.ID || info.Size != 7 {
			p.Errorf("the moved file is %+v, it was %+v", info, before)
		}
	}},
	{"RenameReplacesAFile", func(p *probe) {
		p.create("file", "content")
		p.create("taken", "other content")
		p.ok(Rename, p.Rename(p.path("file"), p.path("taken")))
		p.missing("file")
		if got := p.contentOf("taken"); got != "content" {
			p.Errorf("the name that a file was renamed to shows %q, want the file's content", got)
		}
	}},
	{"RenameReplacesASymbolicLink", func(p *probe) {
		p.create("file", "content")
		p.create("target", "other")
		p.symlink("target", "link")
		p.ok(Rename, p.Rename(p.path("file"), p.path("link")))
		if mode, got := p.lstat("link").Mode, p.contentOf("target"); !mode.IsRegular() || got != "other" {
			p.Errorf("after a rename to a symbolic link its name has mode %v and its target %q", mode, got)
		}
	}},
	{"RenameMovesASymbolicLink", func(p *probe) {
		p.create("target", "content")
		p.symlink("target", "link")
		p.ok(Rename, p.Rename(p.path("link"), p.path("moved")))
		p.missing("link")
		if mode := p.lstat("moved").Mode; mode.Type() != iofs.ModeSymlink {
			p.Errorf("the renamed symbolic link has mode %v", mode)
		}
		p.lstat("target")
	}},
	{"RenameOfAMissingNameChangesNothing", func(p *probe) {
		p.create("taken", "content")
		p.wantError(Rename, "Rename of a missing name", p.Rename(p.path("missing"), p.path("taken")), errNotExist)
		if got := p.contentOf("taken"); got != "content" {
			p.Errorf("after Rename of a missing name the other has %q, want what it had", got)
		}
	}},
	{"RenameDoesNotReplaceADirectory", func(p *probe) {
		p.create("file", "content")
		p.mkdir("directory")
		if err := p.Rename(p.path("file"), p.path("directory")); err == nil {
			p.Errorf("Rename of a file to the name of a directory succeeded")
		}
		if got := p.contentOf("file"); got != "content" || !p.lstat("directory").Mode.IsDir() {
			p.Errorf("after a Rename that failed the file has %q, the directory is %v", got, p.lstat("directory").Mode)
		}
	}},
	{"RenameIsAtomic", func(p *probe) {
		const times, size = 100, 5000
		whole := func(i int) string { return strings.Repeat(string(rune('a'+i%26)), size) }
		name := func(i int) string { return fmt.Sprintf("new %d", i) }
		for i := range times {
			p.create(name(i), whole(i))
		}
		p.create("file", whole(0))
		var done atomic.Bool
		renamer := p.start("renamer", func() {
			defer done.Store(true)
			for i := range times {
				p.ok(Rename, p.notBusy(func() error { return p.Rename(p.path(name(i)), p.path("file")) }))
			}
		})
		for !done.Load() {
			var f *openFile
			if err := p.notBusy(func() (err error) { f, err = p.tryOpen("file", fs.ReadOnly); return err }); err != nil {
				p.Errorf("a name that is being replaced cannot be opened: %v", err)
				break
			}
			if got := p.content(f); len(got) != size || got != strings.Repeat(got[:1], size) {
				p.Errorf("a name that is being replaced shows %d bytes, not one of the files", len(got))
			}
			p.closeFile(f)
			p.must(p.Sleep(p.ctx, moment/50)) // lets the renamer run
		}
		p.wait(renamer)
	}},
}

var removeChecks = []check{
	{"RemoveRemovesAFile", func(p *probe) {
		p.create("file", "")
		p.create("other", "")
		p.ok(Remove, p.Remove(p.path("file")))
		p.missing("file")
		p.lstat("other")
	}},
	{"RemoveRemovesAnEmptyDirectory", func(p *probe) {
		p.mkdir("directory")
		p.ok(Remove, p.Remove(p.path("directory")))
		p.missing("directory")
	}},
	{"RemoveKeepsADirectoryThatIsNotEmpty", func(p *probe) {
		p.mkdir("directory")
		p.create("directory/file", "content")
		if err := p.Remove(p.path("directory")); err == nil {
			p.Errorf("Remove of a directory that is not empty succeeded")
		}
		if got := p.contentOf("directory/file"); got != "content" {
			p.Errorf("the file in a directory that was not removed has %q, want what it had", got)
		}
	}},
	{"RemoveOfAMissingNameIsErrNotExist", func(p *probe) {
		p.wantError(Remove, "Remove of a missing name", p.Remove(p.path("missing")), errNotExist)
	}},
	{"RemoveDoesNotFollowASymbolicLink", func(p *probe) {
		p.create("target", "")
		p.symlink("target", "link")
		p.ok(Remove, p.Remove(p.path("link")))
		p.missing("link")
		p.lstat("target")
	}},
}

var mkdirChecks = []check{
	{"MkdirMakesADirectory", func(p *probe) {
		p.mkdir("directory")
		if mode := p.lstat("directory").Mode; !mode.IsDir() {
			p.Errorf("Mkdir made something of mode %v", mode)
		}
		p.create("directory/file", "content")
	}},
	{"MkdirGivesThePermissions", func(p *probe) {
		p.needsPermissions()
		p.ok(Mkdir, p.Mkdir(p.path("directory"), 0o710))
		if got := p.lstat("directory").Mode.Perm(); got&^0o710 != 0 || got&0o700 != 0o700 {
			p.Errorf("Mkdir with 0710 made a directory with %v", got)
		}
	}},
	{"MkdirRefusesAnExistingName", func(p *probe) {
		p.mkdir("directory")
		p.create("file", "content")
		for _, name := range []string{"directory", "file"} {
			p.wantError(Mkdir, "Mkdir of the name of a "+name, p.Mkdir(p.path(name), 0o700), errExist)
		}
		if got := p.contentOf("file"); got != "content" {
			p.Errorf("the file that was in the way has %q, want what it had", got)
		}
	}},
	{"MkdirMakesOneDirectory", func(p *probe) {
		p.wantError(Mkdir, "Mkdir in a missing directory", p.Mkdir(p.path("missing", "directory"), 0o700), errNotExist)
		p.missing("missing")
	}},
	{"MkdirHasOneWinner", func(p *probe) {
		for _, name := range []string{"a", "b", "c", "d"} {
			var won atomic.Int32
			p.each(4, func(int) {
				switch err := p.Mkdir(p.path(name), 0o700); {
				case err == nil:
					won.Add(1)
				case !errors.Is(err, errExist):
					p.wantError(Mkdir, "Mkdir beside others", err, errExist)
				}
			})
			if n := won.Load(); n != 1 && p.skipped == "" {
				p.Errorf("%d of 4 made the same directory, want 1", n)
			}
		}
	}},
}

var lstatChecks = []check{
	{"LstatOfAMissingNameIsErrNotExist", func(p *probe) {
		p.missing("missing")
		_, err := p.Lstat(p.path("missing", "file"))
		p.wantError(Lstat, "Lstat in a missing directory", err, errNotExist)
	}},
	{"LstatDescribesASymbolicLinkAsItself", func(p *probe) {
		p.create("file", "content")
		p.mkdir("directory")
		for _, target := range []string{"file", "directory", "missing"} {
			p.symlink(target, "to "+target)
			if mode := p.lstat("to " + target).Mode; mode.Type() != iofs.ModeSymlink {
				p.Errorf("Lstat of a symbolic link to %s: mode %v", target, mode)
			}
		}
	}},
	{"LstatTellsAFIFO", func(p *probe) {
		p.mkfifo("fifo")
		if mode := p.lstat("fifo").Mode; mode.Type() != iofs.ModeNamedPipe {
			p.Errorf("Lstat of a FIFO: mode %v", mode)
		}
	}},
	{"LstatShowsTheLatest", func(p *probe) {
		f := p.open("file")
		for i := range 5 {
			if got := p.lstat("file").Size; got != int64(i) {
				p.Errorf("Lstat shows %d bytes after %d were written", got, i)
			}
			p.write(f, "x", int64(i))
		}
		p.closeFile(f)
		p.ok(Remove, p.Remove(p.path("file")))
		p.missing("file")
	}},
}

var readDirChecks = []check{
	{"ReadDirListsSorted", func(p *probe) {
		p.mkdir("list")
		if entries := p.list("list"); len(entries) != 0 {
			p.Errorf("ReadDir of an empty directory: %v", entries)
		}
		var want []fs.DirEntry
		for _, name := range []string{"b", "a", "c", "B", "a.b", "a-b", ".hidden", "10", "9"} {
			p.create("list/"+name, name)
			if name != "B" || p.contentOf("list/b") == "b" { // else the two are one name here
				want = append(want, fs.DirEntry{Name: name})
			}
		}
		p.mkdir("list", "directory")
		want = append(want, fs.DirEntry{Name: "directory", Type: iofs.ModeDir})
		slices.SortFunc(want, func(a, b fs.DirEntry) int { return strings.Compare(a.Name, b.Name) })
		if got := p.list("list"); !slices.Equal(got, want) {
			p.Errorf("ReadDir: %v, want %v", got, want)
		}
	}},
	{"ReadDirShowsASymbolicLinkAsItself", func(p *probe) {
		p.mkdir("list")
		p.mkdir("directory")
		p.symlink("directory", "list/link")
		if got := p.list("list"); len(got) != 1 || got[0] != (fs.DirEntry{Name: "link", Type: iofs.ModeSymlink}) {
			p.Errorf("ReadDir: %v, want the symbolic link", got)
		}
	}},
	{"ReadDirListsManyNames", func(p *probe) {
		p.mkdir("list")
		const names = 1500 // more than one call of the operating system returns
		name := func(i int) string { return fmt.Sprintf("a name of a little more length %04d", i) }
		for i := range names {
			p.create("list/"+name(i), "")
		}
		got := p.list("list")
		if len(got) != names {
			p.fatalf("ReadDir shows %d names, want %d", len(got), names)
		}
		for i, e := range got {
			if e.Name != name(i) {
				p.fatalf("ReadDir: name %d is %q, want %q", i, e.Name, name(i))
			}
		}
	}},
	{"ReadDirShowsWhatStays", func(p *probe) {
		p.mkdir("list")
		stay := []string{"a", "m", "z"}
		for _, name := range stay {
			p.create("list/"+name, "")
		}
		churn := p.start("churn", func() {
			for i := range 100 {
				name := fmt.Sprintf("list/%c%d", 'a'+i%26, i)
				p.create(name, "")
				p.ok(Remove, p.Remove(p.path(name)))
			}
		})
		for range 50 {
			var got []string
			for _, e := range p.list("list") {
				if slices.Contains(stay, e.Name) {
					got = append(got, e.Name)
				}
			}
			if !slices.Equal(got, stay) {
				p.Errorf("while other names come and go, ReadDir shows %q of %q", got, stay)
			}
		}
		p.wait(churn)
	}},
	{"ReadDirOfNoDirectoryFails", func(p *probe) {
		_, err := p.ReadDir(p.path("missing"))
		p.wantError(ReadDir, "ReadDir of a missing name", err, errNotExist)
		p.create("file", "")
		if entries, err := p.ReadDir(p.path("file")); err == nil {
			p.Errorf("ReadDir of a file: %v, want an error", entries)
		}
	}},
}

func (p *probe) list(name string) []fs.DirEntry {
	p.Helper()
	entries, err := p.ReadDir(p.path(name))
	p.ok(ReadDir, err)
	return entries
}
