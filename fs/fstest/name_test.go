package fstest

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/holdfast-lock/holdfast/fs"

	iofs "io/fs"
)

// names is a host of which one operation on names differs.
type names struct {
	fs.Host
	link, rename func(oldname, newname string) error
	remove       func(path string) error
	mkdir        func(path string, perm fs.FileMode) error
	lstat        func(path string) (fs.Info, error)
	readDir      func(path string) ([]fs.DirEntry, error)
}

func (h *names) Link(oldname, newname string) error         { return h.link(oldname, newname) }
func (h *names) Rename(oldname, newname string) error       { return h.rename(oldname, newname) }
func (h *names) Remove(path string) error                   { return h.remove(path) }
func (h *names) Mkdir(path string, perm fs.FileMode) error  { return h.mkdir(path, perm) }
func (h *names) Lstat(path string) (fs.Info, error)         { return h.lstat(path) }
func (h *names) ReadDir(path string) ([]fs.DirEntry, error) { return h.readDir(path) }
func newNames(h fs.Host) *names {
	return &names{h, h.Link, h.Rename, h.Remove, h.Mkdir, h.Lstat, h.ReadDir}
}
func naming(change func(h fs.Host, n *names)) func(fs.Host) fs.Host {
	return func(h fs.Host) fs.Host { n := newNames(h); change(h, n); return n }
}

func copyFile(oldname, newname string) error {
	from, err := os.Open(oldname)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.Create(newname)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Close())
}

// resolved returns the target of a symbolic link, and every other path as it is.
func resolved(path string) string {
	if target, err := os.Readlink(path); err == nil {
		return filepath.Join(filepath.Dir(path), target)
	}
	return path
}

