package scenario

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "record what the scenarios look like")

const libraryDir = "library"

// scenarios are those of the library, by name.
func scenarios(t *testing.T, do func(t *testing.T, name string, s *Scenario)) {
	t.Helper()
	names := Library()
	if len(names) == 0 {
		t.Fatal("the library is empty")
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			text, err := LibraryFile(name)
			if err != nil {
				t.Fatal(err)
			}
			s, err := Parse(filepath.Join(libraryDir, name), text)
			if err != nil {
				t.Fatal(err)
			}
			do(t, name, s)
		})
	}
}

func mustRun(t *testing.T, s *Scenario, o RunOptions) Result {
	t.Helper()
	result, err := Run(s, o)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestLibraryHoldsAndLooksAsRecorded(t *testing.T) {
	scenarios(t, func(t *testing.T, name string, s *Scenario) {
		recorded := s.Expected
		if *update {
			s.Expected = ""
		}
		result := mustRun(t, s, RunOptions{Timeline: true, History: HistoryTime, Twice: true})
		if result.Finding != nil {
			t.Fatalf("%v\n%s%s", result.Finding, result.Timeline, result.Finding.Stack)
		}
		for _, v := range result.Vain {
			t.Errorf("line %d: %s", v.Line, v.Text)
		}
		if !*update {
			if recorded == "" {
				t.Error("has no recorded output: go test ./sim/scenario -update")
			}
			return
		}
		file := filepath.Join(libraryDir, name)
		text, err := os.ReadFile(file)
		if err == nil && recorded != result.Timeline {
			err = os.WriteFile(file, WithExpected(text, result.Timeline), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	})
}

// Each expectation is turned round, and the run must find it.
func TestLibraryFailsWhenAnExpectationIsInverted(t *testing.T) {
	scenarios(t, func(t *testing.T, name string, s *Scenario) {
		s.Expected = ""
		inverted := 0
		for i := range s.Steps {
			for _, wrong := range inversions(s.Steps[i]) {
				c := s.Clone()
				c.Steps[i] = wrong
				inverted++
				if result := mustRun(t, c, RunOptions{}); result.Finding == nil {
					t.Errorf("line %d: %s: passes as well as %s", s.Steps[i].Line, wrong.String(), s.Steps[i].String())
				}
			}
		}
		if inverted == 0 {
			t.Error("expects nothing")
		}
	})
}

// inversions are steps that expect what does not happen where s is right.
func inversions(s Step) []Step {
	var list []Step
	for j := range s.Block {
		for _, wrong := range inversions(s.Block[j]) {
			c := s
			c.Block = slices.Clone(s.Block)
			c.Block[j] = wrong
			list = append(list, c)
		}
	}
	if s.Want.Outcome != Any {
		c := s
		c.Want = Want{Outcome: Dead}
		if s.Want.Outcome == Dead {
			c.Want.Outcome = OK
		}
		list = append(list, c)
	}
	if s.Want.Token > 0 {
		c := s
		c.Want.Token++
		list = append(list, c)
	}
	if s.Want.Depth > 0 {
		c := s
		c.Want.Depth++
		list = append(list, c)
	}
	if s.Want.Within > 0 {
		c := s
		c.Want.Within = 1
		list = append(list, c)
	}
	if s.Want.Calls > 1 {
		c := s
		c.Want.Calls = 1
		list = append(list, c)
	}
	opposite := map[Verb]Verb{VerbCheckFree: VerbCheckHeld, VerbCheckHeld: VerbCheckFree, VerbCheckExists: VerbCheckMissing, VerbCheckMissing: VerbCheckExists}
	c := s
	switch s.Verb {
	case VerbCheckFree, VerbCheckHeld, VerbCheckExists, VerbCheckMissing:
		c.Verb = opposite[s.Verb]
		if c.Verb == VerbCheckFree {
			c.Who = ""
		}
	case VerbCheckContent:
		c.Text += "x"
	case VerbCheckMode:
		c.Mode ^= 1
	case VerbCheckLeftovers:
		c.Count++
	default:
		return list
	}
	return append(list, c)
}

func TestLibraryIsCanonical(t *testing.T) {
	scenarios(t, func(t *testing.T, name string, s *Scenario) {
		again, err := Parse(name, []byte(s.String()))
		if err != nil {
			t.Fatalf("%v\n%s", err, s)
		}
		if !s.Equal(again) {
			t.Errorf("comes out as another one:\n%s", s)
		}
	})
}

// The catalogue: its items are numbered without a gap.
const lastBug, lastWeakness = 48, 29

func TestEveryItemIsAScenarioOrWaitsForItsKind(t *testing.T) {
	waiting := make(map[string]bool)
	kinds := []string{"soft", "strict", "lease", "soft-rw", "sqlite", "windows", "windows-soft"}
	text, err := LibraryFile("pending.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		words := strings.Fields(line)
		if len(words) < 3 || !slices.Contains(kinds, words[1]) || waiting[words[0]] {
			t.Errorf("pending.txt: %q: want an item, once, its kind, and what goes wrong", strings.TrimSpace(line))
			continue
		}
		waiting[words[0]] = true
	}
	covered := make(map[string]bool)
	scenarios(t, func(t *testing.T, name string, s *Scenario) {
		if len(s.Items()) == 0 {
			t.Error("names no item at its top, and is not [own]")
		}
		for _, item := range s.Items() {
			if kin, ok := strings.CutPrefix(item, "~"); ok {
				if !waiting[kin] {
					t.Errorf("is kin of %s, which does not wait for its kind", kin)
				}
				continue
			}
			covered[item] = true
		}
	})
	delete(covered, "own")
	for _, row := range []struct {
		letter string
		last   int
	}{{"A", lastBug}, {"W", lastWeakness}} {
		for n := 1; n <= row.last; n++ {
			item := row.letter + strconv.Itoa(n)
			if covered[item] == waiting[item] {
				t.Errorf("%s: is a scenario: %v; waits for its kind: %v", item, covered[item], waiting[item])
			}
			delete(covered, item)
			delete(waiting, item)
		}
	}
	if len(covered)+len(waiting) > 0 {
		t.Errorf("no items of the catalogue: %v %v", covered, waiting)
	}
	t.Logf("%d scenarios; %d items wait for their kind", len(Library()), strings.Count(string(text), "\n")-1)
}

func TestEveryScenarioSaysWhatItIsAbout(t *testing.T) {
	scenarios(t, func(t *testing.T, name string, s *Scenario) {
		text := strings.Join(s.Comment, "\n")
		if len(s.Comment) < 3 || s.Comment[1] != "" || !strings.Contains(text, "Naive:") {
			t.Error("want a sentence, an empty line, where it went wrong, and what a naive protocol does")
		}
	})
}
