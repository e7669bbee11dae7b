package campaign

import (
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/holdfast-lock/holdfast/linearize"
	"github.com/holdfast-lock/holdfast/sim/scenario"
)

// The files of a finding's folder.
const (
	ScenarioFile = "scenario.txtar" // the shrunk scenario, which replays the finding
	originalFile = "original.txtar" // as it was found
	timelineFile = "timeline.txt"   // what happens in the shrunk one, call by call
	historyFile  = "history.html"   // the same as its clients saw it; if they called what can be judged so
	environFile  = "env.txt"        // what it was found with
)

// Write shrinks a finding and writes a folder for it below dir, named after the property and the scenario. It returns what was written, and says in the finding where.
func Write(dir string, f *Finding, r *Report) (*Shrunk, error) {
	original, err := scenario.Parse(originalFile, []byte(f.Scenario))
	if err != nil {
		return nil, err
	}
	small := &Shrunk{Scenario: original, Property: f.Property, Message: f.Message}
	if shrunk, err := Shrink(original); err != nil {
		return nil, err
	} else if shrunk != nil {
		small = shrunk
	}
	small.Scenario.Comment = comment(f, small, r)
	text := small.Scenario.String()
	h := fnv.New32a()
	h.Write([]byte(text))
	folder := filepath.Join(dir, fmt.Sprintf("%s-%08x", f.Property, h.Sum32()))
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return nil, err
	}
	calls, run, err := Timeline(small.Scenario, 0)
	if err != nil {
		return nil, err
	}
	if run.Finding != nil {
		calls += "\n" + run.Finding.Error() + "\n" + run.Finding.Stack
	}
	for _, file := range []struct{ name, text string }{
		{ScenarioFile, text},
		{originalFile, f.Scenario},
		{timelineFile, run.Timeline + "\n" + calls},
	} {
		if err := os.WriteFile(filepath.Join(folder, file.name), []byte(file.text), 0o666); err != nil {
			return nil, err
		}
		f.Folder = folder // which replays from here on
	}
	drawn, err := drawHistory(filepath.Join(folder, historyFile), run.Histories)
	if err != nil {
		return nil, err
	}
	return small, os.WriteFile(filepath.Join(folder, environFile), []byte(environ(f, small, r, drawn)), 0o666)
}

// comment says at the top of the scenario what it shows.
func comment(f *Finding, s *Shrunk, r *Report) []string {
	return []string{
		s.Property + ": " + s.Message,
		fmt.Sprintf("Found by the campaign %s with seed %d, in version %s.", r.Profile, f.Seed, r.Version),
	}
}

func environ(f *Finding, s *Shrunk, r *Report, drawn bool) string {
	var b strings.Builder
	line := func(what string, value any) { fmt.Fprintf(&b, "%-12s %v\n", what, value) }
	line("version", r.Version)
	line("go", runtime.Version()+" "+runtime.GOOS+"/"+runtime.GOARCH)
	line("campaign", r.Profile)
	line("seed", f.Seed)
	line("property", f.Property)
	line("message", f.Message)
	line("step", f.Step)
	line("time", f.Time)
	line("hash", f.Hash)
	line("shrunk with", fmt.Sprintf("%d runs to %d switches, %d faults", s.Runs, len(s.Scenario.Switches), len(s.Scenario.Faults)))
	if !drawn {
		line("history", "none: the checker of histories judges no call in it")
	}
	return b.String()
}

// drawHistory writes a picture of what the clients saw. Of several locks it shows the first whose history no lock can have, or else the first. It reports false if there is none.
func drawHistory(name string, list []linearize.Result) (drawn bool, err error) {
	var shown *linearize.Result
	for i := range list {
		if c := &list[i]; c.Calls > 0 && (shown == nil || c.Verdict == linearize.NotLinearizable && shown.Verdict != linearize.NotLinearizable) {
			shown = c
		}
	}
	if shown == nil {
		return false, nil
	}
	return true, shown.WriteHTML(name)
}
