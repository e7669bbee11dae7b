package mutants

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/txtar"
)

// Mutant is the engine with one of its protocol steps weakened.
type Mutant struct {
	Name       string   // of its file, without the suffix
	Story      string   // what is weakened, and how that goes wrong; the first line is a title
	Properties []string // any of them catches it; the expected one first
	Needs      []Need
	Within     int // schedules, at most, until it is caught
	Changes    []Change
}

// Change replaces lines of a file.
type Change struct {
	File     string // below the root of the module, with slashes
	Old, New string // whole lines
}

// Need is something that has to go on in the world for a mutant to show.
type Need string

// The needs.
const (
	Lifetime   Need = "lifetime"   // holds that expire
	Mixed      Need = "mixed"      // locks with and without a lifetime on one path, also in one process
	Fencing    Need = "fencing"    // holds with a fencing number
	Kills      Need = "kills"      // processes that are killed
	Stops      Need = "stops"      // processes that are stopped for longer than a lifetime, some of them for good
	Power      Need = "power"      // power failures that lose what was not synced
	Clock      Need = "clock"      // a wall clock that steps
	Strangers  Need = "strangers"  // somebody who knows nothing of locks and renames or removes their files
	Errors     Need = "errors"     // operations that fail
	Tasks      Need = "tasks"      // several tasks of one process that want the same lock
	Cancels    Need = "cancels"    // waits that are cancelled or time out
	Reentry    Need = "reentry"    // acquisitions from inside a hold, through the same Lock
	Forced     Need = "forced"     // releases of every level at once
	Nested     Need = "nested"     // acquisitions from inside a hold, through another Lock
	Shared     Need = "shared"     // a Lock whose holds belong to all who use it
	Singletons Need = "singletons" // a Lock that all who ask for its path are given
	Breaks     Need = "breaks"     // holds that are ended by force
	Peers      Need = "peers"      // processes that use Python's filelock
	Soft       Need = "soft"       // soft locks, and no native ones
	Lease      Need = "lease"      // leases, and no native locks
	Strict     Need = "strict"     // strict locks, and no native ones
)

var needs = []Need{Lifetime, Mixed, Fencing, Kills, Stops, Power, Clock, Strangers, Errors, Tasks, Cancels, Reentry, Forced, Nested, Shared, Singletons, Breaks, Peers, Soft, Lease, Strict}

// Title is the first line of the story.
func (m *Mutant) Title() string {
	title, _, _ := strings.Cut(m.Story, "\n")
	return title
}

var (
	propertyName = regexp.MustCompile(`^(P([1-9]|1[0-9]|20)|panic|linearizability)$`)
	changedFile  = regexp.MustCompile(`^(\S+\.go): (old|new)$`)
)

// Parse reads a mutant. Every error names the file and the line, and says what was expected.
func Parse(name string, data []byte) (*Mutant, error) {
	archive := txtar.Parse(data)
	m := &Mutant{Name: strings.TrimSuffix(path.Base(name), Suffix)}
	text := strings.TrimRight(string(archive.Comment), "\n")
	story, settings, ok := cutLast(text, "\n\n")
	if !ok || strings.TrimSpace(story) == "" {
		return nil, fmt.Errorf("%s:1: expected what is weakened, an empty line, and the settings property, needs and within", name)
	}
	m.Story = story
	line := strings.Count(story, "\n") + 3
	if err := m.parseSettings(name, line, settings); err != nil {
		return nil, err
	}
	line += strings.Count(string(archive.Comment[len(story)+2:]), "\n")
	if len(archive.Files) == 0 {
		return nil, fmt.Errorf(`%s:%d: expected a section "-- FILE.go: old --"`, name, line)
	}
	for i := 0; i < len(archive.Files); i += 2 {
		before, n := archive.Files[i], line
		line += 1 + strings.Count(string(before.Data), "\n")
		file, err := section(before, "old")
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, n, err)
		}
		if strings.TrimSpace(string(before.Data)) == "" {
			return nil, fmt.Errorf("%s:%d: expected the lines of %s that are replaced", name, n, file)
		}
		if i+1 == len(archive.Files) {
			return nil, fmt.Errorf(`%s:%d: expected a section "-- %s: new --"`, name, line, file)
		}
		after, n := archive.Files[i+1], line
		line += 1 + strings.Count(string(after.Data), "\n")
		if same, err := section(after, "new"); err != nil || same != file {
			return nil, fmt.Errorf(`%s:%d: expected a section "-- %s: new --", not %q`, name, n, file, after.Name)
		}
		if string(before.Data) == string(after.Data) {
			return nil, fmt.Errorf("%s:%d: the new text of %s is the old one", name, n, file)
		}
		m.Changes = append(m.Changes, Change{file, string(before.Data), string(after.Data)})
	}
	return m, nil
}

// section returns the file that a section of the given kind is about.
func section(f txtar.File, kind string) (string, error) {
	s := changedFile.FindStringSubmatch(f.Name)
	if s == nil || s[2] != kind || path.Clean(s[1]) != s[1] || path.IsAbs(s[1]) || strings.HasPrefix(s[1], "../") {
		return "", fmt.Errorf(`expected a section "-- FILE.go: %s --" with a path below the module, not %q`, kind, f.Name)
	}
	return s[1], nil
}

// parseSettings reads the paragraph that begins at a line of the file.
func (m *Mutant) parseSettings(name string, first int, paragraph string) error {
	missing := []string{"property", "within"}
	for i, line := range strings.Split(paragraph, "\n") {
		key, value, ok := strings.Cut(line, ": ")
		err := errors.New(`expected "property: P…", "needs: …" or "within: SCHEDULES"`)
		if ok {
			err = m.set(key, value)
		}
		if err != nil {
			return fmt.Errorf("%s:%d: %w, not %q", name, first+i, err, line)
		}
		missing = slices.DeleteFunc(missing, func(s string) bool { return s == key })
	}
	if len(missing) > 0 {
		return fmt.Errorf("%s:%d: expected a setting %q as well", name, first, missing[0])
	}
	return nil
}

func (m *Mutant) set(key, value string) error {
	switch {
	case key == "property" && m.Properties == nil:
		m.Properties = strings.Fields(value)
		for _, p := range m.Properties {
			if !propertyName.MatchString(p) {
				return errors.New("expected properties from P1 to P20, panic or linearizability")
			}
		}
	case key == "needs" && m.Needs == nil:
		for _, n := range strings.Fields(value) {
			if !slices.Contains(needs, Need(n)) || slices.Contains(m.Needs, Need(n)) {
				return fmt.Errorf("expected needs out of %v, each once", needs)
			}
			m.Needs = append(m.Needs, Need(n))
		}
	case key == "within" && m.Within == 0:
		n, err := strconv.Atoi(value)
		if err != nil || n <= 0 {
			return errors.New("expected a number of schedules")
		}
		m.Within = n
	default:
		return errors.New("expected property, needs and within, each once at most")
	}
	return nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
