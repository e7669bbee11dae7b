package scenario

import (
	"embed"
	"io/fs"
	"path"
	"strings"
)

//go:embed library/*.txtar library/pending.txt
var libraryFiles embed.FS

// Library returns the names of the scenarios of the library, such as "renamed-while-opening.txtar", in alphabetical order.
func Library() []string {
	entries, _ := fs.ReadDir(libraryFiles, "library")
	var names []string
	for _, e := range entries {
		if path.Ext(e.Name()) == ".txtar" {
			names = append(names, e.Name())
		}
	}
	return names
}

// LibraryFile returns the text of a scenario of the library.
func LibraryFile(name string) ([]byte, error) { return libraryFiles.ReadFile("library/" + name) }

// Items returns the items of the catalogue of known bugs and weaknesses that the scenario is about: the words in brackets at the beginning of its comment, as in "[A1] [W1] …".
func (s *Scenario) Items() []string {
	var items []string
	if len(s.Comment) == 0 {
		return nil
	}
	for _, w := range strings.Fields(s.Comment[0]) {
		item, ok := strings.CutPrefix(w, "[")
		if item, closed := strings.CutSuffix(item, "]"); ok && closed {
			items = append(items, item)
		} else {
			break
		}
	}
	return items
}
