package mutants

import (
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// File is a file of the module as a mutant has it.
type File struct {
	Path string // below the root of the module, with slashes
	Text []byte
}

// FitError says that the code has moved on from under a mutant.
type FitError struct {
	Mutant string
	File   string
	Times  int    // how often the old text is there
	Line   string // with Times 0: its first line that cannot be found behind the lines before it
}

func (e *FitError) Error() string {
	what := fmt.Sprintf("its old text is there %d times", e.Times)
	if e.Times == 0 {
		what = fmt.Sprintf("its old text is not there from %q on", e.Line)
	}
	return fmt.Sprintf("mutant %s does not fit %s any more: %s: change sim/mutants/library/%s to what the code is now, so that it weakens the same step",
		e.Mutant, e.File, what, e.Mutant+Suffix)
}

// Apply returns the files that m changes of the module at root. The error is a [*FitError] if the code is not the one that m is made for.
func (m *Mutant) Apply(root string) ([]File, error) {
	var files []File
	for _, c := range m.Changes {
		i := slices.IndexFunc(files, func(f File) bool { return f.Path == c.File })
		if i < 0 {
			text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(c.File)))
			if os.IsNotExist(err) {
				return nil, fmt.Errorf("mutant %s changes %s, which is not there: change %s%s to where the step is now", m.Name, c.File, m.Name, Suffix)
			}
			if err != nil {
				return nil, err
			}
			i, files = len(files), append(files, File{c.File, text})
		}
		text, times := replaceLines(string(files[i].Text), c.Old, c.New)
		if times != 1 {
			return nil, &FitError{m.Name, c.File, times, firstMissing(string(files[i].Text), c.Old)}
		}
		files[i].Text = []byte(text)
	}
	return files, nil
}

// replaceLines replaces old, which is whole lines, and reports how often it is there.
func replaceLines(text, old, new string) (string, int) {
	text, old = "\n"+text, "\n"+old
	times := 0
	for rest := text; ; times++ {
		i := strings.Index(rest, old)
		if i < 0 {
			break
		}
		rest = rest[i+1:]
	}
	return strings.Replace(text, old, "\n"+new, 1)[1:], times
}

// firstMissing returns the line of old up to which it is in text.
func firstMissing(text, old string) string {
	from := ""
	for line := range strings.Lines(old) {
		from += line
		if !strings.Contains("\n"+text, "\n"+from) {
			return strings.TrimSpace(line)
		}
	}
	return ""
}

// Overlay writes the files that m changes of the module at root into dir, and a file for the go command's -overlay, whose path it returns, by which they take the place of
// the real ones. The same module and mutant give the same files.
func (m *Mutant) Overlay(root, dir string) (string, error) {
	files, err := m.Apply(root)
	if err != nil {
		return "", err
	}
	root, err = filepath.Abs(root)
	if err != nil {
		return "", err
	}
	dir, err = filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	replace := make(map[string]string)
	for _, f := range files {
		name := filepath.Join(dir, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			return "", err
		}
		if err := os.WriteFile(name, f.Text, 0o666); err != nil {
			return "", err
		}
		replace[filepath.Join(root, filepath.FromSlash(path.Clean(f.Path)))] = name
	}
	overlay, err := json.MarshalIndent(map[string]any{"Replace": replace}, "", "\t") // sorts the names
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "overlay.json")
	return name, os.WriteFile(name, overlay, 0o666)
}
