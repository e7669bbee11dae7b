package mutants

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// prey makes a module whose program prints the property that it breaks, if any, and mutants of it.
func prey(t *testing.T) (root string, list []*Mutant) {
	t.Helper()
	root = t.TempDir()
	for name, text := range map[string]string{
		"go.mod":  "module prey\n\ngo 1.26\n",
		"prey.go": "package main\n\nfunc main() {\n\tprint(\"\")\n}\n",
	} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for i, property := range []string{"P1", "P5", "P6"} {
		list = append(list, &Mutant{
			Name: "weak" + strconv.Itoa(i), Story: "Weak.", Properties: []string{"P1", "P5"}, Needs: []Need{Tasks}, Within: 10,
			Changes: []Change{{"prey.go", "\tprint(\"\")\n", "\tprint(\"" + property + "\")\n"}},
		})
	}
	return root, list
}

// searcher finds what the program prints, after as many schedules as first says. What it makes smaller is the name of the property alone.
type searcher struct {
	searched func(needs []Need, count int) error // is told of each search, unless it is nil
	forgets  bool                                // the small scenario is none of a bug
	both     bool                                // the small scenario is one of a bug of the real engine
}

func (s searcher) Search(ctx context.Context, program string, needs []Need, first uint64, count int) (*Finding, error) {
	if s.searched != nil {
		if err := s.searched(needs, count); err != nil {
			return nil, err
		}
	}
	out, err := exec.CommandContext(ctx, program).CombinedOutput()
	if err != nil || len(out) == 0 || int(first) > count {
		return nil, err
	}
	return &Finding{int(first), string(out), "it is weak", "long " + string(out)}, nil
}

func (s searcher) Shrink(_ context.Context, _, scenario string) (*Small, error) {
	_, property, _ := strings.Cut(scenario, " ")
	small := &Small{Scenario: property, Property: property, Deviations: 2, CPU: time.Millisecond}
	if s.forgets {
		small.Property = ""
	}
	return small, nil
}

func (s searcher) Replay(ctx context.Context, program, scenario string) (*Finding, error) {
	out, err := exec.CommandContext(ctx, program).CombinedOutput()
	if s.both {
		out = []byte("P1")
	}
	if err != nil || len(out) == 0 {
		return nil, err
	}
	return &Finding{1, string(out), "it is weak", scenario}, nil
}

func TestHuntSearchesTheMutantAndNotTheEngine(t *testing.T) {
	root, list := prey(t)
	h := Hunt{Root: root, Command: ".", Search: searcher{}, Seeds: []uint64{7, 3, 11}, Jobs: 2, Shrink: true}
	scores, err := h.Run(t.Context(), list)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range scores {
		if s.Mutant != list[i] || len(s.Findings) != 3 || s.Findings[2] != nil || len(s.Small) != 3 || s.Small[2] != nil {
			t.Fatalf("%s: %+v", list[i].Name, s)
		}
		if n, ok := s.Median(); n != 7 || !ok {
			t.Errorf("%s: median %d, %t", s.Mutant.Name, n, ok)
		}
	}
	want := []string{"mutant weak1 was not found in 10 schedules of range 3"}
	if got := scores[1].Problems(); !slices.Equal(got, want) {
		t.Errorf("%q instead of %q", got, want)
	}
	want = []string{"mutant weak2 was found by P6 instead of [P1 P5] in range 1, schedule 7: it is weak"}
	if got := scores[2].Problems()[:1]; !slices.Equal(got, want) {
		t.Errorf("%q instead of %q", got, want)
	}
	if row := strings.Split(Table(scores), "\n")[3]; row != "| weak1 | Weak. | tasks | P5 | 7 | 10 | 2 | 0 | 0s |" {
		t.Error(row)
	}
	if real, err := os.ReadFile(filepath.Join(root, "prey.go")); err != nil || !strings.Contains(string(real), `print("")`) {
		t.Errorf("the engine was changed: %s %v", real, err)
	}
}

// TestSmallScenarioIsOneOfTheMutantAlone: one that shows nothing, or what the real engine does as well, would be sent to whoever looks for the bug.
func TestSmallScenarioIsOneOfTheMutantAlone(t *testing.T) {
	root, list := prey(t)
	for _, row := range []struct {
		search searcher
		want   string
	}{
		{searcher{forgets: true}, "mutant weak0 was found by P1 in range 1, schedule 3, and the small scenario does not break that when it is run again"},
		{searcher{both: true}, "mutant weak0 was found by P1 in range 1, schedule 3, and the real engine breaks that too in the small scenario:\nP1"},
	} {
		h := Hunt{Root: root, Command: ".", Search: row.search, Seeds: []uint64{3}, Jobs: 1, Shrink: true}
		scores, err := h.Run(t.Context(), list[:1])
		if err != nil {
			t.Fatal(err)
		}
		if got := scores[0].Problems(); !slices.Equal(got, []string{row.want}) {
			t.Errorf("%q instead of %q", got, row.want)
		}
	}
}

