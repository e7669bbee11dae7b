package contend_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/bench/contend"
	"github.com/holdfast-lock/holdfast/bench/journal"
	"github.com/holdfast-lock/holdfast/bench/worker"
)

const roleVariable = "HOLDFAST_TEST_CONTENDER"

// exclusive makes a file, and waits while there is one.
type exclusive string

func (e exclusive) Lock() error {
	for {
		f, err := os.OpenFile(string(e), os.O_CREATE|os.O_EXCL, 0o600)
		if err == nil {
			return f.Close()
		}
		if !errors.Is(err, os.ErrExist) {
			return err
		}
		time.Sleep(100 * time.Microsecond)
	}
}

func (e exclusive) Unlock() error { return os.Remove(string(e)) }

// open lets everybody in.
type open struct{}

func (open) Lock() error   { return nil }
func (open) Unlock() error { return nil }

// closed lets nobody in.
type closed struct{}

func (closed) Lock() error   { select {} }
func (closed) Unlock() error { return nil }

// mortal is held until the third look.
type mortal struct {
	exclusive
	looks int
}

func (m *mortal) Lost() error {
	m.looks++
	if m.looks%3 == 0 {
		return errors.New("lost")
	}
	return nil
}

// vain is lost as soon as it is had.
type vain struct{ exclusive }

func (vain) Lost() error { return errors.New("lost") }

// numbered has numbers.
type numbered struct {
	exclusive
	n uint64
}

func (n *numbered) Token() uint64 {
	n.n++
	return n.n
}

var subjects = contend.Subjects{
	{Name: "exclusive", Open: func(path string) (contend.Lock, error) { return exclusive(path), nil }},
	{Name: "open", Open: func(string) (contend.Lock, error) { return open{}, nil }},
	{Name: "closed", Open: func(string) (contend.Lock, error) { return closed{}, nil }},
	{Name: "mortal", Open: func(path string) (contend.Lock, error) { return &mortal{exclusive: exclusive(path)}, nil }},
	{Name: "vain", Open: func(path string) (contend.Lock, error) { return vain{exclusive(path)}, nil }},
	{Name: "numbered", Open: func(path string) (contend.Lock, error) { return &numbered{exclusive: exclusive(path)}, nil }},
	{Name: "defect", Open: func(string) (contend.Lock, error) { return nil, fmt.Errorf("no such luck") }},
}

// TestMain lets the test program be a contender as well.
func TestMain(m *testing.M) {
	if os.Getenv(roleVariable) != "" {
		worker.Serve(worker.Tasks{contend.TaskName: contend.Task(subjects)}, os.Stdin, os.Stdout)
	}
	os.Exit(m.Run())
}

func start(t *testing.T, subject string, processes, spares int) (*contend.Fleet, error) {
	t.Helper()
	return startContext(t, t.Context(), subject, processes, spares)
}

func startContext(t *testing.T, ctx context.Context, subject string, processes, spares int) (*contend.Fleet, error) {
	t.Helper()
	return startOptions(t, ctx, contend.Options{Subject: subject, Processes: processes, Spares: spares, Hold: time.Millisecond})
}

func startOptions(t *testing.T, ctx context.Context, o contend.Options) (*contend.Fleet, error) {
	t.Helper()
	t.Setenv(roleVariable, "1")
	t.Setenv("GORACE", "atexit_sleep_ms=0") // else every process of a race-enabled program stays for a second
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	o.Program, o.Path = worker.Program{self}, filepath.Join(t.TempDir(), "lock")
	return contend.Start(ctx, o)
}

// begin starts processes that contend.
func begin(t *testing.T, subject string, processes, spares int) *contend.Fleet {
	t.Helper()
	f, err := start(t, subject, processes, spares)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Go(); err != nil {
		t.Fatal(err)
	}
	return f
}

// reach returns once the latest interval of the process at a place is as it should be.
func reach(t *testing.T, f *contend.Fleet, place int, there func(journal.Interval) bool) journal.Interval {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Microsecond) {
		if i, ok := f.Last(place); ok && there(i) {
			return i
		}
		if time.Now().After(deadline) {
			t.Fatalf("process %d never got there", place)
		}
	}
}

