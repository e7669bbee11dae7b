//go:build !(linux || darwin || dragonfly || freebsd || netbsd || openbsd)

package aferofs

import (
	"errors"
	"os"
	"time"
)

func setTimes(*os.File, time.Time, time.Time) error { return errors.ErrUnsupported }
