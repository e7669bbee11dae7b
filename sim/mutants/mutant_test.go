package mutants

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

const whole = `What is weakened.

How that goes wrong,
at length.

property: P1 P8
needs: lifetime stops
within: 400
-- lock/a.go: old --
	a()
	b()
-- lock/a.go: new --
	a()
-- lock/b.go: old --
	c()
-- lock/b.go: new --
`

func TestParse(t *testing.T) {
	m, err := Parse("library/weak.txtar", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	if m.Name != "weak" || m.Title() != "What is weakened." || !strings.HasSuffix(m.Story, "\nat length.") {
		t.Errorf("%q: %q", m.Name, m.Story)
	}
	if !slices.Equal(m.Properties, []string{"P1", "P8"}) || !slices.Equal(m.Needs, []Need{Lifetime, Stops}) || m.Within != 400 {
		t.Errorf("%v %v %d", m.Properties, m.Needs, m.Within)
	}
	if !slices.Equal(m.Changes, []Change{{"lock/a.go", "\ta()\n\tb()\n", "\ta()\n"}, {"lock/b.go", "\tc()\n", ""}}) {
		t.Errorf("%q", m.Changes)
	}
}

// TestParseIsStrict: a mutant that was misspelled would be one that is never looked for.
func TestParseIsStrict(t *testing.T) {
	for _, row := range []struct{ old, new, want string }{
		{"What is weakened.\n\nHow that goes wrong,\nat length.\n\n", "", "weak.txtar:1: expected what is weakened"},
		{"property: P1 P8\n", "", `weak.txtar:6: expected a setting "property" as well`},
		{"within: 400\n", "", `weak.txtar:6: expected a setting "within" as well`},
		{"P1 P8", "P1 P21", "weak.txtar:6: expected properties from P1 to P20"},
		{"P1 P8", "P1 mutual exclusion", "weak.txtar:6: expected properties from P1 to P20"},
		{"lifetime stops", "lifetime naps", "weak.txtar:7: expected needs out of"},
		{"lifetime stops", "stops stops", "weak.txtar:7: expected needs out of"},
		{"within: 400", "within: few", "weak.txtar:8: expected a number of schedules"},
		{"within: 400", "within: 0", "weak.txtar:8: expected a number of schedules"},
		{"within: 400", "within: 400\nwithin: 400", "weak.txtar:9: expected property, needs and within, each once at most"},
		{"within: 400", "within 400", `weak.txtar:8: expected "property: P…", "needs: …" or "within: SCHEDULES"`},
		{"within: 400", "inside: 400", "weak.txtar:8: expected property, needs and within"},
		{whole[strings.Index(whole, "-- "):], "", `weak.txtar:9: expected a section "-- FILE.go: old --"`},
		{"-- lock/a.go: old --", "-- lock/a.go --", `weak.txtar:9: expected a section "-- FILE.go: old --"`},
		{"-- lock/a.go: old --", "-- ../a.go: old --", `weak.txtar:9: expected a section "-- FILE.go: old --"`},
		{"-- lock/a.go: old --\n\ta()\n\tb()\n", "-- lock/a.go: old --\n", "weak.txtar:9: expected the lines of lock/a.go"},
		{"-- lock/a.go: new --", "-- lock/c.go: new --", `weak.txtar:12: expected a section "-- lock/a.go: new --", not "lock/c.go: new"`},
		{"-- lock/b.go: new --\n", "", `weak.txtar:16: expected a section "-- lock/b.go: new --"`},
		{"-- lock/a.go: new --\n\ta()\n", "-- lock/a.go: new --\n\ta()\n\tb()\n", "weak.txtar:12: the new text of lock/a.go is the old one"},
	} {
		text := strings.Replace(whole, row.old, row.new, 1)
		if text == whole {
			t.Fatalf("%q is not in the text", row.old)
		}
		m, err := Parse("weak.txtar", []byte(text))
		if err == nil {
			t.Errorf("%q: taken as %+v instead of %s", row.new, m, row.want)
		} else if !strings.Contains(err.Error(), row.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v\ninstead of %s", row.new, err, row.want)
		}
	}
}

func TestLoadNamesTheFileThatIsWrong(t *testing.T) {
	_, err := load(fstest.MapFS{"library/good.txtar": {Data: []byte(whole)}, "library/weak.txtar": {Data: []byte("What?\n")}}, "library/*.txtar")
	if err == nil || !strings.Contains(err.Error(), "sim/mutants/library/weak.txtar:1: ") {
		t.Error(err)
	}
}
