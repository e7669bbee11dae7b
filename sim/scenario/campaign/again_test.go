package campaign

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/holdfast-lock/holdfast/sim/mutants"
	"github.com/holdfast-lock/holdfast/sim/scenario"
)

// unseen is an engine that lets everybody in, with properties that do not see it.
var unseen = &mutants.Mutant{Name: "unseen", Changes: append([]mutants.Change{{
	File: "sim/scenario/property/p1_exclusion.go",
	Old:  "\tfor _, other := range f.paths[g.path-1].live {\n",
	New:  "\tfor _, other := range f.paths[g.path-1].live[:0] {\n",
}, {
	File: "sim/scenario/property/p16_loss.go",
	Old:  "\treturn n != 0 && f.claims(&f.grants[n-1])\n",
	New:  "\treturn false && n != 0 && f.claims(&f.grants[n-1])\n",
}}, open.Changes...)}

// unlike is a machine in which the clock goes on by a moment when one engine begins its sixth task.
var unlike = &mutants.Mutant{Name: "unlike", Changes: []mutants.Change{{
	File: "sim/engine.go",
	Old:  "\tif w.config.Engine == Channels {\n",
	New:  "\tif w.config.Engine == Channels {\n\t\tif t.id == 5 {\n\t\t\tw.now++\n\t\t}\n",
}}}

// TestSecondLookReplays: what only a second look at a run finds is found again by every command that runs the scenario, and becomes as small as another finding.
func TestSecondLookReplays(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the command")
	}
	for _, row := range []struct {
		mutant   *mutants.Mutant
		property string
		switches int
		lines    int // of steps, at most
		picture  string
	}{
		{unseen, scenario.NotLinearizable, 2, 4, "held from"},
		{unlike, scenario.NotRepeated, 0, 5, ""},
	} {
		t.Run(row.property, func(t *testing.T) {
			program, err := mutants.Build(t.Context(), "../../..", "./cmd/holdfast", row.mutant, t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			run := func(args ...string) (code int, out, message string) {
				t.Helper()
				var printed, said bytes.Buffer
				c := exec.CommandContext(t.Context(), program, append([]string{"sim"}, args...)...)
				c.Stdout, c.Stderr = &printed, &said
				if err := c.Run(); c.ProcessState == nil {
					t.Fatal(err)
				}
				return c.ProcessState.ExitCode(), printed.String(), said.String()
			}
			_, out, message := run("explore", "--processes", "2", "--only", "--seeds", "0-9999", "--json", "-", "--out", t.TempDir())
			r, err := Read("standard output", strings.NewReader(out))
			if err != nil || len(r.Findings) != 1 || r.Findings[0].Property != row.property {
				t.Fatalf("%v, %s, %+v", err, message, r)
			}
			folder := r.Findings[0].Folder
			small := filepath.Join(folder, ScenarioFile)
			for _, args := range [][]string{{"replay", small}, {"run", small}, {"replay", filepath.Join(folder, originalFile)}} {
				if code, out, message := run(args...); code != 1 || !strings.Contains(out+message, row.property+" at step") || !strings.Contains(out, "finding: "+row.property) {
					t.Errorf("%s: exit code %d, %s\n%s", args[0], code, message, out)
				}
			}
			again := filepath.Join(t.TempDir(), "again.txtar")
			if code, _, message := run("shrink", "-o", again, filepath.Join(folder, originalFile)); code != 0 || !strings.HasPrefix(message, row.property+": ") {
				t.Errorf("shrink: exit code %d, %s", code, message)
			}
			for _, name := range []string{small, again} {
				text, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				s, err := scenario.Parse(name, text)
				if err != nil {
					t.Fatal(err)
				}
				steps := 0
				each(s, func(*scenario.Step) { steps++ })
				if len(s.Switches) > row.switches || steps-1 > row.lines {
					t.Errorf("it has become no smaller than this:\n%s", text)
				}
			}
			if page, err := os.ReadFile(filepath.Join(folder, historyFile)); row.picture != "" && (err != nil || !strings.Contains(string(page), row.picture)) {
				t.Errorf("the picture does not say who held the lock at the same time: %v", err)
			}
			if page, err := os.ReadFile(filepath.Join(folder, timelineFile)); err != nil || !strings.Contains(string(page), row.property+" at step") {
				t.Errorf("the timeline does not say what was found: %v\n%s", err, page)
			}
		})
	}
}
