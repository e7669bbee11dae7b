package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/holdfast-lock/holdfast/sim/scenario/campaign"
)

func newSimMerge() *cobra.Command {
	var jsonFile string
	cmd := &cobra.Command{
		Use:   "merge [flags] FILE...",
		Short: "Put the results of a campaign's shards together",
		Long: `Puts the results together that 'holdfast sim explore --shard I/N --json FILE' wrote on several machines. They must be of one campaign, run by one version of the program, and each
shard be there once; a shard that is missing ends the command with 1.`,
		Example: `  holdfast sim merge shard-1.json shard-2.json
  holdfast sim merge --json all.json shard-1.json shard-2.json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("name the results of the shards")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			var reports []*campaign.Report
			for _, name := range args {
				r, err := readReport(name)
				if err != nil {
					return simExit(named(err, "a file that 'holdfast sim explore --json' wrote"))
				}
				reports = append(reports, r)
			}
			all, err := campaign.Merge(reports)
			if err != nil {
				return simExit(err)
			}
			report, err := openReport(cmd, jsonFile) // only now: it may be one of those that were read
			if err != nil {
				return err
			}
			return allOf(tellReport(cmd, all, cmp.Or(absentShards(all), unrun(all)), jsonFile != "-"), report.write(all))
		},
	}
	cmd.Flags().StringVar(&jsonFile, "json", "", "also write the result as JSON to this file, - for standard output instead of the text")
	return cmd
}

func readReport(name string) (*campaign.Report, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return campaign.Read(name, f)
}

// absentShards returns which shards are missing in what was merged.
func absentShards(r *campaign.Report) gap {
	switch absent := r.Absent(); len(absent) {
	case 0:
		return gap{}
	case 1:
		return gap{fmt.Sprintf("shard %d of %d is missing", absent[0], r.Of), "run it, and merge its result too"}
	default:
		return gap{fmt.Sprintf("%d shards of %d are missing: %s", len(absent), r.Of, list(numbers(absent))), "run them, and merge their results too"}
	}
}

// numbers writes numbers.
func numbers(of []int) []string {
	var words []string
	for _, n := range of {
		words = append(words, fmt.Sprint(n))
	}
	return words
}
