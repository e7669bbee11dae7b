package lock

import (
	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/fs/osfs"
)

// defaultHost is the one place where the engine names the operating system.
func defaultHost() fs.Host { return osfs.Default() }
