package main

import (
	"errors"
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
shard be there once.`,
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
			return allOf(tellReport(cmd, all, len(all.Shards) == all.Of, jsonFile != "-"), report.write(all))
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
