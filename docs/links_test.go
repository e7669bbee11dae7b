package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

var linkPattern = regexp.MustCompile(`\]\(([^)\s]+)\)`)

func TestRelativeLinksLeadSomewhere(t *testing.T) {
	checked := 0
	for _, p := range pages(t) {
		for i, line := range p.prose() {
			for _, m := range linkPattern.FindAllStringSubmatch(line, -1) {
				if strings.Contains(m[1], "://") {
					continue
				}
				checked++
				file, anchor, _ := strings.Cut(m[1], "#")
				target := p.path
				if file != "" {
					target = filepath.ToSlash(filepath.Join(filepath.Dir(p.path), file))
				}
				if _, err := os.Stat(filepath.Join(root, target)); err != nil {
					t.Errorf("%s:%d: link to %s: %v", p.path, i+1, m[1], err)
					continue
				}
				if anchor != "" && !anchors(readPage(t, target))[anchor] {
					t.Errorf("%s:%d: %s has no heading #%s", p.path, i+1, target, anchor)
				}
			}
		}
	}
	if checked == 0 {
		t.Fatal("no relative link was found: the pattern is wrong")
	}
}

// anchors returns the names that a Markdown viewer gives to the headings of a page.
func anchors(p page) map[string]bool {
	all := make(map[string]bool)
	for _, line := range p.prose() {
		title := strings.TrimLeft(line, "#")
		if title == line || !strings.HasPrefix(title, " ") {
			continue
		}
		all[strings.Map(anchorRune, strings.TrimSpace(title))] = true
	}
	return all
}

func anchorRune(r rune) rune {
	switch {
	case r == ' ':
		return '-'
	case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
		return unicode.ToLower(r)
	}
	return -1
}
