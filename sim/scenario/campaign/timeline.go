package campaign

import (
	"strings"

	"github.com/holdfast-lock/holdfast/sim"
	"github.com/holdfast-lock/holdfast/sim/scenario"
)

// Timeline runs a scenario and returns what happened as a text, with a column for each process and a line for each call, see [sim.WriteTimeline]. It ends after the step until, unless that is 0.
func Timeline(s *scenario.Scenario, until int) (string, scenario.Result, error) {
	p, err := scenario.Compile(s)
	if err != nil {
		return "", scenario.Result{}, err
	}
	var runner scenario.Runner
	defer runner.Close()
	var records []sim.Record
	r := runner.Run(p, scenario.RunOptions{Until: until, Timeline: true, History: scenario.HistoryTime, Twice: true, Trace: func(r sim.Record) { records = append(records, r) }})
	var calls strings.Builder
	sim.WriteTimeline(&calls, records, true) // to memory
	return calls.String(), r, nil
}
