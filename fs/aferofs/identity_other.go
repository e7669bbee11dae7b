//go:build !unix

package aferofs

import "github.com/holdfast-lock/holdfast/fs"

func identify(*fs.Info, any) {}
