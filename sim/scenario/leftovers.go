package scenario

import (
	iofs "io/fs"
	"path"
	"slices"
	"strings"

	"github.com/holdfast-lock/holdfast/sim/disk"
)

// leftovers are the names in a directory that are neither lock files, nor what the engine keeps beside them, nor named by the scenario.
func (r *Runner) leftovers(dir string) []string {
	entries, err := r.disk().ReadDir(disk.Cred{}, dir)
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries {
		full := path.Join(dir, e.Name)
		if e.Type&iofs.ModeDir == 0 && !r.program.isRecord(full) && !slices.Contains(r.program.named, full) {
			names = append(names, full)
		}
	}
	return names
}

// What the engine keeps in files of their own, and what the names of those begin with that it only needs for a moment.
const (
	lifetimeSuffix = ".lifetime"
	fenceSuffix    = ".fence"
	guardSuffix    = ".guard"
	claimsSuffix   = ".filelock/claims" // a directory
	passingPrefix  = ".holdfast-"
)

// isPeers reports whether a file is one that filelock has moved aside.
func isPeers(name string) bool { return strings.Contains(path.Base(name), ".break.") }

// isRecord reports whether a file is a lock file or one that stays beside it.
func (p *Program) isRecord(name string) bool {
	for _, p := range p.paths {
		if rest, ok := strings.CutPrefix(name, p); ok && (rest == "" || rest == lifetimeSuffix || rest == fenceSuffix || rest == guardSuffix) {
			return true
		}
	}
	return false
}