var nameFaults = []fault{
	{"Link copies", naming(func(_ fs.Host, n *names) { n.link = copyFile }), []string{"LinkGivesASecondName"}},
	{"Link replaces", naming(func(h fs.Host, n *names) {
		n.link = func(oldname, newname string) error {
			if oldname != newname {
				os.RemoveAll(newname)
			}
			return h.Link(oldname, newname)
		}
	}), []string{"LinkRefusesAnExistingName", "LinkRefusesASymbolicLinksName", "LinkHasOneWinner"}},
	{"Link makes what is missing", naming(func(h fs.Host, n *names) {
		n.link = func(oldname, newname string) error {
			if err := h.Link(oldname, newname); !errors.Is(err, errNotExist) {
				return err
			}
			return os.WriteFile(newname, nil, 0o600)
		}
	}), []string{"LinkOfAMissingNameMakesNothing"}},
	{"Link follows a symbolic link", naming(func(h fs.Host, n *names) {
		n.link = func(oldname, newname string) error { return h.Link(resolved(oldname), newname) }
	}), []string{"LinkDoesNotFollowASymbolicLink"}},
	{"Rename copies", naming(func(_ fs.Host, n *names) { n.rename = copyFile }), []string{"RenameMovesAFile", "RenameReplacesAFile", "RenameIsAtomic"}},
	{"Rename fails on an existing name", naming(func(h fs.Host, n *names) {
		n.rename = func(oldname, newname string) error {
			if _, err := h.Lstat(newname); err == nil {
				return os.ErrExist
			}
			return h.Rename(oldname, newname)
		}
	}), []string{"RenameReplacesAFile"}},
	{"Rename follows symbolic links", naming(func(h fs.Host, n *names) {
		n.rename = func(oldname, newname string) error { return h.Rename(resolved(oldname), resolved(newname)) }
	}), []string{"RenameReplacesASymbolicLink", "RenameMovesASymbolicLink"}},
	{"Rename removes what is in the way first", naming(func(h fs.Host, n *names) {
		n.rename = func(oldname, newname string) error {
			h.Remove(newname)
			time.Sleep(moment)
			return h.Rename(oldname, newname)
		}
	}), []string{"RenameOfAMissingNameChangesNothing", "RenameDoesNotReplaceADirectory", "RenameIsAtomic"}},
	{"Remove does nothing", naming(func(_ fs.Host, n *names) { n.remove = func(string) error { return nil } }),
		[]string{"RemoveRemovesAFile", "RemoveRemovesAnEmptyDirectory"}},
	{"Remove removes all that lies below, and knows no missing name", naming(func(_ fs.Host, n *names) { n.remove = os.RemoveAll }),
		[]string{"RemoveKeepsADirectoryThatIsNotEmpty", "RemoveOfAMissingNameIsErrNotExist"}},
	{"Remove follows a symbolic link", naming(func(h fs.Host, n *names) {
		n.remove = func(path string) error { return h.Remove(resolved(path)) }
	}), []string{"RemoveDoesNotFollowASymbolicLink"}},
	{"Mkdir makes a file", naming(func(_ fs.Host, n *names) {
		n.mkdir = func(path string, perm fs.FileMode) error { return os.WriteFile(path, nil, perm) }
	}), []string{"MkdirMakesADirectory"}},
	{"Mkdir makes all parents, knows no existing name and gives 0777", naming(func(_ fs.Host, n *names) {
		n.mkdir = func(path string, _ fs.FileMode) error {
			return errors.Join(os.MkdirAll(path, 0o777), os.Chmod(path, 0o777))
		}
	}), []string{"MkdirGivesThePermissions", "MkdirRefusesAnExistingName", "MkdirMakesOneDirectory", "MkdirHasOneWinner"}},
	{"the errors of Lstat cannot be told apart", naming(func(h fs.Host, n *names) {
		n.lstat = func(path string) (fs.Info, error) {
			info, err := h.Lstat(path)
			return info, lostCondition(err)
		}
	}), []string{"LstatOfAMissingNameIsErrNotExist"}},
	{"Lstat follows a symbolic link", naming(func(h fs.Host, n *names) {
		n.lstat = func(path string) (fs.Info, error) { return h.Lstat(resolved(path)) }
	}), []string{"LstatDescribesASymbolicLinkAsItself"}},
	{"Lstat tells directories only", naming(func(h fs.Host, n *names) {
		n.lstat = func(path string) (fs.Info, error) {
			info, err := h.Lstat(path)
			info.Mode &= iofs.ModeDir | iofs.ModePerm
			return info, err
		}
	}), []string{"LstatTellsAFIFO", "LstatDescribesASymbolicLinkAsItself"}},
	{"Lstat is asked once", naming(func(h fs.Host, n *names) {
		var seen sync.Map
		n.lstat = func(path string) (fs.Info, error) {
			if info, ok := seen.Load(path); ok {
				return info.(fs.Info), nil
			}
			info, err := h.Lstat(path)
			if err == nil {
				seen.Store(path, info)
			}
			return info, err
		}
	}), []string{"LstatShowsTheLatest"}},
	{"ReadDir sorts backwards", listing(func(list []fs.DirEntry) []fs.DirEntry { slices.Reverse(list); return list }), []string{"ReadDirListsSorted"}},
	{"ReadDir ignores case", listing(func(list []fs.DirEntry) []fs.DirEntry {
		slices.SortFunc(list, func(a, b fs.DirEntry) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
		return list
	}), []string{"ReadDirListsSorted"}},
	{"ReadDir shows one of the names that differ in case, and no file has an identity", naming(func(h fs.Host, n *names) {
		n.lstat = func(path string) (fs.Info, error) {
			info, err := h.Lstat(path)
			info.ID = fs.FileID{}
			return info, err
		}
		n.readDir = func(path string) ([]fs.DirEntry, error) {
			list, err := h.ReadDir(path)
			return slices.DeleteFunc(list, func(e fs.DirEntry) bool { return e.Name == "B" }), err
		}
	}), []string{"ReadDirListsSorted"}},
	{"ReadDir shows a symbolic link as a directory", listing(func(list []fs.DirEntry) []fs.DirEntry {
		for i := range list {
			if list[i].Type == iofs.ModeSymlink {
				list[i].Type = iofs.ModeDir
			}
		}
		return list
	}), []string{"ReadDirShowsASymbolicLinkAsItself"}},
	{"ReadDir shows the first thousand names", listing(func(list []fs.DirEntry) []fs.DirEntry { return list[:min(len(list), 1000)] }), []string{"ReadDirListsManyNames"}},
	{"ReadDir misses a name at times", naming(func(h fs.Host, n *names) {
		var calls atomic.Int32
		n.readDir = func(path string) ([]fs.DirEntry, error) {
			list, err := h.ReadDir(path)
			if calls.Add(1)%5 == 0 && len(list) > 0 {
				list = list[1:]
			}
			return list, err
		}
	}), []string{"ReadDirShowsWhatStays"}},
	{"ReadDir finds nothing where it cannot look", naming(func(h fs.Host, n *names) {
		n.readDir = func(path string) ([]fs.DirEntry, error) {
			list, _ := h.ReadDir(path)
			return list, nil
		}
	}), []string{"ReadDirOfNoDirectoryFails"}},
}

func listing(change func([]fs.DirEntry) []fs.DirEntry) func(fs.Host) fs.Host {
	return naming(func(h fs.Host, n *names) {
		n.readDir = func(path string) ([]fs.DirEntry, error) {
			list, err := h.ReadDir(path)
			return change(list), err
		}
	})
}
