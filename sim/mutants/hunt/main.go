// Hunt looks for every mutant of the lock engine in several ranges of seeds, and for findings in the real engine over the same schedules. It is run in the root of the repository:
//
//	go run ./sim/mutants/hunt                         # says what it found, and how small that becomes
//	go run ./sim/mutants/hunt -o docs/mutants.md      # and writes the page
//	go run ./sim/mutants/hunt -check                  # looks for them, and makes nothing smaller: for CI
//	go run ./sim/mutants/hunt -ranges 1 NAME…         # looks for some mutants only
//
// It exits with 1 if a mutant was missed in one of the ranges, or caught by a property that is none of its own, or if the real engine is not clean. Unless -check is given, also if the small
// scenario of a finding does not break the same on the mutant once more, or breaks the same on the real engine, or if too few findings become small.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/holdfast-lock/holdfast/sim/mutants"
)

func main() {
	if err := hunt(); err != nil {
		fmt.Fprintln(os.Stderr, "hunt:", err)
		os.Exit(1)
	}
}

func hunt() error {
	page := flag.String("o", "", "write the table into this page")
	check := flag.Bool("check", false, "make no finding smaller")
	ranges := flag.Int("ranges", 3, "number of ranges of seeds")
	first := flag.Uint64("first", 1_000_000, "seed that the first range begins with")
	flag.Parse()
	if *ranges < 1 || *check && *page != "" {
		return errors.New("expected a range or more, and no page with -check, which measures only a part of it")
	}
	list, err := chosen(flag.Args())
	if err != nil {
		return err
	}
	h := mutants.Hunt{Root: ".", Command: mutants.SearchCommand, Search: mutants.Schedules{}, Jobs: runtime.GOMAXPROCS(0), Shrink: !*check}
	for i := range *ranges {
		h.Seeds = append(h.Seeds, *first+uint64(i)*1_000_000)
	}
	ctx := context.Background()
	scores, err := h.Run(ctx, list)
	if err != nil {
		return err
	}
	text := mutants.Table(scores)
	fmt.Print(text)
	var wrong []string
	for _, s := range scores {
		wrong = append(wrong, s.Problems()...)
	}
	if h.Shrink {
		line, enough := mutants.Shrinking(scores)
		text = line + "\n\n" + text
		fmt.Println(line)
		if !enough {
			wrong = append(wrong, "too few findings become small")
		}
	}
	clean, err := h.Clean(ctx, list)
	if err != nil {
		return err
	}
	if *page != "" {
		state := "The engine as it is was clean over the same schedules."
		if len(clean) > 0 {
			state = "Over the same schedules, " + strings.Join(clean, "; ") + "."
		}
		if err := os.WriteFile(*page, []byte(fmt.Sprintf(pageText, *ranges, state)+"\n"+text), 0o644); err != nil {
			return err
		}
	}
	if wrong = append(wrong, clean...); len(wrong) > 0 {
		for _, line := range wrong {
			fmt.Println(line)
		}
		return errors.New("not every mutant was found as stated, or the engine is not clean")
	}
	fmt.Printf("%d mutants found in %d ranges of seeds, and nothing in the real engine\n", len(list), *ranges)
	return nil
}

// chosen returns the mutants with the given names, all without names.
func chosen(names []string) ([]*mutants.Mutant, error) {
	if len(names) == 0 {
		return mutants.All()
	}
	var list []*mutants.Mutant
	for _, name := range names {
		m, err := mutants.Named(name)
		if err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, nil
}

const pageText = `# Mutants

Lock engines that are broken on purpose, one step at a time, and how many schedules of random worlds it takes to find each: the median over %d ranges of seeds, and the bound that is held in
each of them. %s [Package mutants](../sim/mutants/doc.go) says how they are made, [its library](../sim/mutants/library) what each is about.

What is found is made smaller. The last columns are medians of what is left: the decisions that the schedule takes other than to let whoever runs go on, the faults, and what it costs to get there.
Each of the small scenarios was read from its file and run again, and breaks the same property. In the engine as it is none of them breaks it, unless it is one of waiting: where a release was
left out others wait with reason.

Written by ` + "`go run ./sim/mutants/hunt -o docs/mutants.md`" + `; ` + "`go run ./sim/mutants/hunt -check`" + ` only looks whether all of them are still found.
`
