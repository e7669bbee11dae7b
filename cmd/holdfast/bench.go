package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	iofs "io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/holdfast-lock/holdfast/bench"
	"github.com/holdfast-lock/holdfast/bench/worker"
	"github.com/holdfast-lock/holdfast/cmd/holdfast/internal/kind"
	"github.com/holdfast-lock/holdfast/lock"
)

const benchWorker = "bench-worker"

// newBenchWorker is the command that bench starts its processes with.
func newBenchWorker(kinds kind.Table) *cobra.Command {
	return &cobra.Command{
		Use:    benchWorker + " KIND...",
		Hidden: true,
		RunE: func(_ *cobra.Command, names []string) error {
			measured, err := benchKinds(kinds, names)
			if err != nil {
				return err
			}
			signal.Ignore(os.Interrupt, syscall.SIGTERM) // a terminal sends them to everybody; the parent ends its workers
			worker.Serve(bench.KindTasks(measured), os.Stdin, os.Stdout)
			return nil
		},
	}
}

// benchKinds returns the kinds of these names, the native one first in any case: the others are compared with it.
func benchKinds(kinds kind.Table, names []string) ([]bench.Kind, error) {
	var measured []bench.Kind
	seen := make(map[string]bool)
	for _, name := range append([]string{bench.Native}, names...) {
		k, err := kinds.Find(name)
		if err != nil {
			return nil, err
		}
		if !seen[name] {
			seen[name] = true
			open := func(path string, opts ...lock.Option) (lock.Locker, error) { return k.Open(path, opts...) }
			measured = append(measured, bench.Kind{Name: name, Open: open, Endures: k.Endures})
		}
	}
	return measured, nil
}

func newBench(kinds kind.Table) *cobra.Command {
	o := bench.Options{Dir: "."}
	var names []string
	var peers, jsonFile string
	cmd := &cobra.Command{
		Use:   "bench [flags] [DIR]",
		Short: "Measure how fast and how fair the locks are, beside others",
		Long: `Measures the native lock, and the kinds that --kind names, on the filesystem of DIR (default: the working directory), in alternating rounds beside the system calls themselves and
other lock libraries for Go: how long taking a free lock takes, and how many system calls; how it is handed on between processes and between goroutines, how fairly, at what cost; what
happens when the holder is killed, and when a waiter is stopped, killed or gives up; what waiting costs. The last table says what Holdfast claims of itself and whether this run bears it out.

The other libraries are measured if the program runs inside Holdfast's source tree, where it builds bench/peers, or if --peers names a program that was built from there.
Machines are shared and noisy: leave the machine alone meanwhile, and compare figures of one run only. The exit code is 1 if the lock did not exclude.`,
		Example: `  holdfast bench
  holdfast bench --kind soft,lease
  holdfast bench --processes 8,64 --for 5s --json result.json /var/lock`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return fmt.Errorf("name one directory at most, not %d", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.Dir = args[0]
			}
			if err := checkBench(o); err != nil {
				return err
			}
			var err error
			if o.Kinds, err = benchKinds(kinds, names); err != nil {
				return err
			}
			info, err := os.Stat(o.Dir) // before other libraries are built, which takes a while
			if err != nil {
				return benchExit(err)
			}
			if !info.IsDir() {
				return &exit{exitUsage, fmt.Errorf("bench: %s is not a directory: name the one whose filesystem shall be measured", o.Dir)}
			}
			return runBench(cmd, o, peers, jsonFile)
		},
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.StringSliceVar(&names, "kind", []string{bench.Native}, "kinds of locks; native is measured in any case, for the others to be compared with")
	cmd.RegisterFlagCompletionFunc("kind", cobra.FixedCompletions(kinds.Names(), cobra.ShellCompDirectiveNoFileComp))
	fl.IntSliceVar(&o.Processes, "processes", []int{2, 8, 32, 64}, "numbers of contending processes")
	fl.IntSliceVar(&o.Goroutines, "goroutines", []int{1, 10, 100, 1000}, "numbers of contending goroutines")
	fl.DurationVar(&o.Hold, "hold", time.Millisecond, "how long a process stays inside")
	fl.DurationVar(&o.For, "for", time.Second, "how long each measurement lasts")
	fl.IntVar(&o.Rounds, "rounds", 3, "how often each measurement is repeated")
	fl.StringVar(&peers, "peers", "auto", "other libraries: auto, none, or a program built from bench/peers")
	fl.StringVar(&jsonFile, "json", "", "also write the figures as JSON to this file, - for standard output instead of the tables")
	return cmd
}

