package mutants

import (
	"embed"
	"fmt"
	iofs "io/fs"
	"path"
	"strings"
)

// Suffix is that of a mutant's file.
const Suffix = ".txtar"

//go:embed library/*.txtar
var library embed.FS

// All returns the mutants of the library, sorted by name.
func All() ([]*Mutant, error) { return load(library, "library/*"+Suffix) }

// Named returns one mutant of the library.
func Named(name string) (*Mutant, error) {
	all, err := All()
	if err != nil {
		return nil, err
	}
	names := make([]string, len(all))
	for i, m := range all {
		if m.Name == name {
			return m, nil
		}
		names[i] = m.Name
	}
	return nil, fmt.Errorf("no mutant is named %q; there are %s", name, strings.Join(names, ", "))
}

func load(from iofs.FS, pattern string) ([]*Mutant, error) {
	files, err := iofs.Glob(from, pattern) // sorted
	if err != nil {
		return nil, err
	}
	var all []*Mutant
	for _, file := range files {
		data, err := iofs.ReadFile(from, file)
		if err != nil {
			return nil, err
		}
		m, err := Parse(path.Join("sim/mutants", file), data)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}
