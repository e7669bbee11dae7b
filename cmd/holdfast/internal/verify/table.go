package verify

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// WriteText writes the report for people to read. Its last line is the verdict.
func (r *Report) WriteText(w io.Writer) {
	fmt.Fprintf(w, "Locks in %s: %v.\n", r.Dir, r.Mount)
	say(w, "For each kind %d processes contended for %v, each inside for %v at a time. Meanwhile some were killed and some stopped, holders as well as waiters (seed %d).",
		r.Processes, r.For, r.Hold, r.Seed)
	if r.Lifetime > 0 {
		say(w, "Holds expired after %v. A holder that was stopped stood still until another process had taken over; its hold counts up to the last moment at which it could rely on it.", r.Lifetime)
	}
	also := ""
	if r.Fencing {
		also = "; and the fencing numbers must grow"
	}
	say(w, "Every hold was recorded outside the directory. No two may overlap; some order of all acquisitions and releases must explain what the processes saw (linearizability)%s.", also)
	fmt.Fprintln(w)
	r.writeTable(w)
	say(w, "Hand-off: from a release to the acquisition by a process that waited for it. Worst wait: holders that stood still included. Fairness: Jain's index of the processes that nothing was done to; 1 is an equal share for each.")
	for _, k := range r.Kinds {
		fmt.Fprintln(w)
		k.writeText(w)
	}
	fmt.Fprintln(w)
	fmt.Fprintln(w, r.Verdict())
}

func (r *Report) writeTable(w io.Writer) {
	t := table.NewWriter()
	t.SetOutputMirror(w)
	t.SetStyle(table.StyleLight)
	t.Style().Format.Header = text.FormatDefault
	header := table.Row{"kind", "excludes", "acquisitions", "hand-off median", "hand-off p99", "worst wait", "fairness", ""}
	t.AppendHeader(header)
	var right []table.ColumnConfig
	for n := 3; n < len(header); n++ {
		right = append(right, table.ColumnConfig{Number: n, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	t.SetColumnConfigs(right)
	for _, k := range r.Kinds {
		f := k.Figures
		verdict := "passed"
		if !k.Passed() {
			verdict = "FAILED"
		}
		if f.Acquisitions == 0 {
			t.AppendRow(table.Row{k.Kind, loud(k.Excludes), 0, "-", "-", "-", "-", verdict})
			continue
		}
		t.AppendRow(table.Row{k.Kind, loud(k.Excludes), f.Acquisitions, people(f.HandOff.Median), people(f.HandOff.P99), people(f.Wait.Max), fmt.Sprintf("%.3f", f.Jain), verdict})
	}
	t.Render()
}

func (k *Result) writeText(w io.Writer) {
	if k.Figures.Processes > 0 {
		say(w, "%s: killed %v; stopped %v.", k.Kind, k.Killed, k.Stopped)
	}
	if k.Stopped.Holders > 0 {
		relieved := ""
		if k.TakenOver > 0 {
			relieved = fmt.Sprintf(", and was relieved after its lifetime in %d of %d cases", k.TakenOver, k.Stopped.Holders)
		}
		say(w, "%s: a holder that was stopped stood still for up to %v%s.", k.Kind, people(k.LongestStop), relieved)
	}
	if k.Stopped.Waiters > 0 {
		say(w, "%s: while a waiter was stopped, the lock stood free for at most %v with another one waiting.", k.Kind, people(k.FreeInStop))
	}
	for _, f := range k.Findings {
		fmt.Fprintf(w, "%s: %s: %s.\n", k.Kind, strings.ToUpper(string(f.What)), f.Detail)
	}
	if len(k.History) > 0 {
		fmt.Fprintf(w, "%s: all holds are kept in %s\n", k.Kind, strings.Join(k.History, " and "))
	}
}

// lineWidth is as wide as the table. Only prose is wrapped: a path must stay in one piece.
const lineWidth = 100

func say(w io.Writer, format string, args ...any) {
	for line := range strings.Lines(text.WrapSoft(fmt.Sprintf(format, args...), lineWidth)) {
		fmt.Fprintln(w, strings.TrimRight(line, " \n")) // it fills lines up
	}
}

// Verdict is the report in one sentence.
func (r *Report) Verdict() string {
	var passed, failed []string
	for _, k := range r.Kinds {
		if k.Passed() {
			passed = append(passed, k.Kind)
			continue
		}
		what := map[Answer]string{No: "does NOT exclude", NoLocks: "gives no locks here", Undecided: "could not be decided"}[k.Excludes]
		if what == "" {
			what = "does not work: " + string(k.Findings[0].What)
		}
		failed = append(failed, fmt.Sprintf("%s %s", k.Kind, what))
	}
	if len(failed) > 0 {
		return "FAILED: " + strings.Join(failed, "; ") + "."
	}
	return fmt.Sprintf("PASSED: on this filesystem the lock excludes, killed and stopped processes included: %s.", strings.Join(passed, ", "))
}

func (m Mount) String() string {
	if m.Type == "" {
		return "the filesystem is unknown, because this system does not name it"
	}
	return fmt.Sprintf("%s, mounted at %s (%s)", m.Type, m.Point, m.Options)
}

func (m Met) String() string {
	s := count(m.Holders, "holder") + " and " + count(m.Waiters, "waiter")
	if m.OnTheEdge > 0 {
		s += fmt.Sprintf(" and %d on the way in or out", m.OnTheEdge)
	}
	return s
}

func count(n int, what string) string {
	switch {
	case n == 1:
		return "1 " + what
	case strings.HasSuffix(what, "s"):
		return fmt.Sprintf("%d %ses", n, what)
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func loud(a Answer) string {
	if a == No {
		return "NO"
	}
	return string(a)
}

// people rounds a duration to three digits.
func people(d time.Duration) string {
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit).String()
}
