package verify

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/bench/contend"
	"github.com/holdfast-lock/holdfast/bench/journal"
)

const ms = time.Millisecond

// turns is what two processes record that take turns, each inside for 5 of 10 ms, with fencing numbers.
func turns(n int) contend.Outcome {
	o := contend.Outcome{Began: time.Second, Ended: time.Second + time.Duration(n)*10*ms}
	for i := range n {
		t := o.Began + time.Duration(i)*10*ms
		o.Intervals = append(o.Intervals, journal.Interval{Lane: i % 2, Requested: t + 1*ms, Acquired: t + 2*ms, Releasing: t + 7*ms, Released: t + 8*ms, Token: uint64(i + 1)})
	}
	return o
}

// judged judges what two processes recorded.
func judged(t *testing.T, o contend.Outcome, stops []stop) Result {
	t.Helper()
	v := verifier{Options: Options{Processes: 2, Fencing: true, Keep: t.TempDir()}, result: Result{Kind: "toy"}}
	v.kind.Name, v.keepIn = "toy", v.makeKeep
	if err := v.judge(o, stops); err != nil {
		t.Fatal(err)
	}
	return v.result
}

func TestFindings(t *testing.T) {
	for _, row := range []struct {
		name     string
		spoil    func(*contend.Outcome)
		excludes Answer
		want     []Problem
	}{
		{"nothing is wrong", func(*contend.Outcome) {}, Yes, nil},
		{"holds that overlap", func(o *contend.Outcome) { o.Intervals[3].Releasing += 5*ms + 1; o.Intervals[3].Released += 6 * ms }, No, []Problem{Overlap, NotLinearizable}},
		{"holds that touch", func(o *contend.Outcome) { o.Intervals[3].Releasing += 5 * ms; o.Intervals[3].Released += 5 * ms }, Yes, nil},
		{"killed inside, while the next one was inside", func(o *contend.Outcome) {
			o.Intervals[18].Releasing, o.Intervals[18].Released = 0, 0
			o.Faults = []contend.Fault{{Lane: 0, What: contend.Killed, Begin: o.Intervals[19].Acquired + 1}}
		}, No, []Problem{Overlap, NotLinearizable}},
		{"killed inside, before the next one was", func(o *contend.Outcome) {
			o.Intervals[18].Releasing, o.Intervals[18].Released = 0, 0
			o.Faults = []contend.Fault{{Lane: 0, What: contend.Killed, Begin: o.Intervals[19].Acquired - 1}}
		}, Yes, nil},
		{"a number twice", func(o *contend.Outcome) { o.Intervals[3].Token-- }, No, []Problem{NotLinearizable, Tokens}},
		{"no number", func(o *contend.Outcome) { o.Intervals[0].Token = 0 }, Yes, []Problem{Tokens}},
		{"records that cannot be", func(o *contend.Outcome) { o.Intervals[3].Requested = o.Intervals[3].Acquired + 1 }, Undecided, []Problem{NotDecided}},
		{"a process that hangs", func(o *contend.Outcome) { o.Wedged = []int{1} }, Yes, []Problem{Wedged}},
		{"a process that never gets in", func(o *contend.Outcome) {
			o.Intervals = slices.DeleteFunc(o.Intervals, func(i journal.Interval) bool { return i.Lane == 1 })
		}, Yes, []Problem{Starved}},
		{"hardly anything", func(o *contend.Outcome) { o.Intervals = o.Intervals[:3] }, Undecided, []Problem{Idle}},
	} {
		t.Run(row.name, func(t *testing.T) {
			o := turns(20)
			row.spoil(&o)
			r := judged(t, o, nil)
			var got []Problem
			for _, f := range r.Findings {
				got = append(got, f.What)
			}
			if r.Excludes != row.excludes || !slices.Equal(got, row.want) {
				t.Errorf("excludes: %s, findings: %v", r.Excludes, r.Findings)
			}
		})
	}
}

