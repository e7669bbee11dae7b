//go:build !unix

package aferofs_test

import "github.com/holdfast-lock/holdfast/fs/fstest"

var fifos []fstest.Option
