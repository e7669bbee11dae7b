package lock_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"path/filepath"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/fs/osfs"
	"github.com/holdfast-lock/holdfast/lock"
)

func ExampleSingleton() {
	path, remove := newPath()
	defer remove()
	dir, name := filepath.Split(path)

	one, err := lock.New(path, lock.Singleton())
	if err != nil {
		log.Fatal(err)
	}
	two, err := lock.New(filepath.Join(dir, ".", name), lock.Singleton())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("the same:", one == two)

	_, err = lock.New(path, lock.Singleton(), lock.Fencing())
	if differ, ok := errors.AsType[*lock.SettingsError](err); ok {
		d := differ.Differences[0]
		fmt.Printf("%s is %s, asked for %s\n", d.Option, d.Have, d.Want)
	}
	// Output:
	// the same: true
	// Fencing is false, asked for true
}

// unlockable is a host whose filesystem gives no locks, as some network filesystems do.
type unlockable struct{ *osfs.Host }

func (u unlockable) Open(path string, flag fs.OpenFlag, perm fs.FileMode) (fs.File, error) {
	f, err := u.Host.Open(path, flag, perm)
	if err != nil {
		return nil, err
	}
	return unlockableFile{f}, nil
}

type unlockableFile struct{ fs.File }

func (unlockableFile) TryLock(fs.Region, fs.LockMode) (bool, error) { return false, fs.ErrNoLocks }
func (unlockableFile) Unlock(fs.Region) error                       { return nil }

func ExampleFallbackTo() {
	local, remove := newLock()
	defer remove()
	path, removeToo := newPath()
	defer removeToo()
	ctx := context.Background()

	plain, err := lock.New(path, lock.Host(unlockable{osfs.Default()}))
	if err != nil {
		log.Fatal(err)
	}
	_, err = plain.Acquire(ctx)
	fmt.Println("without:", errors.Is(err, fs.ErrNoLocks))

	// Everybody who uses the shared path must run on this machine, and fall back like this.
	shared, err := lock.New(path, lock.Host(unlockable{osfs.Default()}), lock.FallbackTo(local), lock.Logger(slog.New(slog.DiscardHandler)))
	if err != nil {
		log.Fatal(err)
	}
	h, err := shared.Acquire(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer h.Release()
	fmt.Println("with: held on", filepath.Base(h.Path()), "of the local filesystem:", h.Path() == local.Path())
	// Output:
	// without: true
	// with: held on work.lock of the local filesystem: true
}
