package campaign

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"
)

// Features is a set of things that can go on in a world.
type Features uint32

// The features.
const (
	Lifetime   Features      = 1 << iota // holds that expire
	Mixed                                // locks with and without a lifetime on one path, also in one process
	Fencing                              // holds with a fencing number
	Kills                                // processes that are killed, and started anew
	Stops                                // processes that are stopped, some of them for longer than a lifetime, and machines that are suspended
	Power                                // power failures that lose what was not synced
	Clock                                // a wall clock that steps and drifts
	Strangers                            // somebody who knows nothing of locks and renames, removes or replaces their files
	Errors                               // operations that fail
	Delays                               // operations that take long
	Tasks                                // several tasks of one process that want the same lock
	Cancels                              // waits that are cancelled or time out
	Reentry                              // acquisitions from inside a hold, through the same Lock
	Forced                               // releases of every level at once
	Nested                               // acquisitions from inside a hold, through another Lock
	Shared                               // a Lock whose holds belong to all who use it
	Singletons                           // a Lock that all who ask for its path are given
	Breaks                               // holds that are ended by force
	drawn      = 1<<iota - 1             // what comes after it is there only where it is asked for
)

// The features that are not drawn.
const (
	Peers       Features = (drawn + 1) << iota // some processes use Python's filelock
	Cleans                                     // somebody removes what crashes have left behind
	allFeatures = 2*Cleans - 1
)

var featureNames = []string{
	"lifetime", "mixed", "fencing", "kills", "stops", "power", "clock", "strangers", "errors", "delays", "tasks", "cancels", "reentry", "forced", "nested", "shared", "singletons", "breaks", "peers", "cleans",
}

// Has reports whether every feature of g is in f.
func (f Features) Has(g Features) bool { return f&g == g }

// String returns the names, with commas between them.
func (f Features) String() string {
	var names []string
	for rest := f; rest != 0; rest &= rest - 1 {
		names = append(names, featureNames[bits.TrailingZeros32(uint32(rest))])
	}
	return strings.Join(names, ",")
}

// FeatureNames returns the name of every feature.
func FeatureNames() []string { return slices.Clone(featureNames) }

// ParseFeatures returns the features with the given names.
func ParseFeatures(names []string) (Features, error) {
	var f Features
	for _, n := range names {
		i := slices.Index(featureNames, n)
		if i < 0 {
			return 0, fmt.Errorf("no feature is named %q: write some of %s", n, strings.Join(featureNames, ", "))
		}
		f |= 1 << i
	}
	return f, nil
}
