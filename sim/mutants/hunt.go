package mutants

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// Search runs the engine that a program is built on over schedules, in a world in which what needs names goes on, and returns the first finding, nil if there is none. The schedules are
// those of the seeds from first on, count of them.
type Search func(ctx context.Context, program string, needs []Need, first uint64, count int) (*Finding, error)

// Finding is a schedule that breaks a property.
type Finding struct {
	Schedule int // how many it took, this one included
	Property string
	Message  string // in one line
}

// Hunt says how to look for mutants.
type Hunt struct {
	Root    string // of the module
	Command string // the package of the program that is searched with, as "./cmd/holdfast"
	Search  Search
	Seeds   []uint64 // each begins a range of seeds, which is as long as the mutant's bound
	Jobs    int      // how many mutants are hunted at once
}

// Score is what a hunt for one mutant came to.
type Score struct {
	Mutant   *Mutant
	Findings []*Finding // one for each range of seeds; nil where there is none
}

// Median returns the median number of schedules over the ranges of seeds, and false if the mutant was missed in half of them or more.
func (s Score) Median() (int, bool) {
	var counts []int
	for _, f := range s.Findings {
		if f != nil {
			counts = append(counts, f.Schedule)
		}
	}
	slices.Sort(counts)
	middle := len(s.Findings) / 2
	if middle >= len(counts) {
		return 0, false
	}
	return counts[middle], true
}

// Problems says in which ranges of seeds the mutant was missed, or caught by a property that is none of its own.
func (s Score) Problems() []string {
	var list []string
	for i, f := range s.Findings {
		switch {
		case f == nil:
			list = append(list, fmt.Sprintf("mutant %s was not found in %d schedules of range %d", s.Mutant.Name, s.Mutant.Within, i+1))
		case !slices.Contains(s.Mutant.Properties, f.Property):
			list = append(list, fmt.Sprintf("mutant %s was found by %s instead of %v in range %d, schedule %d: %s", s.Mutant.Name, f.Property, s.Mutant.Properties, i+1, f.Schedule, f.Message))
		}
	}
	return list
}

// Run hunts mutants and returns their scores in the order of the mutants. An error is one of building or of running a program, not that a mutant was missed.
func (h Hunt) Run(ctx context.Context, list []*Mutant) ([]Score, error) {
	scores := make([]Score, len(list))
	err := h.each(ctx, len(list), func(ctx context.Context, i int, dir string) error {
		m := list[i]
		program, err := Build(ctx, h.Root, h.Command, m, dir)
		if err != nil {
			return err
		}
		scores[i].Mutant = m
		for _, first := range h.Seeds {
			f, err := h.Search(ctx, program, m.Needs, first, m.Within)
			if err != nil {
				return fmt.Errorf("mutant %s, seeds from %d on: %w", m.Name, first, err)
			}
			scores[i].Findings = append(scores[i].Findings, f)
		}
		return nil
	})
	return scores, err
}

// Clean runs the real engine over the schedules of a hunt for the mutants, and returns what is found, which should be nothing.
func (h Hunt) Clean(ctx context.Context, list []*Mutant) ([]*Finding, error) {
	dir, err := os.MkdirTemp("", "holdfast-engine-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	program, err := Build(ctx, h.Root, h.Command, nil, dir)
	if err != nil {
		return nil, err
	}
	// The schedules of mutants with the same needs are the same.
	var worlds []*Mutant
	for _, m := range list {
		i := slices.IndexFunc(worlds, func(w *Mutant) bool { return slices.Equal(w.Needs, m.Needs) })
		switch {
		case i < 0:
			worlds = append(worlds, m)
		case m.Within > worlds[i].Within:
			worlds[i] = m
		}
	}
	findings := make([]*Finding, len(worlds)*len(h.Seeds))
	err = h.each(ctx, len(findings), func(ctx context.Context, i int, _ string) error {
		m, first := worlds[i/len(h.Seeds)], h.Seeds[i%len(h.Seeds)]
		f, err := h.Search(ctx, program, m.Needs, first, m.Within)
		if err != nil {
			return fmt.Errorf("the engine in a world with %v, seeds from %d on: %w", m.Needs, first, err)
		}
		findings[i] = f
		return nil
	})
	return slices.DeleteFunc(findings, func(f *Finding) bool { return f == nil }), err
}

// each calls f for 0 to n-1, Jobs at a time, each with a directory of its own, until there is an error, of which it returns the first.
func (h Hunt) each(ctx context.Context, n int, f func(ctx context.Context, i int, dir string) error) error {
	dir, err := os.MkdirTemp("", "holdfast-mutants-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	next := make(chan int)
	for range max(h.Jobs, 1) {
		wg.Go(func() {
			for i := range next {
				own := filepath.Join(dir, fmt.Sprint(i))
				err := os.Mkdir(own, 0o777)
				if err == nil {
					err = f(ctx, i, own)
				}
				os.RemoveAll(own) // programs are large
				if err != nil {
					cancel(err)
				}
			}
		})
	}
	for i := range n {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	wg.Wait()
	return context.Cause(ctx)
}
