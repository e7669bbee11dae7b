package mutants

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// Searcher looks for schedules that break a property of the engine that a program is built on.
type Searcher interface {
	// Search runs the schedules of the seeds from first on, count of them, in worlds in which what needs names goes on, and returns the first finding, nil if there is none.
	Search(ctx context.Context, program string, needs []Need, first uint64, count int) (*Finding, error)
	// Shrink makes the scenario of a finding smaller. It returns nil if the scenario breaks no property.
	Shrink(ctx context.Context, program, scenario string) (*Small, error)
	// Replay runs a scenario, and returns nil if it breaks no property.
	Replay(ctx context.Context, program, scenario string) (*Finding, error)
}

// Finding is a schedule that breaks a property.
type Finding struct {
	Schedule int // how many it took, this one included
	Property string
	Message  string // in one line
	Scenario string // its file
}

// Small is the scenario of a finding, made smaller.
type Small struct {
	Scenario   string // its file
	Deviations int    // of the schedule, from the one in which whoever runs goes on
	Faults     int
	Property   string        // that the scenario breaks when it is read from its file and run again; "" if none
	Real       string        // that it breaks when it is run on the real engine
	CPU        time.Duration // that it took to make it so
}

// Hunt says how to look for mutants.
type Hunt struct {
	Root    string // of the module
	Command string // the package of the program that is searched with, as "./cmd/holdfast"
	Search  Searcher
	Seeds   []uint64 // each begins a range of seeds, which is as long as the mutant's bound
	Jobs    int      // how many mutants are hunted at once
	Shrink  bool     // also makes the findings smaller
}

// Score is what a hunt for one mutant came to.
type Score struct {
	Mutant   *Mutant
	Findings []*Finding // one for each range of seeds; nil where there is none
	Small    []*Small   // of each finding, if they were made smaller
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

// Problems says in which ranges of seeds the mutant was missed, or caught by a property that is none of its own, or its small scenario is not one of a bug that only the mutant has.
func (s Score) Problems() []string {
	var list []string
	for i, f := range s.Findings {
		say := func(format string, args ...any) {
			list = append(list, fmt.Sprintf("mutant %s ", s.Mutant.Name)+fmt.Sprintf(format, args...))
		}
		switch {
		case f == nil:
			say("was not found in %d schedules of range %d", s.Mutant.Within, i+1)
			continue
		case !slices.Contains(s.Mutant.Properties, f.Property):
			say("was found by %s instead of %v in range %d, schedule %d: %s", f.Property, s.Mutant.Properties, i+1, f.Schedule, f.Message)
		}
		if i >= len(s.Small) {
			continue
		}
		switch small := s.Small[i]; {
		case small == nil || small.Property != f.Property:
			say("was found by %s in range %d, schedule %d, and the small scenario does not break that when it is run again", f.Property, i+1, f.Schedule)
		case small.Real == f.Property:
			say("was found by %s in range %d, schedule %d, and the real engine breaks that too in the small scenario:\n%s", f.Property, i+1, f.Schedule, small.Scenario)
		}
	}
	return list
}

// Run hunts mutants and returns their scores in the order of the mutants. An error is one of building or of running a program, not that a mutant was missed.
func (h Hunt) Run(ctx context.Context, list []*Mutant) ([]Score, error) {
	scores := make([]Score, len(list))
	real := ""
	if h.Shrink {
		dir, err := os.MkdirTemp("", "holdfast-engine-")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(dir)
		if real, err = Build(ctx, h.Root, h.Command, nil, dir); err != nil {
			return nil, err
		}
	}
	err := h.each(ctx, len(list), func(ctx context.Context, i int, dir string) error {
		m := list[i]
		program, err := Build(ctx, h.Root, h.Command, m, dir)
		if err != nil {
			return err
		}
		scores[i].Mutant = m
		for _, first := range h.Seeds {
			f, err := h.Search.Search(ctx, program, m.Needs, first, m.Within)
			if err != nil {
				return fmt.Errorf("mutant %s, seeds from %d on: %w", m.Name, first, err)
			}
			scores[i].Findings = append(scores[i].Findings, f)
			if !h.Shrink {
				continue
			}
			small, err := h.smaller(ctx, program, real, f)
			if err != nil {
				return fmt.Errorf("mutant %s, the finding of the seeds from %d on: %w", m.Name, first, err)
			}
			scores[i].Small = append(scores[i].Small, small)
		}
		return nil
	})
	return scores, err
}

// smaller makes a finding smaller, if there is one, and runs what is left on the real engine.
func (h Hunt) smaller(ctx context.Context, program, real string, f *Finding) (*Small, error) {
	if f == nil {
		return nil, nil
	}
	small, err := h.Search.Shrink(ctx, program, f.Scenario)
	if small == nil || err != nil {
		return nil, err
	}
	wrong, err := h.Search.Replay(ctx, real, small.Scenario)
	if wrong != nil {
		small.Real = wrong.Property
	}
	return small, err
}

// Clean runs the real engine over the schedules of a hunt for the mutants, and returns what is found, which should be nothing: a line for each finding.
func (h Hunt) Clean(ctx context.Context, list []*Mutant) ([]string, error) {
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
	lines := make([]string, len(worlds)*len(h.Seeds))
	err = h.each(ctx, len(lines), func(ctx context.Context, i int, _ string) error {
		m, first := worlds[i/len(h.Seeds)], h.Seeds[i%len(h.Seeds)]
		f, err := h.Search.Search(ctx, program, m.Needs, first, m.Within)
		if err != nil {
			return fmt.Errorf("the engine in a world with %v, seeds from %d on: %w", m.Needs, first, err)
		}
		if f != nil {
			lines[i] = fmt.Sprintf("the real engine breaks %s in a world with %v, seed %d: %s", f.Property, m.Needs, first+uint64(f.Schedule)-1, f.Message)
		}
		return nil
	})
	return slices.DeleteFunc(lines, func(line string) bool { return line == "" }), err
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
