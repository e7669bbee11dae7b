package mutants

import (
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
)

// Table returns the scores as a table in Markdown, one row for each mutant: what is weakened, what caught it, and after how many schedules.
func Table(scores []Score) string {
	t := table.NewWriter()
	t.AppendHeader(table.Row{"mutant", "what is weakened", "goes on in the world", "found by", "schedules (median)", "at most"})
	for _, s := range scores {
		median := any("not found")
		if n, ok := s.Median(); ok {
			median = n
		}
		needs := make([]string, len(s.Mutant.Needs))
		for i, n := range s.Mutant.Needs {
			needs[i] = string(n)
		}
		t.AppendRow(table.Row{s.Mutant.Name, s.Mutant.Title(), strings.Join(needs, ", "), strings.Join(s.foundBy(), ", "), median, s.Mutant.Within})
	}
	return t.RenderMarkdown() + "\n"
}

// foundBy returns the properties that caught the mutant, in the order of its own.
func (s Score) foundBy() []string {
	var names []string
	for _, p := range s.Mutant.Properties {
		for _, f := range s.Findings {
			if f != nil && f.Property == p {
				names = append(names, p)
				break
			}
		}
	}
	return names
}
