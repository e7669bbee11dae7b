package main

import (
	"context"
	"errors"
	"fmt"
	iofs "io/fs"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/holdfast-lock/holdfast/sim/scenario"
	"github.com/holdfast-lock/holdfast/sim/scenario/campaign"
)

func newSim() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "sim",
		Short: "Run locks in a simulated machine, look for schedules that break them, and replay those",
		Long: `Runs the lock engine, unchanged, in a machine that does not exist: processes, clocks and disks of which everything is decided by a seed. What goes wrong in it can be
written down as a scenario, found by a campaign, made smaller, and replayed call by call. The exit code of every command is 1 if something was found, or if not all was run of which all was
asked for: every schedule (explore --exhaustive), or every shard (merge).`,
		Example: `  holdfast sim explore --for 60s
  holdfast sim explore --seeds 0-999999 --shard auto --json shard.json
  holdfast sim replay fail/P1-5e1f3a77/scenario.txtar
  holdfast sim run my-incident.txtar
  holdfast sim list`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("sim has no command %q", args[0])
			}
			return nil
		},
		RunE: func(*cobra.Command, []string) error {
			return errors.New("say what to do: run, explore, replay, shrink, list or merge")
		},
	}
	for _, c := range []*cobra.Command{newSimRun(), newSimExplore(), newSimReplay(), newSimShrink(), newSimList(), newSimMerge()} {
		cmd.AddCommand(wholeOutput(c))
	}
	cmd.AddCommand(newSimWorker())
	return cmd
}

// interruptible returns a context that ends with an interrupt, or what a batch system or a closed terminal sends; what was done until then counts. A second signal ends the program. Signals that are
// ignored stay so, as under nohup(1).
func interruptible(cmd *cobra.Command) (context.Context, context.CancelFunc) {
	var signals []os.Signal
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			signals = append(signals, s)
		}
	}
	if len(signals) == 0 {
		return context.WithCancel(cmd.Context())
	}
	ctx, stop := signal.NotifyContext(cmd.Context(), signals...)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// simExit is the exit after something could not be begun.
func simExit(err error) error {
	if errors.Is(err, iofs.ErrPermission) {
		return &exit{exitPermission, fmt.Errorf("sim: %w: allow this user to read and write it, or name another one", err)}
	}
	return &exit{exitUsage, fmt.Errorf("sim: %w", err)}
}

// named adds what to name instead to an error about a file that is not there.
func named(err error, instead string) error {
	if errors.Is(err, iofs.ErrNotExist) {
		return fmt.Errorf("%w: name %s", err, instead)
	}
	return err
}

const (
	aScenario  = "a file that exists, or a scenario that 'holdfast sim list' lists"
	aDirectory = "a directory that exists"
)

// oneScenario returns the argument of a command that takes a scenario.
func oneScenario(what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return fmt.Errorf("name %s, not %d", what, len(args))
		}
		return nil
	}
}

// readScenario reads a scenario from a file, or from the library.
func readScenario(name string) (*scenario.Scenario, error) {
	text, err := os.ReadFile(name)
	if errors.Is(err, iofs.ErrNotExist) && !strings.ContainsAny(name, `/\`) {
		if own, libraryErr := libraryText(name); libraryErr == nil {
			text, err = own, nil
		}
	}
	if err != nil {
		return nil, named(err, aScenario)
	}
	s, err := scenario.Parse(name, text)
	if err == nil && len(s.Steps) == 0 {
		err = &scenario.Error{File: name, Text: "expected a step, such as: a lock k"}
	}
	return s, err
}

const scenarioSuffix = ".txtar"

// libraryText returns a file of the library, whose name can be given without the suffix.
func libraryText(name string) ([]byte, error) {
	text, err := scenario.LibraryFile(strings.TrimSuffix(name, scenarioSuffix) + scenarioSuffix)
	return text, named(err, "one that 'holdfast sim list' lists")
}

// profileFlags are those of the commands that generate scenarios.
type profileFlags struct {
	campaign.Profile
	needs []string
}

func (f *profileFlags) add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.Kind, "kind", "native", "kind of lock: "+strings.Join(campaign.Kinds, ", "))
	fl.StringVar(&f.FS, "fs", "", "filesystem: posix or tmpfs (default: either, drawn)")
	fl.IntVar(&f.Processes, "processes", 0, "number of processes (default: drawn)")
	fl.IntVar(&f.Cycles, "cycles", 0, "how often each task acquires and releases (default: drawn)")
	fl.StringVar(&f.Strategy, "strategy", "", "who runs next: "+strings.Join(campaign.Strategies(), ", ")+" (default: portfolio, another one for each seed)")
	fl.StringSliceVar(&f.needs, "needs", nil, "what has to go on in every world: "+strings.Join(campaign.FeatureNames(), ", "))
	fl.BoolVar(&f.Only, "only", false, "nothing goes on but what --needs names")
	fl.StringVar(&f.Slack, "slack", "", "how long somebody who can run may be held up: a duration, or unbounded (default: drawn)")
	cmd.RegisterFlagCompletionFunc("needs", cobra.FixedCompletions(campaign.FeatureNames(), cobra.ShellCompDirectiveNoFileComp))
}

// profile returns what the flags say.
func (f *profileFlags) profile() (campaign.Profile, error) {
	p := f.Profile
	var err error
	if p.Needs, err = campaign.ParseFeatures(f.needs); err != nil {
		return p, fmt.Errorf("--needs: %w", err)
	}
	return p, p.Check()
}

// foundExit is the exit after something was found.
func foundExit(what string) error { return &exit{exitFailed, errors.New("sim: " + what)} }

// allOf returns one exit for all that is wrong, with the code of the first.
func allOf(errs ...error) error {
	var first *exit
	text := ""
	for _, err := range errs {
		if err == nil {
			continue
		}
		if text != "" {
			text += "; "
		}
		text += err.Error()
		if e, ok := errors.AsType[*exit](err); ok && first == nil {
			first = e
		}
	}
	switch {
	case text == "":
		return nil
	case first == nil:
		return errors.New(text)
	}
	return &exit{first.code, errors.New(text)}
}
