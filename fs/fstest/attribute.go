package fstest

import (
	"errors"
	"fmt"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
)

// A time whose seconds are even: FAT has no others.
var longAgo = time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)

var attributeChecks = []check{
	{"StatDescribesAFile", func(p *probe) {
		f := p.open("file")
		p.write(f, "content", 0)
		if info := p.stat(f); !info.Mode.IsRegular() || info.Size != 7 {
			p.Errorf("Stat: mode %v, %d bytes, want a regular file of 7", info.Mode, info.Size)
		}
		p.write(f, "content", 7)
		if info := p.stat(f); info.Size != 14 {
			p.Errorf("Stat after another write: %d bytes, want 14", info.Size)
		}
	}},
	{"StatAndLstatAgree", func(p *probe) {
		f := p.open("file")
		p.write(f, "content", 0)
		info, want := p.lstat("file"), p.stat(f)
		if info.ID != want.ID || info.Mode != want.Mode || info.Links != want.Links || info.Size != want.Size || !info.Mtime.Equal(want.Mtime) {
			p.Errorf("Lstat: %+v, Stat: %+v, want the same", info, want)
		}
	}},
	{"IdentityTellsFilesApart", func(p *probe) {
		p.mkdir("directory")
		f := p.open("file")
		id := p.stat(f).ID
		p.needsIdentity(p.stat(f))
		if again := p.stat(p.open("file")).ID; again != id {
			p.Errorf("two open files of one file have the identities %v and %v", id, again)
		}
		if other := p.stat(p.open("other")).ID; other == id {
			p.Errorf("two files have the same identity %v", id)
		}
		if directory := p.lstat("directory").ID; directory == id {
			p.Errorf("a file and a directory have the same identity %v", id)
		}
	}},
	{"ReplacedFileHasAnotherIdentity", func(p *probe) {
		f := p.open("file")
		p.needsIdentity(p.stat(f))
		p.create("new", "")
		p.whileOpen(Rename, p.Rename(p.path("new"), p.path("file")))
		if p.lstat("file").ID == p.stat(f).ID {
			p.Errorf("the file that replaced an open one has its identity")
		}
	}},
	{"StatFollowsTheOpenFile", func(p *probe) {
		f := p.open("file")
		p.needsIdentity(p.stat(f))
		p.write(f, "content", 0)
		id := p.stat(f).ID
		p.whileOpen(Rename, p.Rename(p.path("file"), p.path("moved")))
		p.create("file", "")
		if info := p.stat(f); info.ID != id || info.Size != 7 || f.Name() != p.path("file") {
			p.Errorf("after a rename Stat of the open file shows %+v, Name %q, want identity %v, 7 bytes and the old name", info, f.Name(), id)
		}
	}},
	{"LinksAreCounted", func(p *probe) {
		f := p.open("file")
		if n := p.stat(f).Links; n != 1 {
			p.Errorf("a new file has %d links, want 1", n)
		}
		p.ok(Link, p.Link(p.path("file"), p.path("second")))
		if n, named := p.stat(f).Links, p.lstat("second").Links; n != 2 || named != 2 {
			p.Errorf("a file with two names has %d links, by its second name %d, want 2", n, named)
		}
		p.whileOpen(Links, p.Remove(p.path("second")))
		if n := p.stat(f).Links; n != 1 {
			p.Errorf("a file that lost one of two names has %d links, want 1", n)
		}
	}},
	{"OpenFileWithoutANameHasNoLinks", func(p *probe) {
		removed := p.open("removed")
		p.write(removed, "content", 0)
		p.whileOpen(Links, p.Remove(p.path("removed")))
		replaced := p.open("replaced")
		p.create("new", "")
		p.whileOpen(Links, p.Rename(p.path("new"), p.path("replaced")))
		for what, f := range map[string]*openFile{"removed": removed, "replaced": replaced} {
			if n := p.stat(f).Links; n == 1 {
				p.skip(Links, fmt.Errorf("a %s file has 1 link", what))
			} else if n != 0 {
				p.Errorf("a %s file has %d links, want 0", what, n)
			}
		}
		if got := p.content(removed); got != "content" {
			p.Errorf("a removed file that is open has %q, want what was written", got)
		}
	}},
	{"AFileBelongsToWhoMadeIt", func(p *probe) {
		f := p.open("file")
		for _, info := range []fs.Info{p.stat(f), p.lstat("file")} {
			if info.Owner == 0 && p.UID() != 0 {
				p.skip(Permissions, errors.New("files have no owner"))
			} else if info.Owner != p.UID() {
				p.Errorf("a file that user %d made belongs to user %d", p.UID(), info.Owner)
			}
		}
	}},
	{"ChmodTakesAndGivesTheRightToWrite", func(p *probe) {
		f := p.open("file")
		for _, perm := range []fs.FileMode{0o400, 0o600, 0o444, 0o644} {
			p.ok(Chmod, f.Chmod(perm))
			for _, info := range []fs.Info{p.stat(f), p.lstat("file")} {
				if info.Mode&0o200 != perm&0o200 || !info.Mode.IsRegular() {
					p.Errorf("after Chmod(%v) the mode is %v", perm, info.Mode)
				}
			}
		}
	}},
	{"ChmodSetsAllPermissions", func(p *probe) {
		p.needsPermissions()
		f := p.open("file")
		for _, perm := range []fs.FileMode{0o000, 0o777, 0o124, 0o653, 0o600} {
			p.ok(Chmod, f.Chmod(perm))
			if got := p.stat(f).Mode; got != perm {
				p.Errorf("after Chmod(%v) the mode is %v", perm, got)
			}
		}
	}},
	{"SetTimesSetsTheTimeOfModification", func(p *probe) {
		f := p.open("file")
		p.ok(SetTimes, f.SetTimes(longAgo.Add(time.Hour), longAgo))
		for what, info := range map[string]fs.Info{"Stat": p.stat(f), "Lstat": p.lstat("file")} {
			if !info.Mtime.Equal(longAgo) {
				p.Errorf("%s after SetTimes: modified %v, want %v", what, info.Mtime, longAgo)
			}
		}
	}},
	{"SetTimesToZeroIsNow", func(p *probe) {
		f := p.open("file")
		p.ok(SetTimes, f.SetTimes(longAgo, longAgo))
		before := p.lstat("file").Mtime
		p.ok(SetTimes, f.SetTimes(time.Time{}, time.Time{}))
		p.create("witness", "made now")
		// The clock of the filesystem is not the host's: compared is with a file that was just made.
		if got, now := p.stat(f).Mtime, p.lstat("witness").Mtime; !got.After(before) || got.Sub(now).Abs() > time.Minute {
			p.Errorf("SetTimes to zero times made the time of modification %v, while the filesystem's is %v", got, now)
		}
	}},
	{"WriteIsAModification", func(p *probe) {
		f := p.open("file")
		for what, modify := range map[string]func(){
			"WriteAt":  func() { p.write(f, "content", 0) },
			"Truncate": func() { p.ok(Truncate, f.Truncate(3)) },
		} {
			p.ok(SetTimes, f.SetTimes(longAgo, longAgo))
			modify()
			if info := p.stat(f); !info.Mtime.After(longAgo) {
				p.Errorf("the time of modification after %s is still %v", what, info.Mtime)
			}
		}
	}},
	{"AttributesAreThoseOfTheOpenFile", func(p *probe) {
		f := p.open("file")
		p.write(f, "content", 0)
		p.whileOpen(Rename, p.Rename(p.path("file"), p.path("moved")))
		p.create("file", "other")
		before := p.lstat("file")
		p.ok(Truncate, f.Truncate(2))
		p.ok(Chmod, f.Chmod(0o400))
		p.ok(SetTimes, f.SetTimes(longAgo, longAgo))
		if info := p.lstat("moved"); info.Size != 2 || info.Mode&0o200 != 0 || !info.Mtime.Equal(longAgo) {
			p.Errorf("the open file, which was renamed, is %+v, want 2 bytes, not writable, modified %v", info, longAgo)
		}
		if info := p.lstat("file"); info != before {
			p.Errorf("the file that got the name of an open one changed with it: %+v, was %+v", info, before)
		}
	}},
	{"SyncKeepsTheContent", func(p *probe) {
		f := p.open("file")
		p.write(f, "content", 0)
		p.ok(Sync, f.Sync())
		if got := p.content(f); got != "content" {
			p.Errorf("after Sync the file has %q, want what was written", got)
		}
	}},
	{"SyncOfADirectory", func(p *probe) {
		p.mkdir("directory")
		f, err := p.tryOpen("directory", fs.Directory)
		p.ok(Directory, err)
		p.ok(SyncDirectory, f.Sync())
	}},
	{"VolumeNamesTheFilesystem", func(p *probe) {
		f, other := p.open("file"), p.open("other")
		volume, err := f.Volume()
		p.must(err)
		if volume.Type == "" {
			p.Errorf("the volume has no type")
		}
		if again, err := other.Volume(); err != nil || again != volume {
			p.Errorf("two files of one directory are on %+v and %+v, %v", volume, again, err)
		}
	}},
}

// needsPermissions skips the check on a host that does not keep all permission bits.
func (p *probe) needsPermissions() {
	p.Helper()
	f := p.open("permissions")
	p.ok(Permissions, f.Chmod(0o640))
	if got := p.stat(f).Mode.Perm(); got != 0o640 {
		p.skip(Permissions, fmt.Errorf("the mode is %v after Chmod(0640)", got))
	}
}
