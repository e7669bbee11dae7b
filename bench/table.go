package bench

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// WriteTables writes the report for people to read.
func (r *Report) WriteTables(w io.Writer) {
	fmt.Fprintf(w, "%s/%s, %d processors, %s, filesystem %s (%s)\n", r.OS, r.Arch, r.CPUs, r.Go, orUnknown(r.Filesystem), orUnknown(r.MountOptions))
	rounds := "1 round"
	if r.Rounds != 1 {
		rounds = strconv.Itoa(r.Rounds) + " rounds in turns"
	}
	fmt.Fprintf(w, "Each measurement %v, %s: the median of what is typical, the worst of what must not happen.\n", r.For, rounds)

	t := newTable(w, "Free lock: acquire and release", "lock", "each", "allocations", "median", "p99", "p99.9", "max", "CPU")
	for _, row := range append(r.Uncontended, renamed(r.Reentrant, " (reentrant)")...) {
		s := row.Result
		t.AppendRow(table.Row{row.Lock, people(s.Each), fmt.Sprintf("%.2f", s.Allocs), people(s.Times.Median), people(s.Times.P99), people(s.Times.P999), people(s.Times.Max), people(s.CPU)})
	}
	t.Render()

	t = newTable(w, "System calls on files of one acquire and release of a free lock", "lock", "calls", "least", "which calls")
	for _, row := range r.Calls {
		t.AppendRow(table.Row{row.Lock, short(row.Result.Each), row.Result.Least, row.Result.list()})
	}
	t.Render()

	t = newTable(w, "Hand-off between two processes that take turns", "lock", "median", "p99", "max", "times")
	for _, row := range r.Turns {
		q := row.Result
		t.AppendRow(table.Row{row.Lock, people(q.Median), people(q.P99), people(q.Max), q.Count})
	}
	t.Render()

	t = newTable(w, fmt.Sprintf("Hand-off between processes, each inside for %v", r.Hold),
		"processes", "lock", "median", "p99", "p99.9", "max", "handed on", "per second", "CPU each", "Jain", "starved", "longest wait", "overlaps")
	last := 0
	for _, row := range r.HandOff {
		f := row.Result
		if last != 0 && f.Processes != last {
			t.AppendSeparator()
		}
		last = f.Processes
		t.AppendRow(table.Row{f.Processes, row.Lock, people(f.HandOff.Median), people(f.HandOff.P99), people(f.HandOff.P999), people(f.HandOff.Max),
			percent(int(f.HandOff.Count), f.Acquisitions), fmt.Sprintf("%.0f", f.PerSecond), people(f.CPU), fmt.Sprintf("%.3f", f.Jain), f.Starved, people(f.Wait.Max), f.Overlaps})
	}
	t.Render()

	t = newTable(w, "Goroutines of one process, nothing done inside",
		"goroutines", "lock", "median", "p99", "p99.9", "longest wait", "per second", "CPU each", "Jain", "starved", "threads", "overlaps")
	last = 0
	for _, row := range r.Goroutines {
		c := row.Result
		if last != 0 && c.Goroutines != last {
			t.AppendSeparator()
		}
		last = c.Goroutines
		t.AppendRow(table.Row{c.Goroutines, row.Lock, people(c.Wait.Median), people(c.Wait.P99), people(c.Wait.P999), people(c.Wait.Max),
			fmt.Sprintf("%.0f", c.PerSecond), people(c.CPU), fmt.Sprintf("%.3f", c.Jain), c.Starved, c.Threads, c.Overlaps})
	}
	t.Render()

	t = newTable(w, fmt.Sprintf("Free although somebody waits, after one of %d processes was stopped or killed while it waited", disturbedProcesses),
		"lock", "stopped: median", "max", "killed: median", "max")
	for _, row := range r.Disturbance {
		d := row.Result
		t.AppendRow(table.Row{row.Lock, people(d.Stopped.Median), people(d.Stopped.Max), people(d.Killed.Median), people(d.Killed.Max)})
	}
	t.Render()

	t = newTable(w, fmt.Sprintf("From the kill of the holder to the next of %d processes being inside", disturbedProcesses), "lock", "median", "max", "times")
	for _, row := range r.Takeover {
		q := row.Result.Time
		if row.Result.Endures {
			t.AppendRow(table.Row{row.Lock, "never", "", ""})
		} else {
			t.AppendRow(table.Row{row.Lock, people(q.Median), people(q.Max), q.Count})
		}
	}
	t.Render()

	t = newTable(w, "From the end of a waiter's context to its return", "waiters", "lock", "median", "p99", "max", "threads", "lock usable after")
	for _, row := range r.Cancellation {
		c := row.Result
		t.AppendRow(table.Row{c.Waiters, row.Lock, people(c.Return.Median), people(c.Return.P99), people(c.Return.Max), c.Threads, c.Usable})
	}
	t.Render()

	t = newTable(w, fmt.Sprintf("Each of %d processes that wait while nothing happens", idleWaiters), "lock", "CPU")
	for _, row := range r.Idle {
		t.AppendRow(table.Row{row.Lock, fmt.Sprintf("%.3f %%", row.Result.CPU)})
	}
	t.Render()

	t = newTable(w, "What Holdfast claims, and this run says", "claim", "limit", "measured", "")
	for _, c := range r.Claims {
		bound, verdict := "≤", "holds"
		if c.AtLeast {
			bound = "≥"
		}
		if !c.Holds() {
			verdict = "DOES NOT HOLD"
		}
		t.AppendRow(table.Row{c.What, bound + " " + withUnit(strconv.FormatFloat(c.Limit, 'g', 4, 64), c.Unit), withUnit(strconv.FormatFloat(c.Measured, 'g', 3, 64), c.Unit), verdict})
	}
	t.Render()
}

func newTable(w io.Writer, title string, header ...any) table.Writer {
	fmt.Fprintf(w, "\n%s\n", title)
	t := table.NewWriter()
	t.SetOutputMirror(w)
	t.SetStyle(table.StyleLight)
	t.Style().Format.Header = text.FormatDefault
	t.AppendHeader(header)
	t.SetColumnConfigs(numbersRight(header))
	return t
}

// numbersRight aligns all columns to the right but those with names.
func numbersRight(header []any) []table.ColumnConfig {
	var configs []table.ColumnConfig
	for i, name := range header {
		if name != "lock" && name != "claim" && name != "which calls" && name != "" {
			configs = append(configs, table.ColumnConfig{Number: i + 1, Align: text.AlignRight, AlignHeader: text.AlignRight})
		}
	}
	return configs
}

func renamed[T any](rows []Row[T], suffix string) []Row[T] {
	var list []Row[T]
	for _, r := range rows {
		list = append(list, Row[T]{r.Lock + suffix, r.Result})
	}
	return list
}

func percent(part, whole int) string {
	if whole == 0 {
		return ""
	}
	return fmt.Sprintf("%d %%", (100*part+whole/2)/whole)
}

func withUnit(number, unit string) string {
	if unit == "" {
		return number
	}
	return number + " " + unit
}

// short writes a number with two digits behind the point, if it is not whole.
func short(x float64) string { return strconv.FormatFloat(math.Round(100*x)/100, 'f', -1, 64) }

// list names the calls, the most frequent first.
func (c Calls) list() string {
	names := slices.Sorted(maps.Keys(c.By))
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(c.By[b], c.By[a]) })
	for i, name := range names {
		names[i] = short(c.By[name]) + " " + name
	}
	return strings.Join(names, ", ")
}

func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}

// people rounds a duration to three digits.
func people(d time.Duration) string {
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit).String()
}
