package aferofs_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/spf13/afero"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/fs/aferofs"
	"github.com/holdfast-lock/holdfast/fs/fstest"
	"github.com/holdfast-lock/holdfast/fs/osfs"
)

// names is what every Fs that is good for anything here can do.
var names = []fstest.Operation{
	fstest.Exclusive, fstest.NoFollow, fstest.Directory, fstest.Truncate, fstest.Chmod, fstest.SetTimes, fstest.Sync, fstest.Identity,
	fstest.Rename, fstest.Remove, fstest.Mkdir, fstest.Lstat, fstest.ReadDir, fstest.Canonical, fstest.OnDropped, fstest.Liveness,
}

// machines is what the files of the operating system have beside.
var machines = []fstest.Operation{fstest.NonBlock, fstest.Permissions, fstest.SyncDirectory, fstest.Links, fstest.Symlink}

func TestHostOnMemory(t *testing.T) {
	fstest.TestHost(t, func(t *testing.T) (fs.Host, string) {
		return aferofs.Host(afero.NewMemMapFs(), osfs.New()), "/"
	}, fstest.MustSupport(names...), fstest.MustSupport(fstest.NonBlock, fstest.Permissions, fstest.SyncDirectory))
}

func TestHostOnTheOperatingSystem(t *testing.T) {
	fstest.TestHost(t, func(t *testing.T) (fs.Host, string) {
		return aferofs.Host(afero.NewOsFs(), osfs.New()), t.TempDir()
	}, append(fifos, fstest.MustSupport(names...), fstest.MustSupport(machines...), fstest.Symlinks(os.Symlink))...)
}

func TestHostBelowABasePath(t *testing.T) {
	var below string // of the sub-test that runs
	real := func(path string) string { return filepath.Join(below, path) }
	fstest.TestHost(t, func(t *testing.T) (fs.Host, string) {
		below = t.TempDir()
		return aferofs.Host(afero.NewBasePathFs(afero.NewOsFs(), below), osfs.New()), "/"
	}, fstest.MustSupport(names...), fstest.MustSupport(machines...), fstest.Symlinks(func(target, name string) error {
		if filepath.IsAbs(target) {
			target = real(target)
		}
		return os.Symlink(target, real(name))
	}))
}

// TestHostOnAHost goes there and back.
func TestHostOnAHost(t *testing.T) {
	fstest.TestHost(t, func(t *testing.T) (fs.Host, string) {
		memory := aferofs.Host(afero.NewMemMapFs(), osfs.New())
		return aferofs.Host(aferofs.FromHost(memory), osfs.New()), "/"
	}, fstest.MustSupport(names...))
}

// TestHostOnBareFs: an Fs that does nothing but what its interface asks for, without identities and symbolic links.
func TestHostOnBareFs(t *testing.T) {
	fstest.TestHost(t, func(t *testing.T) (fs.Host, string) {
		// Below a base, for the root of relative paths.
		afs := afero.NewBasePathFs(bareFs{afero.NewMemMapFs()}, "/")
		return aferofs.Host(afs, osfs.New(), aferofs.NoSymlinks()), "/"
	}, fstest.MustSupport(fstest.Exclusive, fstest.NoFollow, fstest.Directory, fstest.Truncate, fstest.Sync,
		fstest.Rename, fstest.Remove, fstest.Mkdir, fstest.Lstat, fstest.ReadDir, fstest.Canonical))
}
