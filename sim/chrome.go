package sim

import (
	"encoding/json"
	"io"
	"time"
)

// WriteChrome writes what happened as a trace in the JSON format of the Chrome browser, which Perfetto shows (https://ui.perfetto.dev): a track for each task, below its process.
//
// A call lasts from the end of the task's last one: a program computes in no time, so whatever lies between is that others went first.
func WriteChrome(w io.Writer, records []Record) error {
	var c chrome
	for i := range records {
		c.add(&records[i])
	}
	return json.NewEncoder(w).Encode(struct {
		Events []chromeEvent `json:"traceEvents"`
		Unit   string        `json:"displayTimeUnit"`
	}{c.events, "ns"})
}

type chromeEvent struct {
	Name  string      `json:"name"`
	Phase string      `json:"ph"`
	Time  float64     `json:"ts"` // in microseconds, as are durations
	Took  float64     `json:"dur,omitempty"`
	PID   int         `json:"pid"`
	TID   int         `json:"tid"`
	Scope string      `json:"s,omitempty"`
	Args  *chromeArgs `json:"args,omitempty"`
}

type chromeArgs struct {
	Name  string `json:"name,omitempty"`
	Path  string `json:"path,omitempty"`
	Came  string `json:"result,omitempty"`
	Error string `json:"error,omitempty"`
	Step  int    `json:"step,omitempty"`
}

type chrome struct {
	events    []chromeEvent
	processes []*Process
	lasts     []last // by Task.ID
}

// last is where a task's last call ended.
type last struct {
	named bool
	task  *Task // nil before its first
	time  time.Duration
	rest  Op // it sleeps or works since then; OpAny if not
}

func micro(d time.Duration) float64 { return float64(d) / 1000 }

func (c *chrome) add(r *Record) {
	if r.Task == nil {
		c.events = append(c.events, chromeEvent{Name: r.Note, Phase: "i", Scope: "g", Time: micro(r.Time)})
		return
	}
	pid := c.process(r.Task.proc)
	l := c.last(r.Task, pid)
	switch {
	case r.Fault != 0:
		c.events = append(c.events, chromeEvent{Name: "✗ " + r.Fault.String(), Phase: "i", Scope: "t", Time: micro(r.Time), PID: pid, TID: r.Task.ID(), Args: &chromeArgs{Step: r.Step}})
		return
	case r.Note != "":
		c.events = append(c.events, chromeEvent{Name: r.Note, Phase: "i", Scope: "p", Time: micro(r.Time), PID: pid, TID: r.Task.ID(), Args: &chromeArgs{Step: r.Step}})
		return
	}
	begin := r.Time - latency[r.Op]
	switch {
	case l.rest != OpAny:
		c.rest(l, begin)
	case l.task != nil:
		begin = l.time
	}
	args := &chromeArgs{Path: r.Path, Came: r.Detail, Step: r.Step}
	if r.Err != nil {
		args.Error = r.Err.Error()
	}
	c.events = append(c.events, chromeEvent{Name: r.Op.String(), Phase: "X", Time: micro(begin), Took: micro(r.Time - begin), PID: pid, TID: r.Task.ID(), Args: args})
	l.task, l.time, l.rest = r.Task, r.Time, OpAny
	if r.Op == OpSleep || r.Op == OpWork {
		l.rest = r.Op
	}
}

// rest draws what a task does between two calls.
func (c *chrome) rest(l *last, until time.Duration) {
	if l.rest != OpAny && until > l.time {
		c.events = append(c.events, chromeEvent{Name: l.rest.String(), Phase: "X", Time: micro(l.time), Took: micro(until - l.time), PID: c.process(l.task.proc), TID: l.task.ID()})
	}
}

// process returns the number of a process, and names it when it is first seen.
func (c *chrome) process(p *Process) int {
	for i, known := range c.processes {
		if known == p {
			return i + 1
		}
	}
	c.processes = append(c.processes, p)
	name := p.name
	if p.machine != nil {
		name += " on " + p.machine.name
	}
	c.events = append(c.events, chromeEvent{Name: "process_name", Phase: "M", PID: len(c.processes), Args: &chromeArgs{Name: name}})
	return len(c.processes)
}

func (c *chrome) last(t *Task, pid int) *last {
	for len(c.lasts) <= t.ID() {
		c.lasts = append(c.lasts, last{})
	}
	l := &c.lasts[t.ID()]
	if !l.named {
		l.named = true
		c.events = append(c.events, chromeEvent{Name: "thread_name", Phase: "M", PID: pid, TID: t.ID(), Args: &chromeArgs{Name: t.String()}})
	}
	return l
}
