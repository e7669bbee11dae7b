package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/holdfast-lock/holdfast/sim/scenario/campaign"
)

// defaultFor is how long a campaign lasts of which nothing else is said.
const defaultFor = time.Minute

type exploreFlags struct {
	profileFlags
	options    campaign.Options
	seeds      string
	engine     string
	shard      string
	exhaustive int  // preemptions
	everything bool // every schedule is run that has no more
	jsonFile   string
	folder     string
}

func newSimExplore() *cobra.Command {
	var f exploreFlags
	cmd := &cobra.Command{
		Use:   "explore [flags]",
		Short: "Look for schedules in which a lock does not do what it must",
		Long: `Runs generated scenarios on all cores, one schedule for each seed, until something is found, the seeds are used up, or the time is. What is found is made smaller and
written to a folder: a scenario that replays it, the calls one by one, and a picture of what the clients saw. The same seeds give the same schedules.

A campaign for several machines is dealt out with --shard and --json; 'holdfast sim merge' puts the results together. With --exhaustive every schedule of a small scenario is
run that preempts no more than so often; if it is ended before, by --for or an interrupt, the exit code is 1.`,
		Example: `  holdfast sim explore
  holdfast sim explore --processes 4 --seeds 0-9999999
  holdfast sim explore --seeds 1f3a9c2 --for 10m
  holdfast sim explore --needs lifetime,stops --strategy "pct depth=4"
  holdfast sim explore --seeds 0-999999 --shard 3/8 --json shard-3.json
  holdfast sim explore --exhaustive 4 --processes 2 --cycles 3`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	fl, engines := cmd.Flags(), campaign.EngineNames()
	fl.SortFlags = false
	f.add(cmd)
	fl.StringVar(&f.seeds, "seeds", "0", "seeds to run, A-B, or all from A on; a seed can be the hash of a commit")
	fl.DurationVar(&f.options.For, "for", 0, "how long to go on (default: until the seeds are used up, 1m if they have no end)")
	fl.StringVar(&f.shard, "shard", "", "run only a part, I/N, or auto for what Slurm or Kubernetes say")
	fl.IntVar(&f.exhaustive, "exhaustive", 0, "run every schedule with so many preemptions at most, of a small scenario")
	fl.IntVar(&f.options.Jobs, "jobs", 0, "schedules to run at once (default: one for each core)")
	fl.StringVar(&f.engine, "engine", engines[0], "how the tasks of a world take turns, which changes nothing but the speed: "+strings.Join(engines, ", "))
	fl.BoolVar(&f.options.All, "all", false, "go on after a finding")
	fl.StringVar(&f.folder, "out", "fail", "directory for the folders of findings")
	fl.StringVar(&f.jsonFile, "json", "", "also write the result as JSON to this file, - for standard output instead of the text")
	cmd.RegisterFlagCompletionFunc("engine", cobra.FixedCompletions(engines, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (f *exploreFlags) run(cmd *cobra.Command) (err error) {
	o := &f.options
	if o.Profile, err = f.profile(); err != nil {
		return err
	}
	if o.First, o.Last, err = campaign.ParseSeeds(f.seeds); err != nil {
		return fmt.Errorf("--seeds: %w", err)
	}
	if o.Engine, err = campaign.ParseEngine(f.engine); err != nil {
		return fmt.Errorf("--engine: %w", err)
	}
	if f.shard != "" {
		if o.Shard, err = campaign.ParseShard(f.shard, os.LookupEnv); err != nil {
			return fmt.Errorf("--shard: %w", err)
		}
	}
	switch changed := cmd.Flags().Changed; {
	case o.For < 0 || o.Jobs < 0 || f.exhaustive < 0:
		return errors.New("--for, --jobs and --exhaustive must not be negative")
	case changed("exhaustive") && (changed("seeds") || f.shard != "" || changed("jobs") || o.All):
		return errors.New("--exhaustive runs all schedules, one after the other, until something is found: leave out --seeds, --shard, --jobs and --all")
	case changed("exhaustive"):
		f.everything = true
		if o.Profile, err = o.Smaller(); err != nil {
			return fmt.Errorf("--exhaustive: %w", err)
		}
	case o.For == 0 && o.Last == math.MaxUint64:
		o.For = defaultFor
	}
	o.Version = version()
	tidy, err := campaign.Room(f.folder)
	if err != nil {
		return simExit(fmt.Errorf("--out: %w: name a directory that can be written", err))
	}
	defer tidy()
	ctx, stop := interruptible(cmd)
	defer stop()
	report, err := openReport(cmd, f.jsonFile)
	if err != nil {
		return err
	}
	r, err := f.explore(ctx, cmd)
	if err != nil {
		return simExit(err)
	}
	return f.conclude(cmd, r, report)
}

// conclude says what the campaign came to, in every way that was asked for: what cannot be written in one of them is not lost to the others.
func (f *exploreFlags) conclude(cmd *cobra.Command, r *campaign.Report, report jsonReport) error {
	unwritten := f.write(r)
	return allOf(tellReport(cmd, r, unrun(r), f.jsonFile != "-"), report.write(r), unwritten)
}

// write writes a folder for the first finding of each property that has none yet: many schedules show one bug.
func (f *exploreFlags) write(r *campaign.Report) error {
	for _, found := range distinct(r.Findings) {
		if found.Folder != "" {
			continue
		}
		if _, err := campaign.Write(f.folder, found, r); err != nil {
			return &exit{exitFailed, fmt.Errorf("--out: seed %d has no folder: %w", found.Seed, err)}
		}
	}
	return nil
}

// explore runs the campaign, and shows how far it has come.
func (f *exploreFlags) explore(ctx context.Context, cmd *cobra.Command) (*campaign.Report, error) {
	o := f.options
	bar := newProgress(cmd.ErrOrStderr())
	defer bar.close()
	o.Progress = func(r *campaign.Report) {
		done, total := int(r.Wall.Seconds()), int(o.For.Seconds())
		switch {
		case o.For > 0:
		case f.everything: // nobody knows how many there are
			total = done
		default:
			done, total = int(min(r.Schedules, math.MaxInt)), int(min(o.Last-o.First, math.MaxInt32))+1
		}
		bar.show(min(done, total), total, figures(r))
	}
	if o.All {
		o.Found = f.writeAtOnce()
	}
	if f.everything {
		r, _, err := campaign.Exhaust(ctx, campaign.Small(o.Profile), f.exhaustive, o)
		return r, err
	}
	return campaign.Explore(ctx, o)
}

// writeAtOnce returns what writes the folders of a campaign that goes on after a finding: its end may be days away. An error comes back at the end, where it is tried again.
func (f *exploreFlags) writeAtOnce() func(*campaign.Finding) {
	soFar := &campaign.Report{Profile: f.options.Profile.String(), Version: f.options.Version}
	return func(found *campaign.Finding) {
		soFar.Findings = append(soFar.Findings, found)
		f.write(soFar)
	}
}

// distinct returns a finding of each property, one that has a folder if there is one, or else the first.
func distinct(findings []*campaign.Finding) []*campaign.Finding {
	var first []*campaign.Finding
	for _, f := range findings {
		switch i := slices.IndexFunc(first, func(o *campaign.Finding) bool { return o.Property == f.Property }); {
		case i < 0:
			first = append(first, f)
		case first[i].Folder == "" && f.Folder != "":
			first[i] = f
		}
	}
	return first
}

// figures are what a campaign has come to, in a line.
func figures(r *campaign.Report) string {
	text := fmt.Sprintf("%s schedules (%s/CPU min), %s calls (%s/CPU s), %v of virtual time, %d of %d facts", grouped(r.Schedules), grouped(uint64(r.PerCPUMinute())), grouped(r.Operations),
		grouped(uint64(r.PerCPUSecond())), r.Virtual.Round(time.Second), r.Facts()-len(r.Missing()), r.Facts())
	if n := len(r.Findings); n > 0 {
		text += fmt.Sprintf(", %d FINDINGS", n)
	}
	return text
}

// grouped writes a number with commas between its thousands.
func grouped(n uint64) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// gap is what is missing where all of something was asked for, and what to do about it.
type gap struct{ what, remedy string }

// unrun returns what is missing of a search of every schedule that was ended.
func unrun(r *campaign.Report) (g gap) {
	if r.Bound != nil && len(r.Ended) > 0 {
		g = gap{"there are more schedules with so many preemptions", "give it more time (--for), or take fewer preemptions, processes or cycles"}
	}
	return g
}

// tellReport says what a campaign came to, and what is missing of it, and ends the program according to that.
func tellReport(cmd *cobra.Command, r *campaign.Report, missing gap, asText bool) error {
	if asText {
		describeReport(cmd.OutOrStdout(), r, missing.what)
	}
	if missing.what == "" {
		return foundIn(r)
	}
	return allOf(foundIn(r), foundExit(missing.what+": "+missing.remedy))
}

// foundIn ends the program if anything was found.
func foundIn(r *campaign.Report) error {
	if n := len(r.Findings); n > 0 {
		first := r.Findings[0]
		text := fmt.Sprintf("%d of %s schedules break a property, the first of them %v", n, grouped(r.Schedules), first)
		if line := replayLine(r, first); line != "" {
			text += "; replay: " + line
		}
		return foundExit(text)
	}
	if !r.Vacuous() {
		return nil
	}
	return foundExit("P20: nothing of this has happened in so many schedules, and so nothing is said about it: " + list(r.Lacking()))
}

func describeReport(out io.Writer, r *campaign.Report, missing string) {
	fmt.Fprintf(out, "%s\n", figures(r))
	which := fmt.Sprintf(", seeds from %d to %d, shard %v of %d", r.First, r.Last, r.Shards, r.Of)
	if r.Bound != nil {
		which = ""
	}
	fmt.Fprintf(out, "campaign: %s%s, version %s, %v (%v of CPU)\n", r.Profile, which, r.Version, r.Wall.Round(time.Millisecond), r.CPU.Round(time.Millisecond))
	fmt.Fprintf(out, "looked at twice: %s histories were checked for linearizability (%d undecided), %s schedules run again on the other engine\n", grouped(r.Checked), r.Undecided, grouped(r.Repeated))
	fmt.Fprintf(out, "hash: %v\n", r.Hash)
	for _, by := range r.Ended {
		fmt.Fprintf(out, "ended by: %s\n", by)
	}
	switch {
	case missing != "":
		fmt.Fprintf(out, "NOT complete: %s\n", missing)
	case r.Schedules == 0 && len(r.Ended) == 0:
		fmt.Fprintf(out, "NOTHING was run: none of the plans, of %d seeds each, of the seeds from %d to %d is one of shard %v of %d\n", campaign.SeedsOfPlan, r.First, r.Until, r.Shards, r.Of)
	}
	if missing := r.Lacking(); len(missing) > 0 {
		fmt.Fprintf(out, "has not happened: %s\n", list(missing))
	}
	for _, f := range r.Findings {
		fmt.Fprintf(out, "FOUND %v\n", f)
		if line := replayLine(r, f); line != "" {
			fmt.Fprintf(out, "  replay: %s\n", line)
		}
	}
}
