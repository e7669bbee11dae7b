package main

import (
	"context"
	"errors"
	"fmt"
	iofs "io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/holdfast-lock/holdfast/sim/scenario"
)

func newSimRun() *cobra.Command {
	var update bool
	var on string
	cmd := &cobra.Command{
		Use:   "run [flags] FILE|DIR...",
		Short: "Run scenarios, and say whether all is as it must be",
		Long: `Runs the scenario of each FILE, and of each file below a DIR whose name ends in .txtar, in the simulated machine. A FILE can be a scenario of the library, without its suffix. Every
scenario is held against what its steps expect, against what must hold in any run ('holdfast sim list --properties'), against what the clients of a lock can see, and against the output that is
recorded in the file. A fault that never strikes and a switch that never comes to pass are warned of.

With --on the scenarios are run with processes of the operating system on the filesystem of a directory instead, which shows whether the machine simulates what is there. Those that need what
cannot be done for real, such as a fault in a call, are skipped. Each has a directory of its own in DIR, which is removed.`,
		Example: `  holdfast sim run my-incident.txtar
  holdfast sim run --update my-incident.txtar
  holdfast sim run scenarios/
  holdfast sim run --on /mnt/test killed-inside`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("name the scenarios to run, files or directories")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			files, err := scenarioFiles(args)
			if err != nil {
				return simExit(err)
			}
			if update && on != "" {
				return errors.New("--update records what happens in the simulated machine: leave out --on")
			}
			ctx := cmd.Context()
			if on != "" {
				signals := catchSignals()
				defer signal.Stop(signals)
				var stop func()
				ctx, stop = untilSignal(ctx, signals)
				defer stop()
			}
			failed := 0
			for _, name := range files {
				s, err := readScenario(name)
				if err != nil && len(files) > 1 { // the others can be run
					fmt.Fprintf(cmd.OutOrStdout(), "FAILED %v\n", err)
					failed++
					continue
				} else if err != nil {
					return simExit(err)
				}
				ok, err := runScenario(ctx, cmd, name, s, update, on)
				if s, ok := context.Cause(ctx).(*signalled); ok && (err == nil || errors.Is(err, s)) {
					return s.exitOf(fmt.Errorf("sim: %w: nothing is left behind", s))
				}
				if err != nil {
					return simExit(err)
				}
				if !ok {
					failed++
				}
			}
			if failed > 0 {
				return foundExit(fmt.Sprintf("%d of %d scenarios are not as they must be: look at one with 'holdfast sim replay FILE'", failed, len(files)))
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&on, "on", "", "run with real processes on the filesystem of this directory")
	cmd.Flags().BoolVar(&update, "update", false, "record the output in the file, unless something is found that is not the output itself")
	return cmd
}

// scenarioFiles returns the files that are named, and those below the directories that are.
func scenarioFiles(args []string) ([]string, error) {
	var files []string
	for _, arg := range args {
		info, err := os.Stat(arg)
		if err != nil || !info.IsDir() {
			files = append(files, arg) // reading it tells what is wrong, or it is one of the library
			continue
		}
		before := len(files)
		err = filepath.WalkDir(arg, func(name string, d iofs.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(name, scenarioSuffix) && d.Type().IsRegular() {
				files = append(files, name)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		if len(files) == before {
			return nil, fmt.Errorf("%s has no file whose name ends in %s: name a scenario", arg, scenarioSuffix)
		}
	}
	return files, nil
}

// runScenario runs a scenario, says what came of it, and reports whether all is as it must be.
func runScenario(ctx context.Context, cmd *cobra.Command, name string, s *scenario.Scenario, update bool, on string) (bool, error) {
	if on != "" {
		return runForReal(ctx, cmd, name, s, on)
	}
	if update {
		s.Expected = ""
	}
	r, err := scenario.Run(s, scenario.RunOptions{Timeline: true, History: scenario.HistoryTime, Twice: true})
	if err != nil {
		return false, fmt.Errorf("%s: %w", name, err)
	}
	out := cmd.OutOrStdout()
	if update && r.Finding == nil {
		text, err := os.ReadFile(name)
		if err == nil {
			err = os.WriteFile(name, scenario.WithExpected(text, r.Timeline), 0o666)
		}
		if err != nil {
			return false, fmt.Errorf("--update: %w", named(err, "a file: those of the library are in the program"))
		}
	}
	warnOfVain(cmd, name, r)
	if r.Finding == nil {
		fmt.Fprintf(out, "ok     %s (%d steps, %v)\n", name, r.Steps, r.Time)
		return true, nil
	}
	fmt.Fprintf(out, "FAILED %s: %v\n%s", name, r.Finding, r.Timeline)
	if r.Finding.Stack != "" {
		fmt.Fprintln(out, r.Finding.Stack)
	}
	if update {
		fmt.Fprintf(out, "%s is as it was: the output of a run in which something is found is none to record\n", name)
	}
	return false, nil
}

// warnOfVain says which lines of a file have meant nothing. It goes to the standard error, so that the output stays what is recorded and compared.
func warnOfVain(cmd *cobra.Command, name string, r scenario.Result) {
	for _, v := range r.Vain {
		fmt.Fprintf(cmd.ErrOrStderr(), "holdfast: %v\n", &scenario.Error{File: name, Line: v.Line, Text: "warning: " + v.Text})
	}
}

// simWorker is the hidden command that processes of scenarios are.
const simWorker = "worker"

func newSimWorker() *cobra.Command {
	return &cobra.Command{
		Use:    simWorker,
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			signal.Ignore(os.Interrupt, syscall.SIGTERM) // a terminal sends them to everybody; the parent ends its workers
			return scenario.Worker(os.Stdin, os.Stdout)
		},
	}
}

// runForReal runs a scenario with processes of the operating system.
func runForReal(ctx context.Context, cmd *cobra.Command, name string, s *scenario.Scenario, dir string) (_ bool, err error) {
	self, err := os.Executable()
	if err != nil {
		return false, err
	}
	if dir, err = os.MkdirTemp(dir, "holdfast-sim-"); err != nil {
		return false, fmt.Errorf("--on: %w", named(err, aDirectory))
	}
	defer func() {
		if left := os.RemoveAll(dir); left != nil {
			err = left
		}
	}()
	r, err := scenario.RunOn(ctx, s, dir, []string{self, "sim", simWorker})
	if err != nil {
		return false, fmt.Errorf("%s: %w", name, err)
	}
	out := cmd.OutOrStdout()
	switch {
	case r.Skipped != "":
		fmt.Fprintf(out, "skip   %s: %s\n", name, r.Skipped)
	case r.Finding == nil:
		fmt.Fprintf(out, "ok     %s\n", name)
	default:
		fmt.Fprintf(out, "FAILED %s: %v\n%s", name, r.Finding, r.Timeline)
		return false, nil
	}
	return true, nil
}
