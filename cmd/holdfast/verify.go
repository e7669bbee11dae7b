package main

import (
	"context"
	"errors"
	"fmt"
	iofs "io/fs"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/holdfast-lock/holdfast/bench/worker"
	"github.com/holdfast-lock/holdfast/cmd/holdfast/internal/kind"
	"github.com/holdfast-lock/holdfast/cmd/holdfast/internal/verify"
	"github.com/holdfast-lock/holdfast/lock"
)

const verifyWorker = "verify-worker"

// verifyFlags are the settings of the locks to be verified, which the command and its workers share.
type verifyFlags struct{ lockFlags }

func (f *verifyFlags) add(fl *pflag.FlagSet) {
	fl.DurationVar(&f.lifetime, "lifetime", 0, "let holds expire after this time, leases last so long from one heartbeat to the next; stopped holders outlive it then (default: never)")
	fl.BoolVar(&f.fencing, "fencing", false, "number the holds, and check that the numbers grow")
	fl.DurationVar(&f.poll, "poll", lock.DefaultPollInterval, "longest pause between two attempts where the kernel cannot be waited in")
	fl.StringVar(&f.mode, "mode", "", "permission bits of the lock file, octal (default: 666 less the umask)")
}

// kinds returns the kinds with the settings applied.
func (f *verifyFlags) kinds(cmd *cobra.Command, all kind.Table) kind.Table {
	var set kind.Table
	for _, k := range all {
		own := f.lockFlags
		own.kinds, own.kind = all, k.Name
		if k.Renewed {
			own.lease, own.lifetime = own.lifetime, 0
		}
		set = append(set, kind.Kind{Name: k.Name, Open: func(path string, more ...lock.Option) (kind.Lock, error) { return own.open(cmd, path, more...) }})
	}
	return set
}

// program is the command line that gives a worker the same settings.
func (f *verifyFlags) program(cmd *cobra.Command) (worker.Program, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := worker.Program{self, verifyWorker}
	var shared pflag.FlagSet
	new(verifyFlags).add(&shared)
	cmd.Flags().Visit(func(set *pflag.Flag) {
		if shared.Lookup(set.Name) != nil {
			p = append(p, "--"+set.Name+"="+set.Value.String())
		}
	})
	return p, nil
}

// newVerifyWorker is the command that verify starts its processes with.
func newVerifyWorker(kinds kind.Table) *cobra.Command {
	var flags verifyFlags
	cmd := &cobra.Command{
		Use:    verifyWorker,
		Hidden: true,
		Args:   cobra.NoArgs,
		Run: func(cmd *cobra.Command, _ []string) {
			signal.Ignore(os.Interrupt, syscall.SIGTERM) // a terminal sends them to everybody; the parent ends its workers
			worker.Serve(verify.Tasks(flags.kinds(cmd, kinds), flags.lifetime > 0), os.Stdin, os.Stdout)
		},
	}
	flags.add(cmd.Flags())
	return cmd
}

func newVerify(kinds kind.Table) *cobra.Command {
	var flags verifyFlags
	o := verify.Options{}
	var only, jsonFile string
	cmd := &cobra.Command{
		Use:   "verify [flags] DIR",
		Short: "Prove on a directory's filesystem that the locks exclude",
		Long: `Verifies each kind of lock on the filesystem of DIR: processes contend for a lock file in a directory of their own there. Some of them are killed and some stopped, while
they hold the lock and while they wait for it. Every hold is recorded outside DIR; afterwards the records are searched for overlaps and checked for linearizability.

The exit code is 1 if any kind failed: if two holds overlapped, no order of the operations explains what the processes saw (or none was found in time), fencing numbers did not grow,
an operation failed, a process hung or never got in, or the filesystem gives no locks.

The same --seed plans the same disturbances; what comes of them is up to the machine. On a network filesystem the findings speak for the processes of this machine only.`,
		Example: `  holdfast verify .
  holdfast verify --for 1m --processes 32 /mnt/shared
  holdfast verify --lifetime 300ms --fencing --json result.json /var/lock`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("name one directory whose filesystem shall be verified, such as . for this one")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := flags.check(cmd); err != nil {
				return err
			}
			o.Dir, o.Lifetime, o.Fencing = args[0], flags.lifetime, flags.fencing
			o.Kinds = flags.kinds(cmd, kinds)
			if only != "" {
				k, err := o.Kinds.Find(only)
				if err != nil {
					return err
				}
				o.Kinds = kind.Table{k}
			}
			if !cmd.Flags().Changed("seed") {
				o.Seed = uint64(rand.Uint32())
			}
			if !cmd.Flags().Changed("for") && o.Lifetime > 0 {
				o.For += time.Duration((o.Stops+1)/2) * (o.Lifetime + lock.RecheckInterval) // for the holders that outlive it
			}
			err := checkVerify(o)
			if err != nil {
				return err
			}
			if o.Program, err = flags.program(cmd); err != nil {
				return &exit{exitFailed, err}
			}
			return runVerify(cmd, o, jsonFile)
		},
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.StringVar(&only, "kind", "", "kind of lock (default: each)")
	cmd.RegisterFlagCompletionFunc("kind", cobra.FixedCompletions(kinds.Names(), cobra.ShellCompDirectiveNoFileComp))
	fl.DurationVar(&o.For, "for", 5*time.Second, "how long the processes contend, for each kind; longer with --lifetime")
	fl.IntVar(&o.Processes, "processes", 8, "how many contend")
	fl.DurationVar(&o.Hold, "hold", time.Millisecond, "how long each stays inside")
	fl.IntVar(&o.Kills, "kills", 6, "how many processes are killed, half of them holders; others take their places")
	fl.IntVar(&o.Stops, "stops", 6, "how many times a process is stopped for a while, half of them holders")
	fl.Uint64Var(&o.Seed, "seed", 0, "what is done to whom and when (default: a new one)")
	flags.add(fl)
	fl.StringVar(&jsonFile, "json", "", "also write the findings as JSON to this file, - for standard output instead of the table")
	fl.StringVar(&o.Keep, "report", "", "keep the records of all holds in this directory (default: those of a lock that fails, in a new temporary one)")
	return cmd
}

