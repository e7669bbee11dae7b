package scenario

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/linearize"
	"github.com/holdfast-lock/holdfast/sim"
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
		result := mustRun(t, s, RunOptions{Timeline: true, History: true})
		if result.Finding != nil {
			t.Fatalf("%v\n%s%s", result.Finding, result.Timeline, result.Finding.Stack)
		}
		for i := range result.Histories {
			if check := linearize.Check(result.Histories[i], time.Minute); check.Verdict != linearize.Linearizable {
				t.Errorf("history %d is %v: %s", i, check.Verdict, check.Evidence)
			}
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
		c.Want = Want{Outcome: OK}
		if s.Want.Outcome == OK {
			c.Want.Outcome = Dead
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
	if s.Want.Calls > 0 {
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

func TestLibraryIsTheSameOnBothEngines(t *testing.T) {
	scenarios(t, func(t *testing.T, name string, s *Scenario) {
		a := mustRun(t, s, RunOptions{})
		b := mustRun(t, s, RunOptions{Engine: sim.Channels})
		if a.Hash != b.Hash || a.Steps != b.Steps {
			t.Errorf("%d steps to %x by coroutines, %d to %x by channels", a.Steps, a.Hash, b.Steps, b.Hash)
		}
	})
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
