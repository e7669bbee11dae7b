package linearize

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/holdfast-lock/holdfast/model"
)

// A browser shows about this many calls before it becomes slow.
const sceneCalls = 1000

// porcupine checks the calls of the picture once more, as they were recorded. If that takes longer, the picture shows the order as far as it was found.
const pictureTime = 5 * time.Second

// scene is the part of a checked history that the picture shows.
type scene struct {
	state   model.Mutex // before calls
	calls   []call
	idle    []Operation
	faults  []fault
	clients []Client
	finding finding
}

// scene selects what to show: the piece at the index around, where the check stopped, and its neighbours as far as there is room.
func (s *settled) scene(faults []fault, pieces [][]call, states []model.Mutex, around int, found finding) scene {
	if len(pieces) == 0 {
		return scene{}
	}
	first, past := around, around+1
	n := len(pieces[around])
	for grown := true; grown; {
		grown = false
		if first > 0 && n+len(pieces[first-1]) <= sceneCalls {
			first--
			n += len(pieces[first])
			grown = true
		}
		if past < len(pieces) && n+len(pieces[past]) <= sceneCalls {
			n += len(pieces[past])
			past++
			grown = true
		}
	}
	sc := scene{state: states[first], clients: s.clients, finding: found}
	for _, piece := range pieces[first:past] {
		sc.calls = append(sc.calls, piece...)
	}
	begin, end := sc.span()
	for _, o := range s.idle {
		if (first == 0 || o.Return >= begin) && (past == len(pieces) || o.Call <= end) {
			sc.idle = append(sc.idle, o)
		}
	}
	for _, f := range faults {
		if (first == 0 || f.to >= begin) && (past == len(pieces) || f.from <= end) {
			sc.faults = append(sc.faults, f)
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
// that failed or never returned, kills and stops, and the evidence. Of a long history it shows the part where the check stopped, or the beginning if it
// did not.
func (r Result) Visualize(w io.Writer) error {
	if len(r.scene.calls) == 0 {
		return errors.New("linearize: there is no picture of a history without calls")
	}
	operations := r.scene.operations()
	m := specification(r.scene.state)
	m.DescribeOperation = func(input, _ any) string { return input.(*call).String() }
	m.DescribeOperationMetadata = func(metadata any) string { return metadata.(string) }
	m.DescribeState = func(state any) string { return describe(state.(progress).Mutex, r.scene.clients) }
	_, info := porcupine.CheckOperationsVerbose(m, operations, pictureTime)
	info.AddAnnotations(r.scene.annotations())
	return porcupine.Visualize(m, info, w)
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
	for i := range sc.calls {
		c := &sc.calls[i]
		times := fmt.Sprintf("called %v, returned %v", c.Call, when(c.Return))
		if c.Kind == model.End {
			times = fmt.Sprintf("ended between %v and %v", c.Call, when(c.Return))
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
	if sc.finding.text != "" {
		all = append(all, porcupine.Annotation{
			Tag: "evidence", Start: int64(min(sc.finding.from, end)), End: int64(min(sc.finding.to, end)), BackgroundColor: evidenceColour,
			Description: sc.finding.text, Details: sc.finding.text,
		})
	}
	return all
}