const (
	shortestHold = 200 * time.Microsecond // is long enough to be met from outside
	disturbEvery = 10 * time.Millisecond  // leaves the processes time to take the lock in between
)

func checkVerify(o verify.Options) error {
	switch {
	case o.Processes < 2:
		return fmt.Errorf("--processes must be at least 2, not %d: one alone has nobody to exclude", o.Processes)
	case o.Hold < shortestHold:
		return fmt.Errorf("--hold must be at least %v, not %v: what is shorter cannot be met from outside", shortestHold, o.Hold)
	case o.For < 100*o.Hold:
		return fmt.Errorf("--for must be at least 100 times --hold, not %v: nothing can be said after fewer holds", o.For)
	case o.Kills < 0 || o.Stops < 0:
		return fmt.Errorf("--kills and --stops must not be negative, not %d and %d", o.Kills, o.Stops)
	case o.For/time.Duration(o.Kills+o.Stops+1) < disturbEvery:
		return fmt.Errorf("--for must be at least %v, not %v, for %d kills and %d stops", time.Duration(o.Kills+o.Stops+1)*disturbEvery, o.For, o.Kills, o.Stops)
	}
	info, err := os.Stat(o.Dir)
	switch {
	case errors.Is(err, iofs.ErrNotExist):
		return &exit{exitUsage, fmt.Errorf("verify: %s: there is no such directory: make it, or name another one", o.Dir)}
	case err != nil:
		return verifyExit(err)
	case !info.IsDir():
		return &exit{exitUsage, fmt.Errorf("verify: %s is not a directory: name the one whose filesystem shall be verified", o.Dir)}
	}
	for _, k := range o.Kinds { // which touches nothing, and finds wrong settings
		l, err := k.Open(filepath.Join(o.Dir, k.Name))
		if err != nil {
			return err
		}
		l.Close()
	}
	return nil
}

// verifyExit is the exit after an error that says nothing about a lock.
func verifyExit(err error) error {
	err = fmt.Errorf("verify: %w", err)
	if errors.Is(err, iofs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return &exit{exitPermission, fmt.Errorf("%w: name a directory that this user may write to", err)}
	}
	return &exit{exitFailed, err}
}

func runVerify(cmd *cobra.Command, o verify.Options, jsonFile string) error {
	asJSON, err := openReport(cmd, jsonFile)
	if err != nil {
		return err
	}
	signals := catchSignals()
	defer signal.Stop(signals)
	ctx, stop := untilSignal(cmd.Context(), signals)
	defer stop()
	out, stderr := cmd.OutOrStdout(), cmd.ErrOrStderr()
	bar := newProgress(stderr)
	o.Progress = bar.show
	o.Begin = func(kind string) {
		if bar.bar == nil {
			fmt.Fprintf(stderr, "verifying %s with %d processes for %v\n", kind, o.Processes, o.For)
		}
	}
	report, err := verify.Run(ctx, o)
	bar.close()
	if s, ok := context.Cause(ctx).(*signalled); ok {
		if err == s {
			err = fmt.Errorf("verify: %w: nothing is left behind", s)
		}
		return s.exitOf(err)
	}
	if err != nil {
		return verifyExit(err)
	}
	if jsonFile != "-" {
		report.WriteText(out)
	}
	if err := asJSON.write(report); err != nil {
		return err
	}
	switch {
	case report.Passed:
		return nil
	case jsonFile == "-":
		return &exit{exitFailed, fmt.Errorf("verify: %s: %s", o.Dir, report.Verdict())}
	}
	return &exit{exitFailed, nil} // the text ends with the verdict
}
