package aferofs_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/afero"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/fs/aferofs"
	"github.com/holdfast-lock/holdfast/fs/osfs"
	"github.com/holdfast-lock/holdfast/lock"
)

// A marker is a file that one of many can make. On memory it needs no directory to clean up after a test.
func ExampleHost() {
	host := aferofs.Host(afero.NewMemMapFs(), osfs.Default())

	const exclusive = fs.ReadWrite | fs.Create | fs.Exclusive
	marker, err := host.Open("/work.lock", exclusive, 0o600)
	fmt.Println("first:", err)
	defer marker.Close()

	_, err = host.Open("/work.lock", exclusive, 0o600)
	fmt.Println("second exists:", errors.Is(err, os.ErrExist))
	// Output:
	// first: <nil>
	// second exists: true
}

// Afero has no locks on open files. Whoever uses a native lock is told so, and can name another lock to use instead.
func ExampleHost_nativeLock() {
	onMemory := lock.Host(aferofs.Host(afero.NewMemMapFs(), osfs.Default()))
	l, err := lock.New("/work.lock", onMemory)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = l.Acquire(context.Background())
	_, unsupported := errors.AsType[*lock.UnsupportedError](err)
	fmt.Println("unsupported:", unsupported)

	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	local, err := lock.New(filepath.Join(dir, "work.lock"))
	if err != nil {
		fmt.Println(err)
		return
	}
	l, err = lock.New("/other.lock", onMemory, lock.FallbackTo(local))
	if err != nil {
		fmt.Println(err)
		return
	}
	h, err := l.Acquire(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("held on the local filesystem")
	fmt.Println(h.Release())
	// Output:
	// unsupported: true
	// held on the local filesystem
	// <nil>
}

// An application that was written against afero runs on any host.
func ExampleFromHost() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)

	files := aferofs.FromHost(osfs.Default())
	config := filepath.Join(dir, "etc", "app.conf")
	if err := files.MkdirAll(filepath.Dir(config), 0o755); err != nil {
		fmt.Println(err)
		return
	}
	if err := afero.WriteFile(files, config, []byte("colour = green\n"), 0o644); err != nil {
		fmt.Println(err)
		return
	}
	content, err := os.ReadFile(config)
	fmt.Printf("%s%v\n", content, err)
	// Output:
	// colour = green
	// <nil>
}
