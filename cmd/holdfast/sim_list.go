package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/holdfast-lock/holdfast/sim/scenario"
	"github.com/holdfast-lock/holdfast/sim/scenario/property"
)

func newSimList() *cobra.Command {
	var properties bool
	cmd := &cobra.Command{
		Use:   "list [flags] [NAME...]",
		Short: "List the scenarios of the library, or show some of them",
		Long: `Lists the scenarios that come with Holdfast, with the first line of what each says of itself, or writes out those that are named. With --properties it lists what must hold in every
run instead.`,
		Example: `  holdfast sim list
  holdfast sim list --properties`,
		RunE: func(cmd *cobra.Command, args []string) error {
			out := cmd.OutOrStdout()
			if properties {
				if len(args) > 0 {
					return fmt.Errorf("--properties lists all of them: leave out %q", args[0])
				}
				for _, p := range property.Statements() {
					fmt.Fprintf(out, "%-4s %s\n", p.Name, p.Sentence)
				}
				return nil
			}
			for _, name := range args {
				text, err := libraryText(name)
				if err != nil {
					return simExit(err)
				}
				out.Write(text)
			}
			if len(args) == 0 {
				return listLibrary(cmd)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&properties, "properties", false, "list what must hold in every run")
	return cmd
}

func listLibrary(cmd *cobra.Command) error {
	names := scenario.Library()
	width := 0
	for _, n := range names {
		width = max(width, len(n)-len(scenarioSuffix))
	}
	for _, n := range names {
		s, err := readScenario(n)
		if err != nil {
			return simExit(err)
		}
		about := ""
		if len(s.Comment) > 0 {
			about = s.Comment[0]
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%-*s  %s\n", width, strings.TrimSuffix(n, scenarioSuffix), about)
	}
	return nil
}

// list writes names with commas between them.
func list(names []string) string { return strings.Join(names, ", ") }
