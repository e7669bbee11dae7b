// Hunt looks for every mutant of the lock engine in several ranges of seeds, and for findings in the real engine over the same schedules. It is run in the root of the repository:
//
//	go run ./sim/mutants/hunt                         # says what it found
//	go run ./sim/mutants/hunt -o docs/mutants.md      # and writes the page
//	go run ./sim/mutants/hunt -ranges 1 NAME…         # looks for some mutants only
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"

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
	ranges := flag.Int("ranges", 5, "number of ranges of seeds")
	first := flag.Uint64("first", 1_000_000, "seed that the first range begins with")
	flag.Parse()
	list, err := mutants.All()
	if err != nil {
		return err
	}
	if flag.NArg() > 0 {
		list = nil
		for _, name := range flag.Args() {
			m, err := mutants.Named(name)
			if err != nil {
				return err
			}
			list = append(list, m)
		}
	}
	h := mutants.Hunt{Root: ".", Command: mutants.SearchCommand, Search: mutants.Schedules, Jobs: runtime.GOMAXPROCS(0)}
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
	wrong := 0
	for _, s := range scores {
		for _, p := range s.Problems() {
			fmt.Println(p)
			wrong++
		}
	}
	clean, err := h.Clean(ctx, list)
	if err != nil {
		return err
	}
	for _, f := range clean {
		fmt.Printf("the real engine, schedule %d: %s: %s\n", f.Schedule, f.Property, f.Message)
		wrong++
	}
	if *page != "" {
		if err := os.WriteFile(*page, []byte(fmt.Sprintf(pageText, *ranges)+"\n"+text), 0o644); err != nil {
			return err
		}
	}
	if wrong > 0 {
		return errors.New("not every mutant was found as stated, or the engine is not clean")
	}
	return nil
}

const pageText = `# Mutants

Lock engines that are broken on purpose, one step at a time, and how many schedules of random worlds it takes to find each: the median over %d ranges of seeds, and the bound that a test
holds. The engine as it is was clean over the same schedules. [Package mutants](../sim/mutants/doc.go) says how they are made, [its library](../sim/mutants/library) what each is about.

Written by ` + "`go run ./sim/mutants/hunt -o docs/mutants.md`" + `.
`
