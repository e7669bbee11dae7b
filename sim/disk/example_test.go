package disk_test

import (
	"fmt"
	"log"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/sim/disk"
)

// A file is written and synced, and its directory is not: a power failure can take the name. Everything that can be found is enumerated.
func ExampleDisk_Images() {
	d := disk.New(disk.Options{Durability: true})
	root, now := disk.Cred{WorkDir: "/"}, time.Unix(0, 0)
	f, err := d.Open(root, "/token", fs.ReadWrite|fs.Create, 0o600, now)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := f.WriteAt([]byte("17"), 0, now); err != nil {
		log.Fatal(err)
	}
	if err := f.Sync(); err != nil {
		log.Fatal(err)
	}
	for number, image := range d.Images() {
		content, err := image.ReadFile(root, "/token")
		fmt.Printf("%d: %q, %v\n", number, content, err)
	}
	// Output:
	// 0: "", open /token: no such file or directory
	// 1: "17", <nil>
}
