package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/holdfast-lock/holdfast/sim/scenario/campaign"
)

func newSimShrink() *cobra.Command {
	var outFile string
	cmd := &cobra.Command{
		Use:   "shrink [flags] FILE",
		Short: "Make a scenario smaller in which something goes wrong",
		Long: `Leaves out of the scenario of FILE, and shortens, whatever is not needed for the same property not to hold: processes, tasks, faults, steps, decisions of the schedule, durations.
The result has no strategy: its switches say who runs when. The exit code is 0 also for a scenario in which something goes wrong, and 2 for one in which nothing does.`,
		Example: `  holdfast sim shrink my-incident.txtar
  holdfast sim shrink -o small.txtar my-incident.txtar`,
		Args: oneScenario("one FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := readScenario(args[0])
			if err != nil {
				return simExit(err)
			}
			start := time.Now()
			small, err := campaign.Shrink(s)
			if err != nil {
				return simExit(err)
			}
			if small == nil {
				return simExit(fmt.Errorf("nothing goes wrong in %s: there is nothing to be kept", args[0]))
			}
			small.Scenario.Comment = append([]string{small.Property + ": " + small.Message}, s.Comment...)
			fmt.Fprintf(cmd.ErrOrStderr(), "%s: %d switches, %d faults; %d runs in %v\n", small.Property, len(small.Scenario.Switches), len(small.Scenario.Faults), small.Runs, time.Since(start).Round(time.Millisecond))
			if outFile == "" {
				fmt.Fprint(cmd.OutOrStdout(), small.Scenario)
				return nil
			}
			if err := os.WriteFile(outFile, []byte(small.Scenario.String()), 0o666); err != nil {
				return simExit(fmt.Errorf("--out: %w", named(err, "a file in "+aDirectory)))
			}
			return nil
		},
	}
	cmd.Flags().StringVarP(&outFile, "out", "o", "", "file to write the scenario to (default: standard output)")
	return cmd
}
