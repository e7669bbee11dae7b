package fstest

import (
	"errors"
	"os"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
)

// shows is a host that changes what Stat and Lstat say.
type shows struct {
	fs.Host
	stat, lstat func(*fs.Info)
}

func (h *shows) Lstat(path string) (fs.Info, error) {
	info, err := h.Host.Lstat(path)
	if err == nil {
		h.lstat(&info)
	}
	return info, err
}

func (h *shows) Open(path string, flag fs.OpenFlag, perm fs.FileMode) (fs.File, error) {
	f, err := h.Host.Open(path, flag, perm)
	if err != nil {
		return nil, err
	}
	return showsFile{f, h}, nil
}

type showsFile struct {
	fs.File
	host *shows
}

func (f showsFile) Stat() (fs.Info, error) {
	info, err := f.File.Stat()
	if err == nil {
		f.host.stat(&info)
	}
	return info, err
}

func asItIs(*fs.Info) {}

func showing(stat, lstat func(*fs.Info)) func(fs.Host) fs.Host {
	return func(h fs.Host) fs.Host { return &shows{h, stat, lstat} }
}

// statOnce remembers the first answer of Stat.
type statOnce struct {
	fs.File
	info *fs.Info
}

func (f *statOnce) Stat() (fs.Info, error) {
	if f.info != nil {
		return *f.info, nil
	}
	info, err := f.File.Stat()
	f.info = &info
	return info, err
}

// byName is a host whose files act on whatever has the name that they were opened by.
type byName struct{ fs.Host }

func (h byName) Open(path string, flag fs.OpenFlag, perm fs.FileMode) (fs.File, error) {
	f, err := h.Host.Open(path, flag, perm)
	return byNameFile{f, h.Host}, err
}

type byNameFile struct {
	fs.File
	host fs.Host
}

func (f byNameFile) Stat() (fs.Info, error)        { return f.host.Lstat(f.Name()) }
func (f byNameFile) Chmod(perm fs.FileMode) error  { return os.Chmod(f.Name(), perm) }
func (f byNameFile) Truncate(size int64) error     { return os.Truncate(f.Name(), size) }
func (f byNameFile) SetTimes(a, m time.Time) error { return os.Chtimes(f.Name(), a, m) }

type chmods struct {
	fs.File
	kept fs.FileMode
}

func (f chmods) Chmod(perm fs.FileMode) error { return f.File.Chmod(perm&f.kept | 0o600&^f.kept) }

type swapsTimes struct{ fs.File }

func (f swapsTimes) SetTimes(atime, mtime time.Time) error { return f.File.SetTimes(mtime, atime) }

type omitsTimes struct{ fs.File }

func (f omitsTimes) SetTimes(atime, mtime time.Time) error {
	if mtime.IsZero() {
		return nil
	}
	return f.File.SetTimes(atime, mtime)
}

type modifiesInSecret struct{ fs.File }

func (f modifiesInSecret) WriteAt(p []byte, off int64) (int, error) {
	info, err := f.File.Stat()
	if err != nil {
		return 0, err
	}
	n, err := f.File.WriteAt(p, off)
	return n, errors.Join(err, f.SetTimes(info.Mtime, info.Mtime))
}

type doesNotSync struct{ fs.File }

func (doesNotSync) Sync() error { return errors.New("not synced") }

type syncsEmpty struct{ fs.File }

func (f syncsEmpty) Sync() error { return f.Truncate(0) }

type namelessVolume struct{ fs.File }

func (f namelessVolume) Volume() (fs.Volume, error) {
	volume, err := f.File.Volume()
	volume.Type = ""
	return volume, err
}

var attributeFaults = []fault{
	{"Stat is asked once", files(func(f fs.File) fs.File { return &statOnce{File: f} }), []string{"StatDescribesAFile"}},
	{"Lstat rounds the size up to a page", showing(asItIs, func(i *fs.Info) { i.Size = (i.Size + 4095) &^ 4095 }), []string{"StatAndLstatAgree", "LstatShowsTheLatest"}},
	{"all files of a device are one", showing(func(i *fs.Info) { i.ID.Inode = 1 }, func(i *fs.Info) { i.ID.Inode = 1 }),
		[]string{"IdentityTellsFilesApart", "ReplacedFileHasAnotherIdentity"}},
	{"Stat, Chmod, Truncate and SetTimes go by the name", func(h fs.Host) fs.Host { return byName{h} },
		[]string{"StatFollowsTheOpenFile", "AttributesAreThoseOfTheOpenFile", "OpenFileWithoutANameHasNoLinks"}},
	{"every file has one link", showing(func(i *fs.Info) { i.Links = 1 }, func(i *fs.Info) { i.Links = 1 }),
		[]string{"LinksAreCounted", "OpenFileWithoutANameHasNoLinks"}},
	{"a file belongs to the next user", showing(func(i *fs.Info) { i.Owner++ }, func(i *fs.Info) { i.Owner++ }), []string{"AFileBelongsToWhoMadeIt"}},
	{"Chmod does nothing", files(func(f fs.File) fs.File { return chmods{f, 0} }), []string{"ChmodTakesAndGivesTheRightToWrite"}},
	{"Chmod knows the owner and the group only", files(func(f fs.File) fs.File { return chmods{f, 0o770} }), []string{"ChmodSetsAllPermissions"}},
	{"SetTimes mistakes one time for the other", files(func(f fs.File) fs.File { return swapsTimes{f} }), []string{"SetTimesSetsTheTimeOfModification"}},
	{"SetTimes leaves a time that is zero as it is", files(func(f fs.File) fs.File { return omitsTimes{f} }), []string{"SetTimesToZeroIsNow"}},
	{"WriteAt leaves the time of modification", files(func(f fs.File) fs.File { return modifiesInSecret{f} }), []string{"WriteIsAModification"}},
	{"Sync fails", files(func(f fs.File) fs.File { return doesNotSync{f} }), []string{"SyncKeepsTheContent", "SyncOfADirectory"}},
	{"Sync empties the file", files(func(f fs.File) fs.File { return syncsEmpty{f} }), []string{"SyncKeepsTheContent"}},
	{"the volume has no type", files(func(f fs.File) fs.File { return namelessVolume{f} }), []string{"VolumeNamesTheFilesystem"}},
}
