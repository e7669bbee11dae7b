//go:build !windows

package kind

import "github.com/holdfast-lock/holdfast/lock"

var soft = Table{{Name: "soft", Open: opener(lock.NewSoft)}, {Name: "lease", Open: opener(lock.NewLease), Renewed: true}, {Name: "strict", Open: opener(lock.NewStrict), Endures: true}}
