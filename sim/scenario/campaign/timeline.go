package campaign

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-lock/holdfast/sim"
	"github.com/holdfast-lock/holdfast/sim/scenario"
)

// Timeline runs a scenario and returns what happened as a text, with a column for each process and a line for each call. It ends after the step until, unless that is 0.
func Timeline(s *scenario.Scenario, until int) (string, scenario.Result, error) {
	p, err := scenario.Compile(s)
	if err != nil {
		return "", scenario.Result{}, err
	}
	var t timeline
	r := new(scenario.Runner).Run(p, scenario.RunOptions{Until: until, Trace: t.add, Timeline: true})
	if until > 0 && r.Finding != nil && (r.Finding.Step > until || r.Finding.Property == "output") { // what is expected is expected of the whole run
		r.Finding = nil
	}
	return t.String(), r, nil
}

// entry is a line of a timeline.
type entry struct {
	step    int
	time    time.Duration
	process string // "" for what is nobody's
	text    string
}

type timeline struct {
	entries   []entry
	processes []string
}

// add takes note of a call.
func (t *timeline) add(r sim.Record) {
	e := entry{step: r.Step, time: r.Time, text: describe(r)}
	if r.Task != nil {
		e.process = r.Task.Process().Name()
		if name := r.Task.String(); name != e.process {
			e.text = strings.TrimPrefix(name, e.process) + " " + e.text
		}
	}
	if e.process != "" && !slices.Contains(t.processes, e.process) {
		t.processes = append(t.processes, e.process)
	}
	t.entries = append(t.entries, e)
}

// describe says what a call was and what came of it.
func describe(r sim.Record) string {
	if r.Note != "" {
		return "{" + r.Note + "}"
	}
	words := []string{r.Op.String()}
	for _, w := range []string{shortened(r.Path), r.Detail} {
		if w != "" {
			words = append(words, w)
		}
	}
	if r.Err != nil {
		words = append(words, "→", strings.TrimSpace(r.Err.Error()[strings.LastIndex(r.Err.Error(), ":")+1:]))
	}
	return strings.Join(words, " ")
}

// shortened is the last element of a path.
func shortened(path string) string { return path[strings.LastIndex(path, "/")+1:] }

// widest is the widest column; what is longer moves the rest of its line.
const widest = 36

// String returns the timeline.
func (t *timeline) String() string {
	slices.Sort(t.processes)
	width := make(map[string]int)
	for _, p := range t.processes {
		width[p] = len(p)
	}
	for _, e := range t.entries {
		width[e.process] = min(max(width[e.process], len([]rune(e.text))), widest)
	}
	var b strings.Builder
	line := func(step, at string, text func(process string) string) {
		cells := fmt.Sprintf("%6s %14s", step, at)
		for _, p := range t.processes {
			cells += fmt.Sprintf(" │ %-*s", width[p], text(p))
		}
		b.WriteString(strings.TrimRight(cells, " │") + "\n")
	}
	line("step", "time", func(p string) string { return p })
	for _, e := range t.entries {
		line(fmt.Sprint(e.step), e.time.String(), func(p string) string {
			if p == e.process {
				return e.text
			}
			return ""
		})
	}
	return b.String()
}