func TestDisturbancesThatWereAskedForMustHappen(t *testing.T) {
	for _, row := range []struct {
		o    Options
		stop bool // is possible here
		want Answer
	}{
		{Options{Processes: 2, Kills: 1}, true, Undecided},
		{Options{Processes: 2, Stops: 1}, true, Undecided},
		{Options{Processes: 2, Stops: 1}, false, Yes},
	} {
		v := verifier{Options: row.o, cannotStop: !row.stop}
		v.kind.Name, v.keepIn = "toy", func() (string, error) { return t.TempDir(), nil }
		if err := v.judge(turns(20), nil); err != nil || v.result.Excludes != row.want {
			t.Errorf("%+v: %v, %+v", row, err, v.result)
		}
	}
}

func TestStopsAreCountedByWhomTheyMet(t *testing.T) {
	o := turns(20)
	o.Intervals[5].Requested = o.Intervals[4].Acquired // waits for 4, which is free for 5 ms then
	at := o.Intervals[4].Acquired
	r := judged(t, o, []stop{{whom: inside, from: at, to: at + 3*ms, takenOver: true}, {whom: waiting, from: at, to: at + 20*ms}, {whom: waiting, from: 0, to: 1}})
	if r.Stopped != (Met{Holders: 1, Waiters: 2}) || r.TakenOver != 1 || r.LongestStop != 3*ms || r.FreeInStop != 5*ms {
		t.Errorf("%+v", r)
	}
}

func TestKillsAreCountedByWhomTheyMet(t *testing.T) {
	o := contend.Outcome{
		Intervals: []journal.Interval{
			{Lane: 0, Requested: 1, Acquired: 2}, {Lane: 1, Requested: 1}, {Lane: 2, Requested: 1, Acquired: 2, Releasing: 3},
			{Lane: 4, Requested: 1, Released: 3}, {Lane: 5, Requested: 1, Acquired: 2},
		},
		Faults: []contend.Fault{{Lane: 0, What: contend.Killed}, {Lane: 1, What: contend.Killed}, {Lane: 2, What: contend.Killed}, {Lane: 3, What: contend.Killed},
			{Lane: 4, What: contend.Killed}, {Lane: 5, What: contend.Stopped}},
	}
	if got := killed(o); got != (Met{Holders: 1, Waiters: 1, OnTheEdge: 3}) {
		t.Errorf("%+v", got)
	}
}

func TestManyErrorsAreOneFinding(t *testing.T) {
	var v verifier
	v.foundErrors(errors.Join(errors.New("first"), errors.New("second")))
	v.foundErrors(errors.New("only"))
	if f := v.result.Findings; len(f) != 2 || f[0].Detail != "2 processes ended with an error; first" || f[1].Detail != "1 process ended with an error; only" {
		t.Errorf("%+v", f)
	}
}

func TestTextEndsWithTheVerdict(t *testing.T) {
	passed := Result{Kind: "good", Excludes: Yes, Linearizable: Yes, Figures: contend.Figures{Processes: 2, Acquisitions: 100, Jain: 1}, Killed: Met{Holders: 1, Waiters: 2}}
	failed := Result{Kind: "bad", Excludes: No, Findings: []Finding{{Overlap, "so it was"}}, History: []string{"/a b/bad.html", "/a b/bad.jsonl"}}
	wedged := Result{Kind: "slow", Excludes: Yes, Findings: []Finding{{Wedged, "hung"}}}
	for _, row := range []struct {
		kinds []Result
		says  []string
		last  string
	}{
		{[]Result{passed}, []string{"tmpfs, mounted at /x (rw)", "killed 1 holder and 2 waiters", "1.000"}, "PASSED: on this filesystem the lock excludes, killed and stopped processes included: good."},
		{[]Result{passed, failed}, []string{"NO", "bad: OVERLAP: so it was.", "/a b/bad.html and /a b/bad.jsonl"}, "FAILED: bad does NOT exclude."},
		{[]Result{failed, wedged}, []string{"slow: WEDGED: hung."}, "FAILED: bad does NOT exclude; slow does not work: wedged."},
	} {
		var b strings.Builder
		(&Report{Dir: "/x", Mount: Mount{"/x", "tmpfs", "rw"}, Kinds: row.kinds}).WriteText(&b)
		lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
		if last := lines[len(lines)-1]; last != row.last {
			t.Errorf("ends with %q, want %q", last, row.last)
		}
		for _, word := range row.says {
			if !strings.Contains(b.String(), word) {
				t.Errorf("does not say %q:\n%s", word, b.String())
			}
		}
	}
}
