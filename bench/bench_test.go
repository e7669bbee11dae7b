package bench_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/bench"
	"github.com/holdfast-lock/holdfast/bench/worker"
	"github.com/holdfast-lock/holdfast/lock"
)

const roleVariable = "HOLDFAST_TEST_BENCH"

// opener keeps a nil pointer from becoming a Locker that is not nil.
func opener(open func(string, ...lock.Option) (*lock.Lock, error)) func(string, ...lock.Option) (lock.Locker, error) {
	return func(path string, opts ...lock.Option) (lock.Locker, error) {
		l, err := open(path, opts...)
		if err != nil {
			return nil, err
		}
		return l, nil
	}
}

// kinds are the native lock, one with a marker, and one of which the harness is told that nobody takes over.
var kinds = []bench.Kind{
	{Name: bench.Native, Open: opener(lock.New)},
	{Name: "soft", Open: opener(lock.NewSoft)},
	{Name: "stubborn", Open: opener(lock.NewSoft), Endures: true},
}

// TestMain lets the test program be the worker as well.
func TestMain(m *testing.M) {
	if os.Getenv(roleVariable) != "" {
		worker.Serve(bench.KindTasks(kinds), os.Stdin, os.Stdout)
	}
	os.Exit(m.Run())
}

func options(t *testing.T) bench.Options {
	t.Helper()
	t.Setenv(roleVariable, "1")
	t.Setenv("GORACE", "atexit_sleep_ms=0") // else every process of a race-enabled program stays for a second
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return bench.Options{Dir: t.TempDir(), Kinds: kinds, Programs: []worker.Program{{self}}, Processes: []int{2, 8}, Goroutines: []int{1, 20},
		Hold: 100 * time.Microsecond, For: 20 * time.Millisecond, Rounds: 2, Progress: func(int, int, string) {}}
}

func nothingLeft(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestEverythingIsMeasured(t *testing.T) {
	o := options(t)
	done := -1
	o.Progress = func(n, total int, _ string) {
		if n <= done || n > total {
			t.Errorf("step %d of %d after step %d", n, total, done)
		}
		done = n
	}
	r, err := bench.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	nothingLeft(t, o.Dir)
	own := len(kinds)
	locks := own + 5 // and the system calls
	if len(r.Uncontended) != locks || len(r.Reentrant) != 1 || len(r.Calls) != own || len(r.Turns) != locks || len(r.HandOff) != 2*locks || len(r.Goroutines) != 2*locks ||
		len(r.Disturbance) != locks || len(r.Takeover) != locks || len(r.Cancellation) != 2*own || len(r.Idle) != locks {
		t.Errorf("rows are missing: %+v", r)
	}
	for _, row := range r.Uncontended {
		if row.Result.Each <= 0 || row.Result.Times.Median <= 0 {
			t.Errorf("%s alone: %+v", row.Lock, row.Result)
		}
	}
	for _, row := range r.Calls {
		c := row.Result
		sum := 0.0
		for _, n := range c.By {
			sum += n
		}
		if c.Each < float64(c.Least) || math.Abs(sum-c.Each) > 1e-9 || c.By["flock"] < 1 {
			t.Errorf("calls of %s: %+v", row.Lock, c)
		}
	}
	for _, row := range r.Turns {
		if row.Lock != "marker, polled every 50ms" && row.Result.Count == 0 { // which is not handed on in so short a time each time
			t.Errorf("%s in turns: %+v", row.Lock, row.Result)
		}
	}
	for _, row := range r.Takeover {
		endures := strings.HasPrefix(row.Lock, "marker") || row.Lock == "holdfast stubborn"
		if took := row.Result; took.Endures != endures || (took.Time.Count == 0) != endures {
			t.Errorf("holders of %s that were killed: %+v", row.Lock, took)
		}
	}
	for _, row := range r.Idle {
		if i := row.Result; i.Waiters == 0 || i.CPU < 0 {
			t.Errorf("%s idle: %+v", row.Lock, i)
		}
	}
	for _, row := range r.HandOff {
		if f := row.Result; f.Acquisitions == 0 || f.Overlaps != 0 || f.Wedged != 0 {
			t.Errorf("%s between processes: %+v", row.Lock, f)
		}
	}
	for _, row := range r.Goroutines {
		if c := row.Result; c.Acquisitions == 0 || c.Overlaps != 0 {
			t.Errorf("%s between goroutines: %+v", row.Lock, c)
		}
	}
	for _, row := range r.Cancellation {
		if c := row.Result; c.Return.Count == 0 || !c.Usable {
			t.Errorf("%s canceled: %+v", row.Lock, c)
		}
	}
	if len(r.Claims) == 0 || r.Overlaps() != 0 {
		t.Errorf("claims: %v, overlaps: %d", r.Claims, r.Overlaps())
	}

	var text bytes.Buffer
	r.WriteTables(&text)
	for _, want := range []string{"holdfast (reentrant)", "Hand-off between processes", "20 │ holdfast", "never", "1 link", "What Holdfast claims", "soft: takeover"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the tables do not say %q:\n%s", want, &text)
		}
	}
	var back bench.Report
	b, err := json.Marshal(r)
	if err == nil {
		err = json.Unmarshal(b, &back)
	}
	if err != nil || len(back.HandOff) != len(r.HandOff) || back.HandOff[0] != r.HandOff[0] {
		t.Errorf("the report does not survive JSON: %v", err)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	o := options(t)
	o.For = time.Hour
	ctx, cancel := context.WithCancelCause(t.Context())
	o.Processes, o.Goroutines = []int{2}, []int{1}
	enough := errors.New("enough")
	o.Progress = func(int, int, string) { time.AfterFunc(50*time.Millisecond, func() { cancel(enough) }) } // in a measurement that would last for hours
	if _, err := bench.Run(ctx, o); !errors.Is(err, enough) {
		t.Errorf("got error %v", err)
	}
	nothingLeft(t, o.Dir)
}

func TestProgramThatCannotMeasureIsAnError(t *testing.T) {
	o := options(t)
	o.Programs = append(o.Programs, worker.Program{"/bin/false"})
	if _, err := bench.Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "false") {
		t.Errorf("got error %v", err)
	}
	nothingLeft(t, o.Dir)
}
