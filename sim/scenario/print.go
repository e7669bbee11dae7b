package scenario

import (
	"bytes"
	"strings"

	"golang.org/x/tools/txtar"
)

// String returns the scenario as a file, in the one way in which it can be written that has no choices. Comments between the lines of the file that it was read from are lost.
func (s *Scenario) String() string {
	var b strings.Builder
	for _, c := range s.Comment {
		b.WriteString(strings.TrimRight("# "+c, " ") + "\n")
	}
	blank(&b)
	for _, h := range headers {
		h.print(&b, s)
	}
	blank(&b)
	for i := range s.Steps {
		step := &s.Steps[i]
		b.WriteString(step.String() + "\n")
		if step.Verb != VerbConcurrently {
			continue
		}
		for j := range step.Block {
			b.WriteString("\t" + step.Block[j].String() + "\n")
		}
		b.WriteString("end\n")
	}
	a := txtar.Archive{Comment: []byte(b.String())}
	for _, f := range s.Files {
		a.Files = append(a.Files, txtar.File{Name: filesMember + f.Path, Data: []byte(f.Data)})
	}
	if s.Expected != "" {
		a.Files = append(a.Files, txtar.File{Name: expectMember, Data: []byte(s.Expected)})
	}
	return string(txtar.Format(&a))
}

// blank ends a paragraph.
func blank(b *strings.Builder) {
	if text := b.String(); text != "" && !strings.HasSuffix(text, "\n\n") {
		b.WriteByte('\n')
	}
}

// WithExpected returns the text of a file with the expected output replaced, and everything else as it is, the ends of the lines too.
func WithExpected(text []byte, expected string) []byte {
	a := txtar.Parse(plain(text))
	kept := a.Files[:0]
	for _, f := range a.Files {
		if f.Name != expectMember {
			kept = append(kept, f)
		}
	}
	a.Files = append(kept, txtar.File{Name: expectMember, Data: []byte(expected)})
	if returns(text) {
		return bytes.ReplaceAll(txtar.Format(a), lineFeed, carriageReturn)
	}
	return txtar.Format(a)
}
