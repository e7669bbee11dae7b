package scenario

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/holdfast-lock/holdfast/linearize"
	"github.com/holdfast-lock/holdfast/sim"
)

// A run in which nothing was found can be looked at again: by the checker of histories, which knows only what the clients saw, and by running it once more.

// The findings of a second look.
const (
	NotLinearizable = "linearizability" // the clients saw what no lock can do. Where the properties saw nothing, they are wrong
	Undecided       = "undecided"       // whether they did was not found out in time
	NotRepeated     = "P19"             // the other engine comes to something else
)

// HistoryTime is for [RunOptions.History]. The history of a schedule has some dozen calls, and is judged in far less than a millisecond.
const HistoryTime = 10 * time.Second

// Again reports whether it is the finding of a second look. Then it is no part of what happened in the run, and is not found where nobody asks for that look.
func (f *Finding) Again() bool {
	return f.Property == NotLinearizable || f.Property == Undecided || f.Property == NotRepeated
}

// judgeHistories looks whether each lock can have done what its clients saw of it, and takes note of the first finding. Of several histories, one that no lock can have comes before one that is not decided.
func (r *Runner) judgeHistories() []linearize.Result {
	r.closeHistories()
	var list []linearize.Result
	kind, message := "", ""
	for i, h := range r.histories {
		c := linearize.Check(h, r.options.History)
		list = append(list, c)
		of := ""
		switch c.Verdict {
		case linearize.NotLinearizable:
			of = NotLinearizable
		case linearize.Undecided:
			of = Undecided
		}
		if of != "" && (kind == "" || kind == Undecided && of == NotLinearizable) {
			kind, message = of, r.program.paths[i]+": "+named(c.Evidence, r.lives)
		}
	}
	if kind != "" && r.finding == nil {
		r.finding = r.newFinding(kind, 0, message)
	}
	return list
}

// historyName is a client as package linearize calls it.
var historyName = regexp.MustCompile(`\bp([0-9]+)(\.[0-9]+)?\b`)

// named puts the names of the scenario into what is said of a history. lives has those of the processes, by their number less 1.
func named(evidence string, lives []string) string {
	return historyName.ReplaceAllStringFunc(evidence, func(name string) string {
		parts := historyName.FindStringSubmatch(name)
		n, _ := strconv.Atoi(parts[1])
		return lives[n-1] + parts[2]
	})
}

// repeat runs it once more, on the other engine and with nothing that was used before but the strategy, and takes note of a difference.
func (r *Runner) repeat(first *Result) {
	o := RunOptions{Seed: r.options.Seed, Strategy: r.options.Strategy, Engine: sim.Channels, Until: r.options.Until}
	if r.options.Engine == sim.Channels {
		o.Engine = sim.Coroutines
	}
	var other Runner
	defer other.Close()
	again := other.Run(r.program, o)
	if again.Hash == first.Hash && again.Steps == first.Steps && again.Time == first.Time && again.Seen == first.Seen && again.Finding == nil {
		return
	}
	text := fmt.Sprintf("the run has %d calls, takes %v and has the hash %016x; on the other engine %d, %v and %016x", first.Steps, first.Time, first.Hash, again.Steps, again.Time, again.Hash)
	if again.Finding != nil {
		text += ", and " + again.Finding.Error()
	}
	r.finding = r.newFinding(NotRepeated, 0, text)
}
