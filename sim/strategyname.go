package sim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// First keeps the policy that schedules are described against: the running task goes on, else the one that is ready first. A world without a strategy has it.
type First struct{}

// Begin implements [Strategy].
func (First) Begin(uint64) {}

// Pick implements [Strategy].
func (First) Pick(enabled []*Task, current *Task) *Task { return firstOf(enabled, current) }

// strategies are those that a text can name.
var strategies = []struct {
	name string
	make func() Strategy
}{
	{"first", func() Strategy { return First{} }},
	{"random", func() Strategy { return new(Random) }},
	{"sticky", func() Strategy { return new(Sticky) }},
	{"pct", func() Strategy { return new(PCT) }},
	{"pos", func() Strategy { return new(POS) }},
	{"portfolio", func() Strategy { return new(Portfolio) }},
	{"exhaustive", func() Strategy { return new(Exhaustive) }},
}

// StrategyNames returns the names that [ParseStrategy] knows.
func StrategyNames() []string {
	var names []string
	for _, s := range strategies {
		names = append(names, s.name)
	}
	return names
}

// parametrised is a strategy with numbers to set.
type parametrised interface{ parameters() []parameter }

type parameter struct {
	name  string
	value *int
	most  int // 0: any
}

// mostDepth is more than any bug needs, and little enough to be drawn anew for each run.
const mostDepth = 1000

func (s *Sticky) parameters() []parameter { return []parameter{{"odds", &s.Odds, 0}} }
func (p *PCT) parameters() []parameter {
	return []parameter{{"depth", &p.Depth, mostDepth}, {"length", &p.Length, 0}}
}
func (p *Portfolio) parameters() []parameter  { return []parameter{{"length", &p.Length, 0}} }
func (e *Exhaustive) parameters() []parameter { return []parameter{{"bound", &e.Bound, 0}} }

// ParseStrategy makes the strategy that a text names: a name, and parameters that differ from the usual, as in "pct depth=4 length=500". Every strategy's String is such a text.
func ParseStrategy(text string) (Strategy, error) {
	words := strings.Fields(text)
	if len(words) == 0 {
		return nil, fmt.Errorf("no strategy given, want one of: %s", strings.Join(StrategyNames(), ", "))
	}
	i := slices.Index(StrategyNames(), words[0])
	if i < 0 {
		return nil, fmt.Errorf("strategy %q: not known, want one of: %s", words[0], strings.Join(StrategyNames(), ", "))
	}
	s := strategies[i].make()
	var known []parameter
	if p, ok := s.(parametrised); ok {
		known = p.parameters()
	}
	for _, word := range words[1:] {
		name, number, _ := strings.Cut(word, "=")
		i := slices.IndexFunc(known, func(p parameter) bool { return p.name == name })
		if i < 0 {
			return nil, fmt.Errorf("strategy %s: no parameter is called %q, want %s", words[0], name, describe(known))
		}
		n, err := strconv.Atoi(number)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("strategy %s: %s is %q, want a number from 1 on", words[0], name, number)
		}
		if most := known[i].most; most > 0 && n > most {
			return nil, fmt.Errorf("strategy %s: %s is %q, want a number from 1 to %d", words[0], name, number, most)
		}
		*known[i].value = n
	}
	return s, nil
}

func describe(parameters []parameter) string {
	if len(parameters) == 0 {
		return "none"
	}
	var names []string
	for _, p := range parameters {
		names = append(names, p.name+"=N")
	}
	return strings.Join(names, " or ")
}

func text(name string, parameters []parameter) string {
	for _, p := range parameters {
		if *p.value != 0 {
			name += " " + p.name + "=" + strconv.Itoa(*p.value)
		}
	}
	return name
}

// String returns "first".
func (First) String() string { return "first" }

// String returns "random".
func (*Random) String() string { return "random" }

// String returns the strategy as [ParseStrategy] reads it.
func (s *Sticky) String() string { return text("sticky", s.parameters()) }

// String returns the strategy as [ParseStrategy] reads it.
func (p *PCT) String() string { return text("pct", p.parameters()) }

// String returns "pos".
func (*POS) String() string { return "pos" }

// String returns the strategy as [ParseStrategy] reads it.
func (p *Portfolio) String() string { return text("portfolio", p.parameters()) }

// String returns the strategy as [ParseStrategy] reads it.
func (e *Exhaustive) String() string { return text("exhaustive", e.parameters()) }
