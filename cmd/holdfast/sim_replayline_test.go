package main

import (
	"testing"

	"github.com/holdfast-lock/holdfast/sim/scenario/campaign"
)

// TestReplayLine: what is printed works where it is pasted.
func TestReplayLine(t *testing.T) {
	r := &campaign.Report{Profile: `--kind native --needs kills --strategy "pct depth=4"`}
	all := &campaign.Report{Profile: "exhaustive, 4 preemptions, --kind native", Bound: new(int)}
	for _, row := range []struct {
		called, executable string
		r                  *campaign.Report
		folder             string
		want               string
	}{
		{"holdfast", "/usr/bin/holdfast", r, "fail/P1-5e1f3a77", "holdfast sim replay fail/P1-5e1f3a77/scenario.txtar"},
		{"./bin/holdfast", "/src/bin/holdfast", r, "/tmp/f/P1-5e1f3a77", "./bin/holdfast sim replay /tmp/f/P1-5e1f3a77/scenario.txtar"},
		{"/tmp/go-build17/b001/exe/holdfast", "/tmp/go-build17/b001/exe/holdfast", r, "fail/P1-5e1f3a77", "go run ./cmd/holdfast sim replay fail/P1-5e1f3a77/scenario.txtar"},
		{"/my tools/holdfast", "/my tools/holdfast", r, "it's here/P1-5e1f3a77", `'/my tools/holdfast' sim replay 'it'\''s here/P1-5e1f3a77/scenario.txtar'`},
		{"holdfast", "/usr/bin/holdfast", r, "a/b c/P1-5e1f3a77", `holdfast sim replay 'a/b c/P1-5e1f3a77/scenario.txtar'`},
		{"holdfast", "/usr/bin/holdfast", r, "a/$(b)/P1-5e1f3a77", `holdfast sim replay 'a/$(b)/P1-5e1f3a77/scenario.txtar'`},
		{"holdfast", "/usr/bin/holdfast", r, "", `holdfast sim replay --kind native --needs kills --strategy "pct depth=4" 4711`},
		{"holdfast", "/usr/bin/holdfast", all, "fail/P1-5e1f3a77", "holdfast sim replay fail/P1-5e1f3a77/scenario.txtar"},
		{"holdfast", "/usr/bin/holdfast", all, "", ""},
	} {
		if got := replayWith(program(row.called, row.executable), row.r, &campaign.Finding{Seed: 4711, Folder: row.folder}); got != row.want {
			t.Errorf("%s instead of %s", got, row.want)
		}
	}
}
