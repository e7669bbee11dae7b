// Search runs schedules until one breaks a property, and prints what it found as JSON, null if nothing. It is built on a mutant of the lock engine by package mutants.
//
//	search -needs WORDS -first SEED -count NUMBER     # runs the schedules of seeds
//	search -shrink < SCENARIO                         # makes a scenario smaller, and runs what is left once more
//	search -replay < SCENARIO                         # runs a scenario
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/holdfast-lock/holdfast/sim/mutants"
	"github.com/holdfast-lock/holdfast/sim/scenario"
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
	smaller := flag.Bool("shrink", false, "make the scenario smaller that is read")
	once := flag.Bool("replay", false, "run the scenario that is read")
	flag.Parse()
	if flag.NArg() > 0 || *count < 1 || *smaller && *once {
		return errors.New("expected -needs WORDS -first SEED -count NUMBER, or -shrink, or -replay, and nothing else")
	}
	var found any
	var err error
	switch {
	case *smaller:
		found, err = shrink()
	case *once:
		found, err = replay()
	default:
		found, err = explore(*needs, *first, *count)
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(found)
}

func explore(needs string, first uint64, count int) (*mutants.Finding, error) {
	o := campaign.Options{First: first, Last: first + uint64(count) - 1, Jobs: 1}
	var words []string
	for word := range strings.SplitSeq(needs, ",") {
		switch word {
		case "":
		case string(mutants.Soft), string(mutants.Lease), string(mutants.Strict):
			o.Kind = word
		default:
			words = append(words, word)
		}
	}
	var err error
	if o.Needs, err = campaign.ParseFeatures(words); err != nil {
		return nil, err
	}
	report, err := campaign.Explore(context.Background(), o)
	if err != nil || len(report.Findings) == 0 {
		return nil, err
	}
	f := report.Findings[0]
	return &mutants.Finding{Schedule: int(f.Seed-first) + 1, Property: f.Property, Message: f.Message, Scenario: f.Scenario}, nil
}

// read reads the scenario.
func read() (*scenario.Scenario, error) {
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return nil, err
	}
	return scenario.Parse("scenario", text)
}

func shrink() (*mutants.Small, error) {
	s, err := read()
	if err != nil {
		return nil, err
	}
	small, err := campaign.Shrink(s)
	if err != nil || small == nil {
		return nil, err
	}
	found := &mutants.Small{Scenario: small.Scenario.String(), Deviations: len(small.Scenario.Switches), Faults: len(small.Scenario.Faults)}
	again, err := scenario.Parse("small", []byte(found.Scenario)) // as it is in the file
	if err != nil {
		return nil, err
	}
	f, err := run(again)
	if f != nil {
		found.Property = f.Property
	}
	return found, err
}

func replay() (*mutants.Finding, error) {
	s, err := read()
	if err != nil {
		return nil, err
	}
	return run(s)
}

func run(s *scenario.Scenario) (*mutants.Finding, error) {
	r, err := scenario.Run(s, scenario.RunOptions{History: scenario.HistoryTime, Twice: true})
	if err != nil || r.Finding == nil {
		return nil, err
	}
	return &mutants.Finding{Schedule: 1, Property: r.Finding.Property, Message: r.Finding.Message, Scenario: s.String()}, nil
}
