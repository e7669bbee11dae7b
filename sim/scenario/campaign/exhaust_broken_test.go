package campaign

import (
	"os/exec"
	"testing"

	"github.com/holdfast-lock/holdfast/sim/mutants"
)

// open is an engine that lets everybody in.
var open = &mutants.Mutant{Name: "open", Changes: []mutants.Change{{
	File: "lock/native.go",
	Old:  "\t\theld, err := n.file.TryLock(fs.Whole, fs.LockExclusive)\n",
	New:  "\t\theld, err := n.file.TryLock(fs.Whole, fs.LockExclusive)\n\t\theld = true\n",
}}}

// TestEveryScheduleShowsTwoInside: with an engine that lets everybody in, a search of small schedules finds two who hold the lock at once. It would not if nobody can run between the end of an
// acquisition and the beginning of the release.
func TestEveryScheduleShowsTwoInside(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the command")
	}
	program, err := mutants.Build(t.Context(), "../../..", "./cmd/holdfast", open, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, more := range [][]string{
		{"1"},
		{"1", "--processes", "3"},
		{"1", "--needs", "fencing"},
		{"1", "--needs", "strangers"},
		{"1", "--fs", "tmpfs", "--cycles", "2"},
	} {
		search := exec.CommandContext(t.Context(), program, append([]string{"sim", "explore", "--json", "-", "--out", t.TempDir(), "--exhaustive"}, more...)...)
		out, err := search.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := search.Start(); err != nil {
			t.Fatal(err)
		}
		r, err := Read("standard output", out)
		if err != nil {
			t.Fatal(err)
		}
		if search.Wait(); search.ProcessState.ExitCode() != 1 || len(r.Findings) != 1 || r.Findings[0].Property != "P1" {
			t.Errorf("--exhaustive %v: exit code %d, findings %v", more, search.ProcessState.ExitCode(), r.Findings)
		}
	}
}
