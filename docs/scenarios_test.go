package docs_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/holdfast-lock/holdfast/sim/scenario"
)

// A block whose language is scenario can be run, and nothing is found.
func TestScenariosOfThePagesHold(t *testing.T) {
	found := 0
	for _, p := range pages(t) {
		for _, b := range p.blocks(t) {
			if b.info != "scenario" {
				continue
			}
			found++
			s, err := scenario.Parse(fmt.Sprintf("%s:%d", b.page, b.line), []byte(b.text))
			if err != nil {
				t.Error(err)
				continue
			}
			result, err := scenario.Run(s, scenario.RunOptions{Timeline: true})
			if err != nil || result.Finding != nil {
				t.Errorf("%s:%d: %v %v\n%s", b.page, b.line, err, result.Finding, result.Timeline)
			}
			for _, v := range result.Vain {
				t.Errorf("%s:%d: line %d: %s", b.page, b.line, v.Line, v.Text)
			}
		}
	}
	if found == 0 {
		t.Fatal("no scenario was found: the search is wrong")
	}
}

func TestTheGrammarIsThatOfTheParser(t *testing.T) {
	p := readPage(t, "docs/scenarios.md")
	text := strings.Join(p.lines, "\n")
	if grammar := scenario.Grammar(); !strings.Contains(text, "```text\n"+grammar+"```\n") {
		t.Errorf("docs/scenarios.md has another grammar than\n%s", grammar)
	}
	prose := strings.ReplaceAll(text, "\n", " ")
	if calls := strings.Join(scenario.CallNames(), ", ") + "."; !strings.Contains(prose, calls) {
		t.Errorf("docs/scenarios.md has other calls than %s", calls)
	}
}
