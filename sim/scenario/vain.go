package scenario

import (
	"slices"
	"strings"
)

// Vain is a line of a scenario that has meant nothing in a run: a fault that has not struck, or a switch that has not come to pass. A scenario that passes with one says less than it seems to.
type Vain struct {
	Line int    // in the file, 0 if it is not known
	Text string // in one line
}

// vain returns the faults and switches that came to nothing.
func (r *Runner) vain() (list []Vain) {
	s := r.program.scenario
	for i, hits := range r.world.FaultHits() {
		if hits == 0 {
			list = append(list, Vain{s.headerLine("fault", i), s.header("fault", i) + ": the fault never struck: no call was such a one, or not so many were"})
		}
	}
	if r.options.Strategy != nil {
		return list
	}
	schedule := r.world.Schedule()
	for i, d := range s.Switches {
		if !slices.Contains(schedule, d) {
			list = append(list, Vain{s.headerLine("switch", i), s.header("switch", i) + ": the switch never came to pass: the task makes fewer calls, or the other one could not run then"})
		}
	}
	return list
}

// Read reports whether the scenario is one that was read from a file, and not a copy.
func (s *Scenario) Read() bool { return s.lines != nil }

// header returns a line that stands before the steps, as it is written.
func (s *Scenario) header(keyword string, index int) string {
	i := slices.IndexFunc(headers, func(h header) bool { return h.keyword == keyword })
	var b strings.Builder
	headers[i].print(&b, s)
	return strings.Split(b.String(), "\n")[index]
}

// headerLine returns the number of that line in the file, 0 if it is not known.
func (s *Scenario) headerLine(keyword string, index int) int {
	if lines := s.lines[keyword]; index < len(lines) {
		return lines[index]
	}
	return 0
}