func begun(journal.Interval) bool    { return true }
func inside(i journal.Interval) bool { return i.Acquired != 0 && i.Releasing == 0 }

// goRound returns once the process at a place has been inside and out again, and has begun anew.
func goRound(t *testing.T, f *contend.Fleet, place int) {
	t.Helper()
	first := reach(t, f, place, begun)
	reach(t, f, place, func(i journal.Interval) bool { return i.Requested > first.Requested })
}

func finish(t *testing.T, f *contend.Fleet) contend.Outcome {
	t.Helper()
	o, err := f.Finish(time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestLockThatExcludesShowsNoOverlap(t *testing.T) {
	f := begin(t, "exclusive", 3, 0)
	for place := range 3 {
		goRound(t, f, place)
	}
	o := finish(t, f)
	got := o.Figures(3, 0)
	if got.Overlaps != 0 || got.Starved != 0 || got.Acquisitions < 3 || got.Wedged != 0 || got.CPU == 0 || got.LongestHold < time.Millisecond {
		t.Errorf("%+v", got)
	}
}

func TestLockThatDoesNotExcludeShowsOverlaps(t *testing.T) {
	f := begin(t, "open", 2, 0)
	for _, place := range []int{0, 1, 0} {
		goRound(t, f, place)
	}
	if got := finish(t, f).Figures(2, 0); got.Overlaps == 0 {
		t.Errorf("%+v", got)
	}
}

func TestKilledProcessIsReplaced(t *testing.T) {
	f := begin(t, "open", 1, 1)
	reach(t, f, 0, inside)
	if err := f.Kill(0); err != nil {
		t.Fatal(err)
	}
	if err := f.Replace(0); err != nil {
		t.Fatal(err)
	}
	if err := f.Replace(0); err == nil {
		t.Error("there are more spares than were asked for")
	}
	goRound(t, f, 0)
	o := finish(t, f)
	killed, ok := o.KilledAt()[0]
	if len(o.KilledAt()) != 1 || !ok || killed < o.Began || killed > o.Ended {
		t.Errorf("killed: %v", o.KilledAt())
	}
}

func TestStoppedProcessGoesOn(t *testing.T) {
	f := begin(t, "exclusive", 2, 0)
	reach(t, f, 0, inside)
	resume, err := f.Stop(0)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := resume(); err != nil {
		t.Fatal(err)
	}
	goRound(t, f, 0)
	o := finish(t, f)
	if len(o.Faults) != 1 || o.Faults[0].What != contend.Stopped || o.Faults[0].End < o.Faults[0].Begin {
		t.Errorf("%+v", o.Faults)
	}
}

func TestProcessThatDoesNotEndIsWedged(t *testing.T) {
	f := begin(t, "closed", 2, 0)
	for place := range 2 {
		reach(t, f, place, begun)
	}
	o, err := f.Finish(10 * time.Millisecond)
	if err != nil || len(o.Wedged) != 2 {
		t.Errorf("%v, wedged: %v", err, o.Wedged)
	}
}

func TestHoldThatIsLostEndsWhenItWasLastSeen(t *testing.T) {
	f := begin(t, "mortal", 1, 0)
	goRound(t, f, 0)
	if i := finish(t, f).Intervals[0]; i.Releasing < i.Acquired || i.Released < i.Releasing {
		t.Errorf("%+v", i)
	}
}

func TestHoldThatNobodyCouldRelyOnIsNotRecorded(t *testing.T) {
	f := begin(t, "vain", 1, 0)
	goRound(t, f, 0)
	if i := finish(t, f).Intervals[0]; i.Acquired != 0 || i.Released == 0 {
		t.Errorf("%+v", i)
	}
}

func TestNumbersOfHoldsAreRecorded(t *testing.T) {
	f := begin(t, "numbered", 1, 0)
	goRound(t, f, 0)
	for n, i := range finish(t, f).Held() {
		if i.Token != uint64(n+1) {
			t.Errorf("hold %d: %+v", n+1, i)
		}
	}
}

func TestFleetEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	f, err := startContext(t, ctx, "closed", 2, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Go(); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := f.Finish(time.Minute); !errors.Is(err, worker.ErrEnded) {
		t.Errorf("got error %v", err)
	}
}

func TestProcessStopsWhenItsRecordsAreFull(t *testing.T) {
	f, err := startOptions(t, t.Context(), contend.Options{Subject: "open", Processes: 1, Records: 3})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Go(); err != nil {
		t.Fatal(err)
	}
	reach(t, f, 0, func(i journal.Interval) bool {
		return i.Released != 0 && journal.Now()-i.Released > 20*time.Millisecond
	})
	if o := finish(t, f); len(o.Intervals) != 3 {
		t.Errorf("%d records", len(o.Intervals))
	}
}

func TestProcessesTakeTurns(t *testing.T) {
	f, err := startOptions(t, t.Context(), contend.Options{Subject: "exclusive", Processes: 2, Hold: time.Millisecond, Turns: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Go(); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		goRound(t, f, 0)
	}
	held := finish(t, f).Held()
	for n := 1; n < len(held); n++ {
		if held[n].Lane == held[n-1].Lane && n < len(held)-1 { // at the end it is not waited for
			t.Errorf("hold %d of %d was the same process's as the one before", n+1, len(held))
		}
	}
	if len(held) < 4 {
		t.Errorf("%d holds", len(held))
	}
}

func TestErrorsOfContendersComeBack(t *testing.T) {
	if _, err := start(t, "defect", 1, 0); err == nil || err.Error() != "no such luck" {
		t.Errorf("got error %v", err)
	}
	if _, err := start(t, "unheard of", 1, 0); err == nil {
		t.Error("an unknown lock was found")
	}
}

func TestFigures(t *testing.T) {
	const ms = time.Millisecond
	o := contend.Outcome{
		Began: 100 * ms, Ended: 200 * ms, CPU: 8 * ms,
		Intervals: []journal.Interval{
			{Lane: 0, Requested: 100 * ms, Acquired: 101 * ms, Releasing: 111 * ms, Released: 111 * ms},
			{Lane: 0, Requested: 112 * ms, Acquired: 124 * ms, Releasing: 130 * ms, Released: 131 * ms},
			{Lane: 1, Requested: 100 * ms, Acquired: 113 * ms, Releasing: 123 * ms, Released: 123 * ms},
			{Lane: 1, Requested: 140 * ms, Acquired: 150 * ms}, // killed inside
			{Lane: 2, Requested: 160 * ms, Acquired: 180 * ms, Releasing: 190 * ms, Released: 190 * ms},
			{Lane: 2, Requested: 195 * ms},
		},
		Faults: []contend.Fault{{Lane: 1, What: contend.Killed, Begin: 175 * ms}},
	}
	got := o.Figures(3, 0)
	for _, row := range []struct {
		what      string
		got, want any
	}{
		{"acquisitions", got.Acquisitions, 5},
		{"per second", got.PerSecond, 50.0},
		{"hand-offs", got.HandOff.Count, int64(3)},
		{"longest free", got.LongestFree, 5 * ms},
		{"longest wait", got.Wait.Max, 20 * ms},
		{"Jain", got.Jain, 0.9},
		{"CPU", got.CPU, 8 * ms / 5},
		{"overlaps", got.Overlaps, 0},
		{"longest hold", got.LongestHold, 10 * ms},
		{"free after 120 ms", o.FreeAfter(120*ms, 130*ms), 1 * ms},
	} {
		if row.got != row.want {
			t.Errorf("%s: %v, want %v", row.what, row.got, row.want)
		}
	}
	if got := o.Takeovers(); len(got) != 1 || got[0] != 5*ms {
		t.Errorf("takeovers: %v, want one after 5 ms", got)
	}
	o.Faults[0].Begin = 185 * ms
	if got := o.Figures(3, 0); got.Overlaps != 1 {
		t.Errorf("a process that was killed inside after the next was: %d overlaps", got.Overlaps)
	}
	o.Faults = nil
	o.Intervals = o.Intervals[:2]
	if got := o.Figures(2, 0); got.Starved != 1 || got.Jain != 0.5 {
		t.Errorf("with one that never got in: %+v", got)
	}
}
