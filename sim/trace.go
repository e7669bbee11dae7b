package sim

import "time"

// Record is one call as it stands in a trace, or a note about the world.
type Record struct {
	Step   int
	Time   time.Duration // since the world began
	Task   *Task         // nil for a note that is nobody's
	Op     Op            // OpAny for a note
	Path   string        // of the file that the call was about, if any
	Detail string        // what came of it, besides Err
	Err    error
	Fault  FaultKind // that strikes in the call; Op and Path are the call's, Note says so too
	Note   string
}

// record tells the trace of a finished call.
func (w *World) record(t *Task, path string, err error) {
	w.config.Trace(Record{Step: w.steps, Time: w.now, Task: t, Op: t.op, Path: path, Err: err})
}

func (w *World) recordDetail(t *Task, path, detail string, err error) {
	w.config.Trace(Record{Step: w.steps, Time: w.now, Task: t, Op: t.op, Path: path, Detail: detail, Err: err})
}

// Note writes a remark into the trace: a fact that no process knows.
func (w *World) Note(text string) {
	if w.config.Trace != nil {
		w.config.Trace(Record{Step: w.steps, Time: w.now, Task: w.current, Note: text})
	}
}

// Tracing reports whether anybody reads the notes, so that nobody makes texts in vain.
func (w *World) Tracing() bool { return w.config.Trace != nil }