func checkBench(o bench.Options) error {
	for _, n := range append(append([]int{o.Rounds}, o.Processes...), o.Goroutines...) {
		if n < 1 {
			return fmt.Errorf("--processes, --goroutines and --rounds must be at least 1, not %d", n)
		}
	}
	if o.For < 10*time.Millisecond || o.Hold < 0 {
		return fmt.Errorf("--for must be at least 10ms and --hold not negative, not %v and %v", o.For, o.Hold)
	}
	return nil
}

func runBench(cmd *cobra.Command, o bench.Options, peers, jsonFile string) error {
	asJSON, err := openReport(cmd, jsonFile)
	if err != nil {
		return err
	}
	signals := catchSignals()
	defer signal.Stop(signals)
	ctx, stop := untilSignal(cmd.Context(), signals)
	defer stop()
	report, err := measure(ctx, cmd, o, peers)
	if s, ok := context.Cause(ctx).(*signalled); ok {
		return s.exitOf(fmt.Errorf("bench: %w: nothing is left behind", s))
	}
	if err != nil {
		return err
	}
	if jsonFile != "-" {
		report.WriteTables(cmd.OutOrStdout())
	}
	if err := asJSON.write(report); err != nil {
		return err
	}
	if n := report.Overlaps(); n > 0 {
		return &exit{exitFailed, fmt.Errorf("bench: the lock did NOT exclude: %d holds overlapped; see what 'holdfast verify %s' says", n, o.Dir)}
	}
	return nil
}

func measure(ctx context.Context, cmd *cobra.Command, o bench.Options, peers string) (*bench.Report, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, benchExit(err)
	}
	program := worker.Program{self, benchWorker}
	for _, k := range o.Kinds {
		program = append(program, k.Name)
	}
	o.Programs = []worker.Program{program}
	others, remove, err := findPeers(ctx, peers, cmd.ErrOrStderr())
	if err != nil {
		return nil, err
	}
	defer remove()
	if others != "" {
		o.Programs = append(o.Programs, worker.Program{others})
	}
	bar := newProgress(cmd.ErrOrStderr())
	defer bar.close()
	o.Progress = bar.show
	report, err := bench.Run(ctx, o)
	if err != nil {
		return nil, benchExit(err)
	}
	return report, nil
}

func benchExit(err error) error {
	err = fmt.Errorf("bench: %w", err)
	switch {
	case errors.Is(err, iofs.ErrPermission), errors.Is(err, syscall.EROFS):
		return &exit{exitPermission, fmt.Errorf("%w: name a directory that this user may write to", err)}
	case errors.Is(err, iofs.ErrNotExist):
		return &exit{exitUsage, fmt.Errorf("%w: name a directory that exists", err)}
	}
	return &exit{exitFailed, err}
}

// findPeers returns the program with the other libraries, "" if there is none, and what removes it if it was built for the occasion.
func findPeers(ctx context.Context, peers string, stderr io.Writer) (program string, remove func(), err error) {
	remove = func() {}
	switch peers {
	case "auto":
	case "none":
		return "", remove, nil
	default:
		if _, err := os.Stat(peers); err != nil {
			return "", remove, &exit{exitUsage, fmt.Errorf("--peers: %w: name a program built from bench/peers, or auto, or none", err)}
		}
		program, err = filepath.Abs(peers)
		return program, remove, err
	}
	source, ok := sourceTree()
	if !ok {
		fmt.Fprintln(stderr, "other libraries are not measured: this is not Holdfast's source tree, and --peers names no program")
		return "", remove, nil
	}
	dir, err := os.MkdirTemp("", "holdfast-peers-")
	if err != nil {
		return "", remove, err
	}
	remove = func() { os.RemoveAll(dir) }
	program = filepath.Join(dir, "peers.exe")
	build := exec.CommandContext(ctx, "go", "build", "-o", program, ".")
	build.Dir = filepath.Join(source, "bench", "peers")
	if said, err := build.CombinedOutput(); err != nil {
		remove()
		fmt.Fprintf(stderr, "other libraries are not measured: go build in bench/peers: %v: %s\n", err, strings.Join(strings.Fields(string(said)), " "))
		return "", func() {}, nil
	}
	return program, remove, nil
}

// sourceTree returns the root of the module's source if the working directory lies in it.
func sourceTree() (string, bool) {
	dir, err := os.Getwd()
	if err != nil {
		return "", false
	}
	for {
		if b, err := os.ReadFile(filepath.Join(dir, "go.mod")); err == nil && strings.HasPrefix(string(b), "module github.com/holdfast-lock/holdfast\n") {
			return dir, true
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", false
		}
		dir = up
	}
}
