package linearize

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/anishathalye/porcupine"
)

// A browser shows about this many calls before it becomes slow.
const sceneCalls = 1000

// porcupine checks the calls of the picture once more, as they were recorded. If that takes longer, the picture shows the order as far as it was found.
const pictureTime = 5 * time.Second

// scene is the part of a checked history that the picture shows.
type scene struct {
	spec    porcupine.Model // in the state before calls
	calls   []*call
	idle    []Operation
	faults  []fault
	marks   []mark
	clients []Client
	finding finding
}

// newScene selects what to show: the piece at the index around, where the check stopped, and its neighbours as far as there is room.
func newScene[S Spec[S]](s *settled, history History, cuts []int, states []S, around int, found finding) scene {
	if len(cuts) == 0 {
		return scene{}
	}
	length := func(i int) int { return len(s.piece(cuts, i)) }
	first, past := around, around+1
	n := length(around)
	for grown := true; grown; {
		grown = false
		if first > 0 && n+length(first-1) <= sceneCalls {
			first--
			n += length(first)
			grown = true
		}
		if past < len(cuts) && n+length(past) <= sceneCalls {
			n += length(past)
			past++
			grown = true
		}
	}
	sc := scene{spec: specification(states[first]), calls: s.order[cuts[first]:][:n], clients: s.clients, finding: found}
	sc.spec.DescribeOperation = func(input, _ any) string { return input.(*call).String() }
	sc.spec.DescribeOperationMetadata = func(metadata any) string { return metadata.(string) }
	sc.spec.DescribeState = func(state any) string { return state.(progress[S]).state.Text(s.name) }
	begin, end := sc.span()
	shows := func(from, to time.Duration) bool {
		return (first == 0 || to >= begin) && (past == len(cuts) || from <= end)
	}
	for _, o := range s.idle {
		if shows(o.Call, o.Return) {
			sc.idle = append(sc.idle, o)
		}
	}
	for _, f := range history.faults {
		if shows(f.from, f.to) {
			sc.faults = append(sc.faults, f)
		}
	}
	for _, m := range history.marks {
		if shows(m.from, m.to) {
			sc.marks = append(sc.marks, m)
		}
	}
	return sc
}

// span returns the time of the calls, as far as it is known.
func (sc *scene) span() (begin, end time.Duration) {
	begin = Never
	for _, c := range sc.calls {
		begin = min(begin, c.Call)
		end = max(end, c.Call)
		if c.Return != Never {
			end = max(end, c.Return)
		}
	}
	return begin, end
}

// Visualize writes an HTML page that shows the history, one row per client: calls, the order that was found or as much of one as there is, acquisitions
// that failed or never returned, kills, stops and marks, and the evidence. Of a long history it shows the part where the check stopped, or the beginning if it
// did not.
func (r Result) Visualize(w io.Writer) error {
	if len(r.scene.calls) == 0 {
		return errors.New("linearize: there is no picture of a history without calls")
	}
	_, info := porcupine.CheckOperationsVerbose(r.scene.spec, r.scene.operations(), pictureTime)
	info.AddAnnotations(r.scene.annotations())
	return porcupine.Visualize(r.scene.spec, info, w)
}

// WriteHTML writes the page of [Result.Visualize] to a file.
func (r Result) WriteHTML(path string) error {
	var page bytes.Buffer
	if err := r.Visualize(&page); err != nil {
		return err
	}
	return os.WriteFile(path, page.Bytes(), 0o666)
}

// operations returns the calls for porcupine, with the times that were recorded. What never returned lasts a little longer than everything else.
func (sc *scene) operations() []porcupine.Operation {
	_, end := sc.span()
	operations := make([]porcupine.Operation, len(sc.calls))
	for i, c := range sc.calls {
		times := fmt.Sprintf("called %v, returned %v", c.Call, when(c.Return))
		if c.Kind.Happens() {
			times = fmt.Sprintf("between %v and %v", c.Call, when(c.Return))
		}
		operations[i] = porcupine.Operation{
			ClientId: int(c.op.Client) - 1,
			Input:    c,
			Call:     int64(c.Call),
			Return:   int64(min(c.Return, end+1)),
			Metadata: times,
		}
	}
	return operations
}

// Colours of what is no call.
const (
	killColour     = "#d62728"
	stopColour     = "#ffbf00"
	idleColour     = "#dddddd"
	evidenceColour = "#ff9896"
	markColour     = "#c5b0d5"
)

func (sc *scene) annotations() []porcupine.Annotation {
	_, end := sc.span()
	end++
	rows := make(map[Client]int)
	for i, c := range sc.clients {
		rows[c] = i
	}
	var all []porcupine.Annotation
	for _, o := range sc.idle {
		all = append(all, porcupine.Annotation{
			ClientId: rows[o.Client], Start: int64(min(o.Call, end)), End: int64(min(o.Return, end)), BackgroundColor: idleColour,
			Description: o.String(), Details: o.span() + ", which proves nothing",
		})
	}
	for _, f := range sc.faults {
		a := porcupine.Annotation{Tag: fmt.Sprintf("p%d", f.process), Start: int64(min(f.from, end)), End: int64(min(f.to, end))}
		if f.killed {
			a.Description, a.Details, a.BackgroundColor = "killed", fmt.Sprintf("p%d was killed at %v", f.process, f.from), killColour
		} else {
			a.Description, a.BackgroundColor = "stopped", stopColour
			a.Details = fmt.Sprintf("p%d was stopped from %v to %v", f.process, f.from, when(f.to))
		}
		all = append(all, a)
	}
	for _, m := range sc.marks {
		details := fmt.Sprintf("%s: %s, from %v to %v", m.whom, m.text, m.from, when(m.to))
		if m.from == m.to {
			details = fmt.Sprintf("%s: %s, at %v", m.whom, m.text, m.from)
		}
		all = append(all, porcupine.Annotation{
			Tag: m.whom, Start: int64(min(m.from, end)), End: int64(min(m.to, end)), BackgroundColor: markColour, Description: m.text, Details: details,
		})
	}
	if sc.finding.text != "" {
		all = append(all, porcupine.Annotation{
			Tag: "evidence", Start: int64(min(sc.finding.from, end)), End: int64(min(sc.finding.to, end)), BackgroundColor: evidenceColour,
			Description: sc.finding.text, Details: sc.finding.text,
		})
	}
	return all
}
