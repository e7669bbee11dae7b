package sim

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// WriteTimeline writes what happened as a text with a column for each process, after one for what nobody in the world has done, if there is anything. Calls that only look at a clock or set it are left out
// unless clocks is true.
//
//	step       time  │ nobody    │ a               │ b               │ notes
//	   2  0.0000100  │           │                 │ ✗ stop          │
//	   2  0.0000100  │           │ open /k         │                 │
//	   3  0.0000110  │           │ trylock /k held │                 │ {a has it}
//	   4  0.5000000  │ remove /k │                 │                 │
//	   4  1.0000100  │           │                 │ open /k         │
//	   5  1.0000110  │           │                 │ trylock /k held │
//
// A call stands at the time of its effect; the tasks of a process but its first have their number before it, a fault has a ✗. Notes stand in braces beside the call of a process that they follow.
func WriteTimeline(w io.Writer, records []Record, clocks bool) error {
	t := timeline{clocks: clocks}
	for i := range records {
		t.add(&records[i])
	}
	return t.write(w)
}

type timeline struct {
	clocks  bool
	nobody  bool       // has done something
	columns []*Process // the first of each name
	lines   []timelineLine
}

type timelineLine struct {
	step  int
	time  time.Duration
	task  *Task  // nil: nobody's
	cell  string // in the column of the task's process
	notes []string
}

func (t *timeline) add(r *Record) {
	if r.Task == nil || r.Task.proc == r.Task.world.god {
		t.addNobodys(r)
		return
	}
	if r.Note != "" && r.Fault == 0 {
		if n := len(t.lines) - 1; n >= 0 && t.lines[n].step == r.Step && t.lines[n].task == r.Task {
			t.lines[n].notes = append(t.lines[n].notes, "{"+r.Note+"}")
			return
		}
		t.lines = append(t.lines, timelineLine{step: r.Step, time: r.Time, task: r.Task, notes: []string{"{" + r.Note + "}"}})
		return
	}
	if clockOps[r.Op] && !t.clocks {
		return
	}
	if p := r.Task.proc; !slices.ContainsFunc(t.columns, func(q *Process) bool { return q.name == p.name }) {
		t.columns = append(t.columns, p)
	}
	t.lines = append(t.lines, timelineLine{step: r.Step, time: r.Time, task: r.Task, cell: r.describe()})
}

// addNobodys adds what is no process's: what its notes say, and calls but those by which it waits.
func (t *timeline) addNobodys(r *Record) {
	cell := r.Note
	if cell == "" {
		if r.Op == OpWait || r.Op == OpSet || r.Op == OpSleep || clockOps[r.Op] {
			return
		}
		cell = r.describe()
	}
	t.nobody = true
	t.lines = append(t.lines, timelineLine{step: r.Step, time: r.Time, cell: cell})
}

// clockOps are the calls about a clock only, and the end of a context, which for a call means what a timer does.
var clockOps = [numOps]bool{OpNow: true, OpMonotonic: true, OpUptime: true, OpTimer: true, OpStopTimer: true, OpCancel: true}

// describe says what a task did, and what came of it.
func (r *Record) describe() string {
	var b strings.Builder
	if name := r.Task.String(); name != r.Task.proc.name {
		b.WriteString(strings.TrimPrefix(name, r.Task.proc.name) + " ")
	}
	if r.Fault != 0 {
		b.WriteString("✗ " + r.Fault.String())
		return b.String()
	}
	b.WriteString(r.Op.String())
	for _, word := range []string{r.Path, r.Detail} {
		if word != "" {
			b.WriteString(" " + word)
		}
	}
	if r.Err != nil {
		text := r.Err.Error()
		b.WriteString(" → " + strings.TrimSpace(text[strings.LastIndexByte(text, ':')+1:])) // the rest repeats the call
	}
	return b.String()
}

func (t *timeline) write(w io.Writer) error {
	slices.SortFunc(t.columns, func(a, b *Process) int { return a.serial - b.serial })
	var text bytes.Buffer
	table := tabwriter.NewWriter(&text, 0, 0, 1, ' ', 0)
	fmt.Fprintf(table, "%5s %10s \t", "step", "time")
	if t.nobody {
		fmt.Fprint(table, "│ nobody\t")
	}
	for _, p := range t.columns {
		fmt.Fprintf(table, "│ %s\t", p.name)
	}
	fmt.Fprintln(table, "│ notes")
	for _, l := range t.lines {
		fmt.Fprintf(table, "%5d %10.7f \t", l.step, l.time.Seconds())
		switch {
		case l.task == nil:
			fmt.Fprintf(table, "│ %s\t", printable(l.cell))
		case t.nobody:
			fmt.Fprint(table, "│\t")
		}
		for _, p := range t.columns {
			if l.task != nil && l.task.proc.name == p.name {
				fmt.Fprintf(table, "│ %s\t", printable(l.cell))
			} else {
				fmt.Fprint(table, "│\t")
			}
		}
		fmt.Fprintf(table, "│ %s\n", printable(strings.Join(l.notes, " ")))
	}
	table.Flush() // to memory
	for line := range bytes.Lines(text.Bytes()) {
		if _, err := w.Write(append(bytes.TrimRight(line, " \n"), '\n')); err != nil {
			return err
		}
	}
	return nil
}

// printable keeps what a stranger has put into a name from breaking the table.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, s)
}
