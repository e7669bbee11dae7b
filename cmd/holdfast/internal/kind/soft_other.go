//go:build !windows

package kind

import "github.com/holdfast-lock/holdfast/lock"

var soft = Table{{"soft", opener(lock.NewSoft)}}
