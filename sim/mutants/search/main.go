// Search runs schedules until one breaks a property, and prints what it found as JSON, null if nothing. It is built on a mutant of the lock engine by package mutants.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/holdfast-lock/holdfast/sim/mutants"
	"github.com/holdfast-lock/holdfast/sim/scenario/campaign"
)

func main() {
	if err := search(); err != nil {
		fmt.Fprintln(os.Stderr, "search:", err)
		os.Exit(1)
	}
}

func search() error {
	needs := flag.String("needs", "", "what goes on in the worlds, with commas between")
	first := flag.Uint64("first", 1, "first seed")
	count := flag.Int("count", 1, "number of seeds")
	flag.Parse()
	if flag.NArg() > 0 || *count < 1 {
		return errors.New("expected -needs WORDS -first SEED -count NUMBER and nothing else")
	}
	o := campaign.Options{First: *first, Last: *first + uint64(*count) - 1, Jobs: 1}
	if *needs != "" {
		var err error
		if o.Needs, err = campaign.ParseFeatures(strings.Split(*needs, ",")); err != nil {
			return err
		}
	}
	report, err := campaign.Explore(context.Background(), o)
	if err != nil {
		return err
	}
	var found *mutants.Finding
	if len(report.Findings) > 0 {
		f := report.Findings[0]
		found = &mutants.Finding{Schedule: int(f.Seed-*first) + 1, Property: f.Property, Message: f.Message}
	}
	return json.NewEncoder(os.Stdout).Encode(found)
}
