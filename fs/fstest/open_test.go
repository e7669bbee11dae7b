package fstest

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/holdfast-lock/holdfast/fs"
)

// opens is a host whose Open differs.
type opens struct {
	fs.Host
	open func(h fs.Host, path string, flag fs.OpenFlag, perm fs.FileMode) (fs.File, error)
}

func (h *opens) Open(path string, flag fs.OpenFlag, perm fs.FileMode) (fs.File, error) {
	return h.open(h.Host, path, flag, perm)
}

func opening(open func(h fs.Host, path string, flag fs.OpenFlag, perm fs.FileMode) (fs.File, error)) func(fs.Host) fs.Host {
	return func(h fs.Host) fs.Host { return &opens{h, open} }
}

// without drops a flag.
func without(dropped fs.OpenFlag) func(fs.Host) fs.Host {
	return opening(func(h fs.Host, path string, flag fs.OpenFlag, perm fs.FileMode) (fs.File, error) {
		return h.Open(path, flag&^dropped, perm)
	})
}

// with adds a flag.
func with(added fs.OpenFlag) func(fs.Host) fs.Host {
	return opening(func(h fs.Host, path string, flag fs.OpenFlag, perm fs.FileMode) (fs.File, error) {
		return h.Open(path, flag|added, perm)
	})
}

// refusing fails if a flag is given.
func refusing(refused fs.OpenFlag, err error) func(fs.Host) fs.Host {
	return opening(func(h fs.Host, path string, flag fs.OpenFlag, perm fs.FileMode) (fs.File, error) {
		if flag&refused != 0 {
			return nil, err
		}
		return h.Open(path, flag, perm)
	})
}

// created does something with every file that is opened with Create.
func created(do func(fs.File) error) func(fs.Host) fs.Host {
	return opening(func(h fs.Host, path string, flag fs.OpenFlag, perm fs.FileMode) (fs.File, error) {
		f, err := h.Open(path, flag, perm)
		if err == nil && flag&fs.Create != 0 {
			do(f)
		}
		return f, err
	})
}

var openFaults = []fault{
	{"Open always creates", with(fs.Create), []string{"OpenOfAMissingNameMakesNothing"}},
	{"a name that is too long has an error like any other", opening(func(h fs.Host, path string, flag fs.OpenFlag, perm fs.FileMode) (fs.File, error) {
		f, err := h.Open(path, flag, perm)
		return f, lostCondition(err)
	}), []string{"OpenOfATooLongNameSaysSo"}},
	{"a new file is not empty", created(func(f fs.File) error { _, err := f.WriteAt([]byte("x"), 0); return err }), []string{"CreateMakesAnEmptyFile"}},
	{"Create truncates", created(func(f fs.File) error { return f.Truncate(0) }), []string{"CreateKeepsWhatIsThere"}},
	{"Create gives 0666, whatever is asked", created(func(f fs.File) error { return f.Chmod(0o666) }),
		[]string{"CreateGivesThePermissions", "CreateLeavesThePermissionsOfWhatIsThere"}},
	{"ReadOnly opens for writing too", opening(func(h fs.Host, path string, flag fs.OpenFlag, perm fs.FileMode) (fs.File, error) {
		if f, err := h.Open(path, flag|fs.ReadWrite, perm); err == nil {
			return f, nil
		}
		return h.Open(path, flag, perm)
	}), []string{"ReadOnlyRefusesToWrite"}},
	{"Exclusive always finds the name taken", refusing(fs.Exclusive, os.ErrExist), []string{"ExclusiveMakesAFile", "ExclusiveHasOneWinner"}},
	{"Exclusive is ignored", without(fs.Exclusive),
		[]string{"ExclusiveRefusesAnExistingName", "ExclusiveRefusesASymbolicLink", "ExclusiveHasOneWinner"}},
	{"no symbolic link is followed", with(fs.NoFollow), []string{"SymbolicLinkIsFollowed"}},
	{"NoFollow is ignored", without(fs.NoFollow), []string{"NoFollowRefusesASymbolicLink"}},
	{"NoFollow refuses a symbolic link anywhere in the path", opening(func(h fs.Host, path string, flag fs.OpenFlag, perm fs.FileMode) (fs.File, error) {
		if real, err := filepath.EvalSymlinks(filepath.Dir(path)); flag&fs.NoFollow != 0 && err == nil && real != filepath.Dir(path) {
			return nil, fs.ErrSymlink
		}
		return h.Open(path, flag, perm)
	}), []string{"NoFollowFollowsTheParent"}},
	{"Directory finds no directory", refusing(fs.Directory, fs.ErrNotDirectory), []string{"DirectoryOpensADirectory"}},
	{"Directory is ignored", without(fs.Directory), []string{"DirectoryRefusesAFile"}},
	{"a directory opened for writing is opened for reading", opening(func(h fs.Host, path string, flag fs.OpenFlag, perm fs.FileMode) (fs.File, error) {
		f, err := h.Open(path, flag, perm)
		if errors.Is(err, fs.ErrIsDirectory) {
			return h.Open(path, fs.ReadOnly, perm)
		}
		return f, err
	}), []string{"DirectoryIsNotOpenedForWriting"}},
	{"the errors of Open cannot be told apart", opening(func(h fs.Host, path string, flag fs.OpenFlag, perm fs.FileMode) (fs.File, error) {
		f, err := h.Open(path, flag, perm)
		return f, lostCondition(err)
	}), []string{"OpenOfAMissingNameMakesNothing", "ExclusiveRefusesAnExistingName", "NoFollowRefusesASymbolicLink", "DirectoryRefusesAFile",
		"DirectoryIsNotOpenedForWriting", "FileIsNoDirectoryOfAPath"}},
	{"NonBlock is ignored", without(fs.NonBlock), []string{"NonBlockDoesNotWaitForAFIFO"}},
	{"NonBlock opens for reading only", opening(func(h fs.Host, path string, flag fs.OpenFlag, perm fs.FileMode) (fs.File, error) {
		if flag&fs.NonBlock != 0 {
			flag &^= fs.ReadWrite
		}
		return h.Open(path, flag, perm)
	}), []string{"NonBlockOpensAFile"}},
	{"Open cleans the path", opening(func(h fs.Host, path string, flag fs.OpenFlag, perm fs.FileMode) (fs.File, error) {
		return h.Open(filepath.Clean(path), flag, perm)
	}), []string{"NameIsThePathOfOpen"}},
	{"NoFollow turns out to be unsupported once the file is made", opening(func(h fs.Host, path string, flag fs.OpenFlag, perm fs.FileMode) (fs.File, error) {
		f, err := h.Open(path, flag, perm)
		if err == nil && flag&fs.NoFollow != 0 {
			f.Close()
			return nil, fs.ErrUnsupported
		}
		return f, err
	}), []string{"UnsupportedOpenMakesNothing"}},
}
