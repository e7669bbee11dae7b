package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/holdfast-lock/holdfast/sim/scenario"
	"github.com/holdfast-lock/holdfast/sim/scenario/campaign"
)

func newSimReplay() *cobra.Command {
	var f profileFlags
	var until int
	cmd := &cobra.Command{
		Use:   "replay [flags] FILE|SEED",
		Short: "Run one schedule and show every call",
		Long: `Runs the scenario of FILE, or the one that a campaign with the same flags generates from SEED, and shows every call of every process: the number of the step, the virtual
time, a column for what is done by nobody, and one for each process. A step that has not come to its end is shown as pending. FILE can be a scenario of the library, without its suffix.`,
		Example: `  holdfast sim replay fail/P1-5e1f3a77/scenario.txtar
  holdfast sim replay --until 120 fail/P1-5e1f3a77/scenario.txtar
  holdfast sim replay --processes 4 4711`,
		Args: oneScenario("one FILE or one SEED"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if until < 0 {
				return errors.New("--until must be the number of a step")
			}
			p, err := f.profile()
			if err != nil {
				return err
			}
			s, err := scenarioOrSeed(args[0], p)
			if err != nil {
				return simExit(err)
			}
			return replay(cmd, args[0], s, until)
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().IntVar(&until, "until", 0, "end after so many steps (default: to the end)")
	f.add(cmd)
	return cmd
}

// scenarioOrSeed reads a scenario, or generates that of a seed.
func scenarioOrSeed(arg string, p campaign.Profile) (*scenario.Scenario, error) {
	if _, err := os.Stat(arg); err == nil {
		return readScenario(arg)
	}
	if seed, err := campaign.ParseSeed(arg); err == nil {
		return campaign.Generate(seed, p), nil
	}
	return readScenario(arg)
}

func replay(cmd *cobra.Command, name string, s *scenario.Scenario, until int) error {
	calls, r, err := campaign.Timeline(s, until)
	if err != nil {
		return simExit(err)
	}
	out := cmd.OutOrStdout()
	fmt.Fprintf(out, "%v\n%s\n%s", s, calls, r.Timeline)
	if s.Read() {
		warnOfVain(cmd, name, r)
	}
	fmt.Fprintf(out, "%d steps, %v, hash %016x\n", r.Steps, r.Time, r.Hash)
	if r.Finding == nil {
		return nil
	}
	if r.Finding.Stack != "" {
		fmt.Fprintln(out, r.Finding.Stack)
	}
	return foundExit(r.Finding.Error())
}
