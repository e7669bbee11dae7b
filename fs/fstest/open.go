package fstest

import (
	"errors"
	"strings"
	"sync/atomic"

	"github.com/holdfast-lock/holdfast/fs"
)

var openChecks = []check{
	{"OpenOfAMissingNameMakesNothing", func(p *probe) {
		for _, flag := range []fs.OpenFlag{fs.ReadOnly, fs.ReadWrite} {
			_, err := p.tryOpen("missing", flag)
			p.wantError(Lstat, "Open without Create", err, errNotExist)
			p.missing("missing")
		}
		_, err := p.Open(p.path("missing", "file"), fs.ReadWrite|fs.Create, 0o600)
		p.wantError(Lstat, "Open in a missing directory", err, errNotExist)
	}},
	{"OpenOfATooLongNameSaysSo", func(p *probe) {
		_, err := p.tryOpen(strings.Repeat("n", 2000), fs.ReadWrite|fs.Create) // or it is not too long
		if err != nil {
			p.wantError(Lstat, "Open of a name of 2000 bytes", err, fs.ErrNameTooLong)
		}
	}},
	{"CreateMakesAnEmptyFile", func(p *probe) {
		for name, flag := range map[string]fs.OpenFlag{"read": fs.ReadOnly, "write": fs.ReadWrite} {
			f, err := p.tryOpen(name, flag|fs.Create)
			p.must(err)
			for _, info := range []fs.Info{p.stat(f), p.lstat(name)} {
				if info.Size != 0 || !info.Mode.IsRegular() {
					p.Errorf("Open with Create made a file of mode %v and %d bytes, want an empty regular one", info.Mode, info.Size)
				}
			}
		}
	}},
	{"CreateKeepsWhatIsThere", func(p *probe) {
		p.create("file", "content")
		f := p.open("file")
		if got := p.content(f); got != "content" {
			p.Errorf("after Open with Create the file has %q, want what it had", got)
		}
	}},
	{"CreateGivesThePermissions", func(p *probe) {
		p.needsPermissions()
		for _, perm := range []fs.FileMode{0o600, 0o400, 0o640, 0o700} {
			name := perm.String()
			f, err := p.Open(p.path(name), fs.ReadWrite|fs.Create, perm)
			p.must(err)
			p.must(f.Close())
			// The umask may take bits away, though from the owner nobody lets it.
			if got := p.lstat(name).Mode.Perm(); got&^perm != 0 || got&0o700 != perm&0o700 {
				p.Errorf("Open with Create and %v made a file with %v", perm, got)
			}
		}
	}},
	{"CreateLeavesThePermissionsOfWhatIsThere", func(p *probe) {
		p.needsPermissions()
		p.create("file", "")
		f, err := p.Open(p.path("file"), fs.ReadWrite|fs.Create, 0o666)
		p.must(err)
		p.must(f.Close())
		if got := p.lstat("file").Mode.Perm(); got != 0o600 {
			p.Errorf("Open with Create and 0666 of a file with 0600 left it %v", got)
		}
	}},
	{"ReadOnlyRefusesToWrite", func(p *probe) {
		p.create("file", "content")
		f, err := p.tryOpen("file", fs.ReadOnly)
		p.must(err)
		if n, err := f.WriteAt([]byte("other"), 0); n != 0 || err == nil {
			p.Errorf("WriteAt of a file opened with ReadOnly = %d, %v, want an error", n, err)
		}
		if err := f.Truncate(1); err == nil {
			p.Errorf("Truncate of a file opened with ReadOnly succeeded")
		}
		if got := p.content(f); got != "content" {
			p.Errorf("a file that was only read has %q, want what it had", got)
		}
	}},
	{"ExclusiveMakesAFile", func(p *probe) {
		f, err := p.tryOpen("file", fs.ReadWrite|fs.Create|fs.Exclusive)
		p.ok(Exclusive, err)
		p.write(f, "content", 0)
		if got := p.contentOf("file"); got != "content" {
			p.Errorf("the file that Open with Exclusive made has %q, want what was written", got)
		}
	}},
	{"ExclusiveRefusesAnExistingName", func(p *probe) {
		p.create("file", "content")
		p.mkdir("directory")
		for _, name := range []string{"file", "directory"} {
			_, err := p.tryOpen(name, fs.ReadWrite|fs.Create|fs.Exclusive)
			p.wantError(Exclusive, "Open with Exclusive of a "+name, err, errExist)
		}
		if got := p.contentOf("file"); got != "content" {
			p.Errorf("the file that was in the way has %q, want what it had", got)
		}
	}},
	{"ExclusiveRefusesASymbolicLink", func(p *probe) {
		p.create("file", "")
		for _, target := range []string{"file", "missing"} {
			p.symlink(target, "to "+target)
			_, err := p.tryOpen("to "+target, fs.ReadWrite|fs.Create|fs.Exclusive)
			p.wantError(Exclusive, "Open with Exclusive of a symbolic link to "+target, err, errExist)
		}
		p.missing("missing")
	}},
	{"ExclusiveHasOneWinner", func(p *probe) {
		for _, name := range []string{"a", "b", "c", "d"} {
			var won atomic.Int32
			p.each(4, func(int) {
				switch _, err := p.tryOpen(name, fs.ReadWrite|fs.Create|fs.Exclusive); {
				case err == nil:
					won.Add(1)
				case !errors.Is(err, errExist):
					p.wantError(Exclusive, "Open with Exclusive beside others", err, errExist)
				}
			})
			if n := won.Load(); n != 1 && p.skipped == "" {
				p.Errorf("%d of 4 made the same name with Exclusive, want 1", n)
			}
		}
	}},
	{"SymbolicLinkIsFollowed", func(p *probe) {
		p.create("file", "content")
		p.symlink("file", "link")
		if got := p.contentOf("link"); got != "content" {
			p.Errorf("Open without NoFollow of a symbolic link shows %q, want what its target has", got)
		}
	}},
	{"NoFollowRefusesASymbolicLink", func(p *probe) {
		p.create("file", "")
		p.mkdir("directory")
		for _, target := range []string{"file", "directory", "missing"} {
			p.symlink(target, "to "+target)
			for what, flag := range map[string]fs.OpenFlag{
				"for reading": fs.ReadOnly, "for writing": fs.ReadWrite, "with Create": fs.ReadWrite | fs.Create,
				"with NonBlock": fs.ReadWrite | fs.NonBlock, "with Directory": fs.Directory,
			} {
				_, err := p.tryOpen("to "+target, flag|fs.NoFollow)
				p.wantError(NoFollow, "Open with NoFollow "+what+" of a symbolic link to "+target, err, fs.ErrSymlink)
			}
		}
		p.missing("missing")
	}},
	{"NoFollowFollowsTheParent", func(p *probe) {
		p.mkdir("directory")
		p.symlink("directory", "link")
		f, err := p.Open(p.path("link", "file"), fs.ReadWrite|fs.Create|fs.NoFollow, 0o600)
		p.ok(NoFollow, err)
		p.must(f.Close())
		_, err = p.Lstat(p.path("directory", "file"))
		p.ok(Lstat, err)
	}},
	{"DirectoryOpensADirectory", func(p *probe) {
		p.mkdir("directory")
		f, err := p.tryOpen("directory", fs.Directory)
		p.ok(Directory, err)
		if info := p.stat(f); !info.Mode.IsDir() {
			p.Errorf("the mode of a directory is %v", info.Mode)
		}
	}},
	{"DirectoryRefusesAFile", func(p *probe) {
		p.create("file", "")
		_, err := p.tryOpen("file", fs.Directory)
		p.wantError(Directory, "Open with Directory of a file", err, fs.ErrNotDirectory)
		_, err = p.tryOpen("missing", fs.Directory)
		p.wantError(Directory, "Open with Directory of a missing name", err, errNotExist)
	}},
	{"DirectoryIsNotOpenedForWriting", func(p *probe) {
		p.mkdir("directory")
		for what, flag := range map[string]fs.OpenFlag{"": 0, " with Create": fs.Create, " with NonBlock": fs.NonBlock} {
			_, err := p.tryOpen("directory", fs.ReadWrite|flag)
			p.wantError(Mkdir, "Open for writing"+what+" of a directory", err, fs.ErrIsDirectory)
		}
	}},
	{"FileIsNoDirectoryOfAPath", func(p *probe) {
		p.create("file", "")
		for what, flag := range map[string]fs.OpenFlag{"": 0, " with Create": fs.Create} {
			_, err := p.Open(p.path("file", "below"), fs.ReadWrite|flag, 0o600)
			p.wantError(Directory, "Open"+what+" of a name below a file", err, fs.ErrNotDirectory)
		}
	}},
	{"NonBlockDoesNotWaitForAFIFO", func(p *probe) {
		p.mkfifo("fifo")
		var err error
		opened := p.start("open", func() { _, err = p.tryOpen("fifo", fs.ReadOnly|fs.NonBlock) })
		if opened.done.Wait(p.ctx) != nil {
			p.Errorf("Open with NonBlock waits for the other end of a FIFO")
			_, err := p.tryOpen("fifo", fs.ReadWrite|fs.NonBlock) // lets it go
			p.must(err)
			return
		}
		p.ok(NonBlock, err)
	}},
	{"NonBlockOpensAFile", func(p *probe) {
		f, err := p.tryOpen("file", fs.ReadWrite|fs.Create|fs.NonBlock)
		p.ok(NonBlock, err)
		p.write(f, "content", 0)
		if got := p.content(f); got != "content" {
			p.Errorf("a file opened with NonBlock has %q, want what was written", got)
		}
	}},
	{"NameIsThePathOfOpen", func(p *probe) {
		path := p.spelled(".", "file")
		f, err := p.Open(path, fs.ReadWrite|fs.Create, 0o600)
		p.must(err)
		if f.Name() != path {
			p.Errorf("Name() = %q, want the path that Open was called with, %q", f.Name(), path)
		}
		p.must(f.Close())
	}},
	{"UnsupportedOpenMakesNothing", func(p *probe) {
		for _, flag := range []fs.OpenFlag{fs.Exclusive, fs.NoFollow, fs.NonBlock} {
			if _, err := p.tryOpen("file", fs.ReadWrite|fs.Create|flag); errors.Is(err, fs.ErrUnsupported) {
				p.missing("file")
			}
			p.notBusy(func() error { return p.Remove(p.path("file")) })
		}
	}},
}