func TestShrinkingAsksForNineOfTenMutants(t *testing.T) {
	var scores []Score
	for i := range 10 {
		small := &Small{Deviations: fewDeviations, CPU: soon - 1}
		if i == 3 {
			small.Deviations++
		}
		scores = append(scores, Score{Mutant: new(Mutant), Small: []*Small{small}})
	}
	if line, enough := Shrinking(scores); !enough || !strings.Contains(line, "9 of 10") {
		t.Error(line, enough)
	}
	scores[4].Small[0].CPU = soon
	if line, enough := Shrinking(scores); enough || !strings.Contains(line, "8 of 10") {
		t.Error(line, enough)
	}
	scores[4].Small = nil // missed
	if line, enough := Shrinking(scores); enough {
		t.Error(line, enough)
	}
}

func TestCleanSearchesTheEngineOnceInEachWorld(t *testing.T) {
	root, list := prey(t)
	list[1].Within = 20
	list[2].Needs = nil
	var searches atomic.Int32
	h := Hunt{Root: root, Command: ".", Seeds: []uint64{1, 2}, Jobs: 2}
	h.Search = searcher{searched: func(needs []Need, count int) error {
		searches.Add(1)
		if len(needs) == 1 && count != 20 || needs == nil && count != 10 {
			t.Errorf("%d schedules in a world with %v", count, needs)
		}
		return nil
	}}
	lines, err := h.Clean(t.Context(), list)
	if err != nil || len(lines) != 0 || searches.Load() != 4 {
		t.Errorf("%v %v after %d searches", lines, err, searches.Load())
	}

	if err := os.WriteFile(filepath.Join(root, "prey.go"), []byte("package main\n\nfunc main() {\n\tprint(\"P9\")\n}\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	lines, err = h.Clean(t.Context(), list)
	if err != nil || len(lines) != 4 || lines[1] != "the real engine breaks P9 in a world with [tasks], seed 3: it is weak" {
		t.Errorf("%q %v: an engine that is broken is said to be clean", lines, err)
	}
}

func TestHuntEndsWithAnErrorThatNamesTheMutant(t *testing.T) {
	broken := errors.New("the program is broken")
	for _, row := range []struct {
		name   string
		change func(*Hunt, *Mutant)
		want   string
	}{
		{"does not fit", func(_ *Hunt, m *Mutant) { m.Changes[0].Old = "\tprint(0)\n" }, "mutant weak0 does not fit prey.go any more"},
		{"does not build", func(_ *Hunt, m *Mutant) { m.Changes[0].New = "\tprint(x)\n" }, "mutant weak0 does not build"},
		{"does not run", func(h *Hunt, _ *Mutant) {
			h.Search = searcher{searched: func([]Need, int) error { return broken }}
		}, "mutant weak0, seeds from 1 on: the program is broken"},
	} {
		t.Run(row.name, func(t *testing.T) {
			root, list := prey(t)
			h := Hunt{Root: root, Command: ".", Search: searcher{}, Seeds: []uint64{1}, Jobs: 1}
			row.change(&h, list[0])
			_, err := h.Run(t.Context(), list)
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("%v instead of %s", err, row.want)
			}
		})
	}
}

// few mutants are hunted in the tests, of steps of each kind; the command in hunt hunts all.
var few = []string{"no-identity-check", "turn-before-unlock", "lost-without-clock", "fence-without-sync", "second-release"}

func TestMutantsAreFoundAndTheEngineIsClean(t *testing.T) {
	var list []*Mutant
	for _, name := range few {
		m, err := Named(name)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, m)
	}
	h := Hunt{Root: root, Command: SearchCommand, Search: Schedules{}, Seeds: []uint64{1_000_000}, Jobs: 2, Shrink: true}
	scores, err := h.Run(t.Context(), list)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range scores {
		for _, p := range s.Problems() {
			t.Error(p)
		}
	}
	lines, err := h.Clean(t.Context(), list)
	if err != nil || len(lines) > 0 {
		t.Errorf("%v %q", err, lines)
	}
}

func TestMedian(t *testing.T) {
	for _, row := range []struct {
		counts []int // 0: not found
		median int
		found  bool
	}{
		{[]int{5}, 5, true},
		{[]int{9, 1, 4}, 4, true},
		{[]int{9, 0, 4}, 9, true},
		{[]int{0, 0, 4}, 0, false},
		{[]int{0}, 0, false},
		{nil, 0, false},
	} {
		var s Score
		for _, n := range row.counts {
			f := &Finding{Schedule: n}
			if n == 0 {
				f = nil
			}
			s.Findings = append(s.Findings, f)
		}
		if n, found := s.Median(); n != row.median || found != row.found {
			t.Errorf("%s: %d, %t", fmt.Sprint(row.counts), n, found)
		}
	}
}
