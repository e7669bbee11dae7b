package journal_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/holdfast-lock/holdfast/bench/journal"
)

const nameVariable = "HOLDFAST_TEST_JOURNAL"

// TestMain lets the test program be the other process as well.
func TestMain(m *testing.M) {
	if name := os.Getenv(nameVariable); name != "" {
		j, err := journal.Open(name)
		if err != nil {
			panic(err)
		}
		l := j.Lane(1)
		l.Request()
		l.Acquired()
		os.Exit(0) // without release or Close, as one that was killed
	}
	os.Exit(m.Run())
}

func create(t *testing.T, lanes, records int) *journal.Journal {
	t.Helper()
	j, err := journal.Create(lanes, records)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

func TestWhatAnotherProcessRecordedOutlivesIt(t *testing.T) {
	j := create(t, 2, 10)
	before := journal.Now()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), nameVariable+"="+j.Name())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	after := journal.Now()
	all := j.Intervals()
	if len(all) != 1 {
		t.Fatalf("got %v, want one interval", all)
	}
	if i := all[0]; i.Lane != 1 || i.Requested < before || i.Acquired < i.Requested || after < i.Acquired || i.Releasing != 0 || i.Released != 0 {
		t.Errorf("between %v and %v another process recorded %+v", before, after, i)
	}
}

func TestLaneIsContinuedUntilItIsFull(t *testing.T) {
	j := create(t, 3, 2)
	if _, ok := j.Last(2); ok {
		t.Error("an empty lane has an interval")
	}
	for range 2 {
		l := j.Lane(2)
		if !l.Request() {
			t.Fatal("there is no room for two records")
		}
		l.Token(7)
		l.Acquired()
		l.Releasing()
		l.Released()
	}
	if j.Lane(2).Request() {
		t.Error("there is room for a third record")
	}
	if !j.Lane(0).Request() || !j.Lane(1).Request() {
		t.Error("a full lane leaves the others no room")
	}
	all := j.Intervals()
	last, ok := j.Last(2)
	if len(all) != 4 || !ok || last != all[3] || last.Token != 7 || all[2].Released > last.Requested || last.Requested > last.Acquired || last.Acquired > last.Releasing || last.Releasing > last.Released {
		t.Errorf("got %+v", all)
	}
}

func TestStopIsSeenByOthers(t *testing.T) {
	j := create(t, 1, 1)
	other, err := journal.Open(j.Name())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if other.Stopped() != 0 {
		t.Error("stopped before Stop")
	}
	j.Stop()
	first := other.Stopped()
	j.Stop()
	if first == 0 || other.Stopped() != first {
		t.Errorf("stopped at %v, then at %v", first, other.Stopped())
	}
}

func TestOpenRefusesWhatIsNoJournal(t *testing.T) {
	for name, size := range map[string]int64{"empty": 0, "zeros": 1 << 16} {
		f, err := os.CreateTemp(t.TempDir(), name)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Truncate(size); err != nil {
			t.Fatal(err)
		}
		f.Close()
		if j, err := journal.Open(f.Name()); err == nil {
			j.Close()
			t.Errorf("a file of %d zeros was opened as a journal", size)
		}
	}
}
