// Package docs_test keeps the documentation true: its programs compile and print what is said, its links lead somewhere, and the reference is complete.
package docs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// page is one Markdown file.
type page struct {
	path  string // relative to the root of the repository
	lines []string
}

const root = ".."

// pages returns the README and every page of this folder.
func pages(t *testing.T) []page {
	t.Helper()
	paths, err := filepath.Glob("*.md")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no pages found: %v", err)
	}
	all := []page{readPage(t, "README.md")}
	for _, p := range paths {
		all = append(all, readPage(t, "docs/"+p))
	}
	return all
}

func readPage(t *testing.T, path string) page {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return page{path: path, lines: strings.Split(string(b), "\n")}
}

// block is a fenced block of a page.
type block struct {
	page string
	line int // of the opening fence, from 1
	info string
	text string
}

// blocks returns the fenced blocks of a page in order.
func (p page) blocks(t *testing.T) []block {
	t.Helper()
	var all []block
	var open *block
	for i, line := range p.lines {
		fence, isFence := strings.CutPrefix(line, "```")
		switch {
		case isFence && open == nil:
			open = &block{page: p.path, line: i + 1, info: strings.TrimSpace(fence)}
		case isFence:
			all = append(all, *open)
			open = nil
		case open != nil:
			open.text += line + "\n"
		}
	}
	if open != nil {
		t.Fatalf("%s:%d: a fenced block that does not end", open.page, open.line)
	}
	return all
}

// prose returns the lines of a page outside of fenced blocks; the others are empty, so that numbers stay.
func (p page) prose() []string {
	lines := make([]string, len(p.lines))
	inside := false
	for i, line := range p.lines {
		fence := strings.HasPrefix(line, "```")
		if !inside && !fence {
			lines[i] = line
		}
		if fence {
			inside = !inside
		}
	}
	return lines
}
