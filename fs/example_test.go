package fs_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/fs/osfs"
	"github.com/holdfast-lock/holdfast/lock"
)

// traced is the operating system, and tells which files are opened.
type traced struct{ *osfs.Host }

func (h traced) Open(path string, flag fs.OpenFlag, perm fs.FileMode) (fs.File, error) {
	fmt.Println("open", filepath.Base(path))
	return h.Host.Open(path, flag, perm)
}

// A host that adds to another one embeds it and overrides what it changes.
func ExampleHost() {
	dir, err := os.MkdirTemp("", "holdfast-example-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	l, err := lock.New(filepath.Join(dir, "work.lock"), lock.Host(traced{osfs.Default()}))
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	for range 3 {
		err := lock.Do(context.Background(), l, func(context.Context) error {
			fmt.Println("inside")
			return nil
		})
		if err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// open work.lock
	// open work.lock.lifetime
	// inside
	// inside
	// inside
}
