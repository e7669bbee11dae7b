package osfs_test

import "github.com/holdfast-lock/holdfast/fs/fstest"

// A named pipe of Windows is no file of a directory.
var fifos []fstest.Option
