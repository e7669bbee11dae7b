package scenario

import (
	"strings"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/linearize"
	"github.com/holdfast-lock/holdfast/sim"
)

// A history has each end of a hold once, and none of a hold that is not in it: whoever gives up which level, and whatever a release that did not return has come to.
func TestHistoriesEndEachHoldOnce(t *testing.T) {
	const k = "lock k /data/k.lock lifetime=10µs\n"
	for name, text := range map[string]string{
		"killed while it gives up the inner level of what has expired": k + "slack 100µs\nswitch a#24 a.2\nfault * read * #1 before power\n\nconcurrently\n\ta lock k\n\ta lock k as i in k\n\ta sleep 1µs\n\ta unlock k i\nend\n",
		"killed before it knows of its hold":                           "lock k /data/k.lock lifetime=1µs\nslack unbounded\nswitch a#6 world.1\nswitch b#3 b.1\nswitch b.1#4 a\nswitch a#12 b.1\nswitch b.1#16 a\nswitch a#20 b.2\nswitch a.1#9 a\nswitch a#22 a.1\nfault * unlock k.lock #1 before power\n\nconcurrently\n\ta lock k\n\ta.1 lock k\n\tb.1 lock k\n\tstranger sleep 1µs\nend\n",
		"the outer level given up first":                               "lock k /data/k.lock lifetime=1s\n\na lock k as h\na lock k as i in h\na unlock k h -> ok\na sleep 2s\na unlock k i -> expired\nb lock k\nb unlock k\n",
		"a level given up twice":                                       "lock k /data/k.lock\n\na lock k as h\na lock k as i in h\na unlock k h\na unlock k h -> not-held\na unlock k i\nb lock k\nb unlock k\n",
		"a release that fails for want of locks":                       "lock k /data/k.lock kind=soft\nfault a trylock * #6 before error ENOLCK\n\na lock k\na unlock k\na lock k\na unlock k -> unsupported\na unlock k -> ok\nb lock k\nb unlock k\n",
		"given up by another task":                                     "lock k /data/k.lock\n\na lock k as h\na.1 unlock k h\na lock k as g\na.1 unlock k h -> not-held\na.1 unlock-all k g\nb lock k\nb unlock k\n",
		"a release that is under way in the end":                       "lock k /data/k.lock\nlimit 1h\nfault a unlock k.lock #1 after stop\n\na lock k\na unlock k &\nawait stopped a\nb lock k\nb unlock k\n",
	} {
		result := mustRun(t, parsed(t, text), RunOptions{History: HistoryTime, Timeline: true})
		if result.Finding != nil || result.Histories[0].Verdict != linearize.Linearizable || result.Histories[0].Calls == 0 && name != "killed before it knows of its hold" {
			t.Errorf("%s: %v, %d calls\n%s", name, result.Finding, result.Histories[0].Calls, result.Timeline)
		}
	}
}

func TestWhatIsNotDecidedIsNotPassed(t *testing.T) {
	s := parsed(t, "lock k /data/k.lock\n\na lock k\na unlock k\n")
	p := compiled(t, s)
	r := newRunner(t)
	if f := r.Run(p, RunOptions{History: 1}).Finding; f == nil || f.Property != Undecided || !f.Again() || !strings.Contains(f.Message, "/data/k.lock: not decided within 1ns") {
		t.Errorf("without time for it, the finding is %v", f)
	}
	wrong := parsed(t, "lock k /data/k.lock\n\na lock k -> timeout\na unlock k\n")
	if f := mustRun(t, wrong, RunOptions{History: 1, Twice: true}).Finding; f == nil || f.Property != findingExpectation || f.Again() {
		t.Errorf("the finding of the run itself does not come first: %v", f)
	}
}

// fickle decides otherwise in every run.
type fickle struct{ runs int }

func (f *fickle) Begin(uint64) { f.runs++ }

func (f *fickle) Pick(enabled []*sim.Task, current *sim.Task) *sim.Task {
	if f.runs%2 == 0 {
		return enabled[len(enabled)-1]
	}
	return sim.First{}.Pick(enabled, current)
}

func TestRunThatIsNotRepeatedIsAFinding(t *testing.T) {
	s := contention(3, 3, "")
	s.Slack = time.Millisecond
	p := compiled(t, s)
	r := newRunner(t)
	for _, engine := range []sim.Engine{sim.Coroutines, sim.Channels} {
		if f := r.Run(p, RunOptions{Engine: engine, Twice: true}).Finding; f != nil {
			t.Error(f)
		}
		f := r.Run(p, RunOptions{Engine: engine, Strategy: new(fickle), Twice: true, Timeline: true}).Finding
		if f == nil || f.Property != NotRepeated || !f.Again() {
			t.Errorf("the finding is %v", f)
		}
	}
}
