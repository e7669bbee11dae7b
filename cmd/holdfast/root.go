package main

import (
	"fmt"
	"os"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/holdfast-lock/holdfast/cmd/holdfast/internal/kind"
)

// execute runs the command line and returns its exit code.
func execute(args []string, kinds kind.Table) int {
	root := newRoot(kinds)
	root.SetArgs(args)
	cmd, err := root.ExecuteC()
	code, text := verdict(cmd.CommandPath(), err)
	if text != "" {
		fmt.Fprintln(os.Stderr, "holdfast: "+text)
	}
	return code
}

func newRoot(kinds kind.Table) *cobra.Command {
	root := &cobra.Command{
		Use:   "holdfast",
		Short: "Lock files across processes, and prove that the locks hold",
		Long: `Holdfast keeps processes from stepping on each other by locking files.

Exit codes of all commands:
    2  the command line is wrong            78  the lock is in use with other settings
   75  timed out, or what -E says           79  would wait for itself without end
   76  the lock does not work as it should: no locks on this filesystem,
       no regular file at its path, the hold was lost, an error of the system
   77  no permission                       128+n  ended by signal n`,
		Version:       version(),
		SilenceErrors: true, // printed by execute, in one line
		SilenceUsage:  true,
		RunE: func(*cobra.Command, []string) error {
			return fmt.Errorf("say what to do: run, hold, status, break, clean, verify, bench or sim")
		},
	}
	root.SetFlagErrorFunc(flagError)
	root.SetVersionTemplate("holdfast {{.Version}}\n")
	root.AddCommand(newRun(kinds), newHold(kinds), wholeOutput(newStatus(kinds)), wholeOutput(newBreak()), wholeOutput(newClean()))
	root.AddCommand(wholeOutput(newVerify(kinds)), newVerifyWorker(kinds), wholeOutput(newBench(kinds)), newBenchWorker(kinds), newSim())
	return root
}

// version is the module's version, or the revision that it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	if v != "" && v != "(devel)" {
		return v
	}
	parts := []string{"devel"}
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			parts = append(parts, s.Value)
		case s.Key == "vcs.modified" && s.Value == "true":
			parts = append(parts, "modified")
		}
	}
	return strings.Join(parts, " ")
}
