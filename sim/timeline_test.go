package sim_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/sim"
	"github.com/holdfast-lock/holdfast/sim/disk"
)

// incident is a run in which all happens that a timeline can show.
func incident(t *testing.T) []sim.Record {
	var records []sim.Record
	w := sim.New(sim.Config{
		Trace:  func(r sim.Record) { records = append(records, r) },
		Faults: []sim.Fault{{Process: "b", Op: sim.OpOpen, Nth: 1, Kind: sim.Stop, For: time.Second}, {Op: sim.OpMkdir, Kind: sim.Error, Err: syscall.EIO}},
	})
	m := w.NewMachine("m1", sim.Clock{}, disk.New(disk.Options{}))
	w.God("stranger", func() {
		w.Sleep(50 * time.Microsecond)
		w.Note("somebody looks")
	})
	m.Start("a", func(p *sim.Process) {
		locked(t, p, "/k")
		w.Note("a has it")
		w.Note("nobody else has")
		p.Now()
		p.Go("second", func() { p.Mkdir("/a\nb", 0o700) })
		p.Work(2 * time.Millisecond)
		p.Yield()
	})
	m.Start("b", func(p *sim.Process) {
		f, err := p.Open("/k", fs.ReadWrite|fs.Create, 0o600)
		if err == nil {
			f.TryLock(fs.Whole, fs.LockExclusive)
		}
	})
	if err := w.Run(); err != nil {
		t.Fatal(err)
	}
	return records
}

func TestTimeline(t *testing.T) {
	var b strings.Builder
	if err := sim.WriteTimeline(&b, incident(t), false); err != nil {
		t.Fatal(err)
	}
	want := strings.TrimPrefix(`
 step       time  │ nobody         │ a                                  │ b               │ notes
    3  0.0000100  │                │ open /k                            │                 │
    4  0.0000100  │                │                                    │ ✗ stop          │
    4  0.0000110  │                │ trylock /k held                    │                 │ {a has it} {nobody else has}
    6  0.0000112  │                │ go                                 │                 │
    8  0.0000113  │                │ work                               │                 │
    8  0.0000212  │                │ .1 ✗ error                         │                 │
    8  0.0000212  │                │ .1 mkdir /a?b → input/output error │                 │
    8  0.0000501  │ somebody looks │                                    │                 │
    9  0.0020123  │                │ yield                              │                 │ {a exited}
    9  1.0000100  │                │                                    │ open /k         │
   10  1.0000110  │                │                                    │ trylock /k held │ {b exited}
`, "\n")
	if got := b.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	b.Reset()
	if err := sim.WriteTimeline(&b, incident(t), true); err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Count(b.String(), "\n"), strings.Count(want, "\n")+1; got != want || !strings.Contains(b.String(), "│ now") {
		t.Errorf("with the clocks it has %d lines, want %d:\n%s", got, want, b.String())
	}
}

type failingWriter struct{}

var errFull = errors.New("full")

func (failingWriter) Write([]byte) (int, error) { return 0, errFull }

func TestTimelineSaysThatItCouldNotBeWritten(t *testing.T) {
	for _, write := range []func(io.Writer, []sim.Record) error{
		sim.WriteChrome, func(w io.Writer, r []sim.Record) error { return sim.WriteTimeline(w, r, false) },
	} {
		if err := write(failingWriter{}, incident(t)); !errors.Is(err, errFull) {
			t.Errorf("got error %v", err)
		}
	}
}

// TestChrome: calls of one task do not overlap, in the order of the records, and each is there.
func TestChrome(t *testing.T) {
	var b bytes.Buffer
	records := incident(t)
	if err := sim.WriteChrome(&b, records); err != nil {
		t.Fatal(err)
	}
	var trace struct {
		TraceEvents []struct {
			Name, Ph string
			Ts, Dur  float64
			PID, TID int
			Args     struct{ Name, Path, Error string }
		}
	}
	if err := json.Unmarshal(b.Bytes(), &trace); err != nil {
		t.Fatal(err)
	}
	count := make(map[string]int)
	ends := make(map[int]float64)
	for _, e := range trace.TraceEvents {
		count[e.Ph+" "+e.Name+e.Args.Name]++
		if e.Ph != "X" {
			continue
		}
		const rounding = 1e-6
		if e.Dur <= 0 || e.Ts < ends[e.TID]-rounding {
			t.Errorf("%s of task %d from %g on takes %g, and the one before ended at %g", e.Name, e.TID, e.Ts, e.Dur, ends[e.TID])
		}
		ends[e.TID] = e.Ts + e.Dur
	}
	calls := 0
	for _, r := range records {
		if r.Note == "" {
			calls++
		}
	}
	for what, want := range map[string]int{
		"M process_namea on m1": 1, "M process_nameb on m1": 1, "M thread_namea": 1, "M thread_namea.1": 1, "X trylock": 2, "X mkdir": 1, "i ✗ stop": 1, "i ✗ error": 1, "i a has it": 1,
		"X work": 2, // the call, and the work
	} {
		if count[what] != want {
			t.Errorf("%d times %q, want %d in %v", count[what], what, want, count)
		}
	}
}
