package scenario

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/tools/txtar"
)

// Error is what is wrong with a scenario.
type Error struct {
	File string // "" if it comes from none
	Line int    // 0 if it is not known
	Text string
}

func (e *Error) Error() string {
	switch {
	case e.File == "":
		return "scenario: " + e.Text
	case e.Line == 0:
		return e.File + ": " + e.Text
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Text)
}

// Names of the members of a file.
const (
	filesMember  = "files"  // with the path of the file after it
	expectMember = "expect" // what the run looks like
)

// ParseFile reads a scenario from a file.
func ParseFile(name string) (*Scenario, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return Parse(name, text)
}

// Parse reads a scenario. The name is that of the file for errors, which are an [*Error] with file and line. The text can be one as Windows has it, with a mark of its encoding at the beginning and carriage
// returns.
func Parse(name string, text []byte) (*Scenario, error) {
	archive := txtar.Parse(plain(bytes.TrimPrefix(text, encodingMark)))
	p := &parser{s: new(Scenario)}
	lines := strings.Split(string(archive.Comment), "\n")
	for n, text := range lines {
		if err := p.line(n+1, text); err != nil {
			return nil, &Error{name, n + 1, err.Error()}
		}
	}
	if p.block != nil {
		return nil, &Error{name, p.s.Steps[len(p.s.Steps)-1].Line, "expected end after the steps that happen concurrently"}
	}
	number := len(lines) // of the first member's mark
	for _, f := range archive.Files {
		if err := p.member(f); err != nil {
			return nil, &Error{name, number, err.Error()}
		}
		number += 1 + strings.Count(string(f.Data), "\n")
	}
	if _, err := Compile(p.s); err != nil {
		e := err.(*mistake)
		line := e.line
		if e.keyword != "" {
			line = p.headers[e.keyword][e.index]
		}
		return nil, &Error{name, line, e.text}
	}
	p.s.lines = p.headers
	return p.s, nil
}

// encodingMark is how some editors begin a file in UTF-8.
var encodingMark = []byte("\ufeff")

var lineFeed, carriageReturn = []byte("\n"), []byte("\r\n")

// returns reports whether the lines of a text, the first of which says it, end in carriage returns too.
func returns(text []byte) bool {
	first, _, _ := bytes.Cut(text, lineFeed)
	return bytes.HasSuffix(first, carriageReturn[:1])
}

// plain returns a text without carriage returns, if its lines end in them.
func plain(text []byte) []byte {
	if !returns(text) {
		return text
	}
	return bytes.ReplaceAll(text, carriageReturn, lineFeed)
}

// parser is what is known after some lines of a script.
type parser struct {
	s       *Scenario
	body    bool             // something else than a comment has been seen
	headers map[string][]int // the line of each
	block   *[]Step          // that is open
}

func (p *parser) line(number int, text string) error {
	text = strings.TrimSuffix(text, "\r")
	trimmed := strings.TrimSpace(text)
	if comment, ok := strings.CutPrefix(trimmed, "#"); ok {
		if !p.body {
			p.s.Comment = append(p.s.Comment, strings.TrimPrefix(comment, " "))
		}
		return nil
	}
	if trimmed == "" {
		p.body = p.body || p.s.Comment != nil
		return nil
	}
	p.body = true
	words, err := split(text)
	if err != nil {
		return err
	}
	l := &line{words: words}
	keyword := l.peek()
	if i := slices.IndexFunc(headers, func(h header) bool { return h.keyword == keyword }); i >= 0 {
		return p.header(&headers[i], l, number, text)
	}
	switch keyword {
	case VerbConcurrently.String():
		l.next++
		l.end()
		if p.block != nil {
			return fmt.Errorf("expected a step or end, not %q: one block is open already", keyword)
		}
		p.s.Steps = append(p.s.Steps, Step{Verb: VerbConcurrently, Line: number})
		p.block = &p.s.Steps[len(p.s.Steps)-1].Block
		return l.err
	case "end":
		l.next++
		l.end()
		if p.block == nil {
			return fmt.Errorf("expected a step, not %q: no block is open", keyword)
		}
		p.block = nil
		return l.err
	}
	step := Step{Line: number}
	parseStep(l, &step)
	if l.err != nil {
		return l.err
	}
	if p.block != nil {
		*p.block = append(*p.block, step)
	} else {
		p.s.Steps = append(p.s.Steps, step)
	}
	return nil
}

func (p *parser) header(h *header, l *line, number int, text string) error {
	if len(p.s.Steps) > 0 && slices.Contains(l.words, word{text: "->"}) {
		return fmt.Errorf("expected the client that does it before %q, as in: a %s", h.keyword, strings.TrimSpace(text))
	}
	if len(p.s.Steps) > 0 {
		return fmt.Errorf("expected a step, not %q: what is fixed for the whole run stands before the first step", h.keyword)
	}
	if !h.many && p.headers[h.keyword] != nil {
		return fmt.Errorf("expected no second %q", h.keyword)
	}
	l.next++
	h.parse(l, p.s)
	l.end()
	if p.headers == nil {
		p.headers = make(map[string][]int)
	}
	p.headers[h.keyword] = append(p.headers[h.keyword], number)
	return l.err
}

// member reads what follows the script.
func (p *parser) member(f txtar.File) error {
	if path, ok := strings.CutPrefix(f.Name, filesMember); ok && isPlainPath(path) {
		p.s.Files = append(p.s.Files, File{path, string(f.Data)})
		return nil
	}
	if f.Name == expectMember && p.s.Expected == "" {
		p.s.Expected = string(f.Data)
		return nil
	}
	return fmt.Errorf("expected %s/PATH or one %s, not a member %q", filesMember, expectMember, f.Name)
}
