package mutants

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
)

// Table returns the scores as a table in Markdown, one row for each mutant: what is weakened, what caught it, after how many schedules, and what was left when the findings were made smaller.
func Table(scores []Score) string {
	t := table.NewWriter()
	t.AppendHeader(table.Row{"mutant", "what is weakened", "goes on in the world", "found by", "schedules", "at most", "deviations", "faults", "CPU of shrinking"})
	for _, s := range scores {
		median := any("not found")
		if n, ok := s.Median(); ok {
			median = n
		}
		needs := make([]string, len(s.Mutant.Needs))
		for i, n := range s.Mutant.Needs {
			needs[i] = string(n)
		}
		row := table.Row{s.Mutant.Name, s.Mutant.Title(), strings.Join(needs, ", "), strings.Join(s.foundBy(), ", "), median, s.Mutant.Within}
		if small, ok := s.small(); ok {
			row = append(row, small.Deviations, small.Faults, small.CPU.Round(10*time.Millisecond))
		} else {
			row = append(row, "", "", "")
		}
		t.AppendRow(row)
	}
	return t.RenderMarkdown() + "\n"
}

// small returns the medians of what the findings became, and false if none was made smaller.
func (s Score) small() (Small, bool) {
	var deviations, faults []int
	var cpu []time.Duration
	for _, small := range s.Small {
		if small != nil {
			deviations, faults, cpu = append(deviations, small.Deviations), append(faults, small.Faults), append(cpu, small.CPU)
		}
	}
	if len(cpu) == 0 {
		return Small{}, false
	}
	return Small{Deviations: median(deviations), Faults: median(faults), CPU: median(cpu)}, true
}

func median[T int | time.Duration](list []T) T {
	slices.Sort(list)
	return list[len(list)/2]
}

// How small a finding becomes, and how soon, for nine of ten mutants at least.
const (
	fewDeviations = 10
	soon          = time.Second
)

// Shrinking says for how many mutants the findings, of which it takes the median, became as small as they must be, and whether these are enough.
func Shrinking(scores []Score) (line string, enough bool) {
	good := 0
	for _, s := range scores {
		if small, ok := s.small(); ok && small.Deviations <= fewDeviations && small.CPU < soon {
			good++
		}
	}
	return fmt.Sprintf("The findings of %d of %d mutants shrink to %d deviations or fewer in less than %v of CPU.", good, len(scores), fewDeviations, soon), 10*good >= 9*len(scores)
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
