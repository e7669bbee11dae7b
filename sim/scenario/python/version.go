package python

import (
	"fmt"
	"strconv"
	"strings"
)

// Version is a version of filelock, of the generation 3.
type Version struct{ Minor, Patch int }

// The versions that are known. In between every version is followed whether it was released or not.
var (
	First = Version{9, 0}
	Last  = Version{32, 3}
)

// ParseVersion reads a version, "3.29.3", in its one spelling.
func ParseVersion(text string) (Version, error) {
	wrong := fmt.Errorf("python: no version of filelock whose protocol is known is named %q: write one from %v to %v", text, First, Last)
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return Version{}, wrong
	}
	var n [3]int
	for i, p := range parts {
		var err error
		if n[i], err = strconv.Atoi(p); err != nil {
			return Version{}, wrong
		}
	}
	v := Version{n[1], n[2]}
	if n[0] != 3 || n[2] < 0 || v.String() != text || v.Before(First) || Last.Before(v) {
		return Version{}, wrong
	}
	return v, nil
}

// String returns the spelling that [ParseVersion] reads.
func (v Version) String() string { return fmt.Sprintf("3.%d.%d", v.Minor, v.Patch) }

// Before reports whether v came before o.
func (v Version) Before(o Version) bool {
	return v.Minor < o.Minor || v.Minor == o.Minor && v.Patch < o.Patch
}
