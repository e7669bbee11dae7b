package linearize

import (
	"strings"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/model"
)

// plenty is more time than any test's history needs; a check that needs it all has hung.
const plenty = time.Minute

// The clients of the hand-written histories. p1 has two tasks.
var (
	p1     = Client{Process: 1}
	p1task = Client{Process: 1, Task: 1}
	p2     = Client{Process: 2}
	p3     = Client{Process: 3}
)

func acquired(c Client, call, ret time.Duration, token uint64) Operation {
	return Operation{Client: c, Kind: model.Acquire, Call: call, Return: ret, OK: true, Token: token}
}

func failed(c Client, call, ret time.Duration) Operation {
	return Operation{Client: c, Kind: model.Acquire, Call: call, Return: ret}
}

func released(c Client, call, ret time.Duration) Operation {
	return Operation{Client: c, Kind: model.Release, Call: call, Return: ret, OK: true}
}

func refused(c Client, call, ret time.Duration) Operation {
	return Operation{Client: c, Kind: model.Release, Call: call, Return: ret}
}

func ended(c Client, from, to time.Duration) Operation {
	return Operation{Client: c, Kind: model.End, Call: from, Return: to}
}

// verdict is a history, and what is to be found out about it.
type verdict struct {
	name     string
	ops      []Operation
	faults   func(*History)
	evidence string // of what is not linearizable
}

func judge[S Spec[S]](t *testing.T, verdicts []verdict) {
	for _, row := range verdicts {
		t.Run(row.name, func(t *testing.T) {
			h := History{Operations: row.ops}
			if row.faults != nil {
				row.faults(&h)
			}
			want := Linearizable
			if row.evidence != "" {
				want = NotLinearizable
			}
			for _, atLeast := range []int{1, pieceCalls} {
				got := check[S](h, plenty, atLeast)
				if got.Verdict != want || !strings.HasPrefix(got.Evidence, row.evidence) || want == Linearizable && got.Evidence != "" {
					t.Errorf("in pieces of %d: %v, %q; want %v, %q", atLeast, got.Verdict, got.Evidence, want, row.evidence)
				}
				if want == Linearizable && got.Decided != got.Calls {
					t.Errorf("in pieces of %d: %d of %d calls decided", atLeast, got.Decided, got.Calls)
				}
			}
			if pairs, total := Overlaps(certain[S](h), 1); total > 0 && want == Linearizable {
				t.Errorf("an overlap: %v", pairs[0])
			}
			if brute := slowly[S](h); brute != (want == Linearizable) {
				t.Errorf("the slow search says %t", brute)
			}
		})
	}
}

func TestHistories(t *testing.T) {
	kill1 := func(at time.Duration) func(*History) { return func(h *History) { h.Killed(1, at) } }
	judge[model.Mutex](t, []verdict{
		{name: "nothing"},
		{name: "one after the other", ops: []Operation{acquired(p1, 1, 2, 1), released(p1, 3, 4), acquired(p2, 5, 6, 2), released(p2, 7, 8)}},
		{name: "a waiter gets in during the release", ops: []Operation{acquired(p1, 1, 2, 1), released(p1, 10, 20), acquired(p2, 3, 11, 2), released(p2, 12, 13)}},
		{name: "a waiter gets in when the release is called", ops: []Operation{acquired(p1, 1, 2, 1), released(p1, 10, 20), acquired(p2, 3, 10, 2)}},
		{name: "two tasks of a process", ops: []Operation{acquired(p1, 1, 2, 1), released(p1, 3, 4), acquired(p1task, 1, 6, 2), released(p1task, 7, 8)}},
		{name: "held to the end", ops: []Operation{acquired(p1, 1, 2, 1), failed(p2, 3, 90), refused(p2, 91, 92)}},
		{name: "attempts fail for no visible reason", ops: []Operation{failed(p1, 1, 2), failed(p2, 3, 4)}},
		{name: "the tokens tell the order of what was concurrent", ops: []Operation{
			acquired(p1, 1, 50, 2), released(p1, 50, 99), acquired(p2, 1, 50, 1), released(p2, 50, 99)}},
		{name: "two holders",
			ops:      []Operation{acquired(p1, 1, 2, 1), released(p1, 10, 11), acquired(p2, 3, 4, 2), released(p2, 8, 9)},
			evidence: "p1 held from 2ns to 10ns, and p2 from 4ns to 8ns: both for 4ns from 4ns"},
		{name: "two holders for a moment",
			ops:      []Operation{acquired(p1, 1, 2, 0), released(p1, 10, 20), acquired(p2, 3, 9, 0), released(p2, 30, 31)},
			evidence: "p1 held from 2ns to 10ns, and p2 from 9ns to 30ns: both for 1ns from 9ns"},
		{name: "two tasks of a process at once",
			ops:      []Operation{acquired(p1, 1, 2, 1), released(p1, 10, 11), acquired(p1task, 3, 4, 2), released(p1task, 8, 9)},
			evidence: "p1 held from 2ns to 10ns, and p1.1 from 4ns to 8ns: both for 4ns from 4ns"},
		{name: "acquired twice",
			ops:      []Operation{acquired(p1, 1, 2, 1), acquired(p1, 3, 4, 2), released(p1, 5, 6)},
			evidence: "p1 held from 2ns to the end, and p1 from 4ns to 5ns: both for 1ns from 4ns"},
		{name: "lost release",
			ops:      []Operation{acquired(p1, 1, 2, 1), acquired(p2, 30, 40, 2)},
			evidence: "p1 held from 2ns to the end, and p2 from 40ns to the end: both for all time from 40ns"},
		{name: "release by another",
			ops:      []Operation{acquired(p1, 1, 2, 1), released(p2, 3, 4), refused(p1, 5, 6)},
			evidence: "p2 release (3ns to 4ns) has no place: the client does not hold the lock (p1 holds it, last token 1)"},
		{name: "released twice",
			ops:      []Operation{acquired(p1, 1, 2, 1), released(p1, 3, 4), released(p1, 5, 6)},
			evidence: "p1 release (5ns to 6ns) has no place: the client does not hold the lock (free, last token 1)"},
		{name: "release of what was never held", ops: []Operation{released(p1, 3, 4)},
			evidence: "p1 release (3ns to 4ns) has no place: the client does not hold the lock (free)"},
		{name: "the holder is refused",
			ops:      []Operation{acquired(p1, 1, 2, 1), refused(p1, 3, 4), released(p1, 5, 6)},
			evidence: "p1 release, refused (3ns to 4ns) has no place: the client holds the lock, and was told that it does not (p1 holds it, last token 1)"},
		{name: "token back",
			ops:      []Operation{acquired(p1, 1, 2, 7), released(p1, 3, 4), acquired(p2, 5, 6, 6), released(p2, 7, 8)},
			evidence: "p2 acquire, token 6 (5ns to 6ns) has no place: its token is not above all tokens before it (free, last token 7)"},
		{name: "token again",
			ops:      []Operation{acquired(p1, 1, 2, 7), released(p1, 3, 4), acquired(p2, 1, 6, 7), released(p2, 7, 8)},
			evidence: "p2 acquire, token 7 (1ns to 6ns) has no place: its token is not above all tokens before it (free, last token 7)"},
		{name: "token back and later two holders: the first is named",
			ops: []Operation{acquired(p1, 1, 2, 7), released(p1, 3, 4), acquired(p2, 5, 6, 6), released(p2, 7, 8),
				acquired(p1, 9, 10, 8), acquired(p2, 11, 12, 9)},
			evidence: "p2 acquire, token 6 (5ns to 6ns) has no place: its token is not above all tokens before it (free, last token 7)"},

		// What never returned, and who was killed.
		{name: "killed while waiting", faults: kill1(10), ops: []Operation{acquired(p1, 1, Never, 0), acquired(p2, 2, 5, 1), released(p2, 20, 21), acquired(p3, 22, 23, 2)}},
		{name: "killed while holding, a successor after", faults: kill1(10), ops: []Operation{acquired(p1, 1, 2, 1), acquired(p2, 3, 12, 2), released(p2, 13, 14)}},
		{name: "killed while holding, a successor at the moment", faults: kill1(10), ops: []Operation{acquired(p1, 1, 2, 1), acquired(p2, 3, 10, 2), released(p2, 13, 14)}},
		{name: "killed while holding, nobody after", faults: kill1(10), ops: []Operation{acquired(p1, 1, 2, 1)}},
		{name: "killed while holding, a successor before", faults: kill1(10),
			ops:      []Operation{acquired(p1, 1, 2, 1), acquired(p2, 3, 8, 2), released(p2, 13, 14)},
			evidence: "p1 held from 2ns to 10ns, and p2 from 8ns to 13ns: both for 2ns from 8ns"},
		{name: "killed, with both of its tasks", faults: kill1(10),
			ops: []Operation{acquired(p1, 1, 2, 1), released(p1, 3, 4), acquired(p1task, 5, 6, 2), acquired(p2, 1, 11, 3)}},
		{name: "killed twice, the first counts", faults: func(h *History) { h.Killed(1, 20); h.Killed(1, 10); h.Killed(1, 30) },
			ops: []Operation{acquired(p1, 1, 2, 1), acquired(p2, 3, 12, 2)}},
		{name: "another was killed", faults: func(h *History) { h.Killed(3, 5) },
			ops:      []Operation{acquired(p1, 1, 2, 1), acquired(p2, 3, 12, 2), released(p2, 13, 14)},
			evidence: "p1 held from 2ns to the end, and p2 from 12ns to 13ns: both for 1ns from 12ns"},
		{name: "stopped is not dead", faults: func(h *History) { h.Stopped(1, 5, 50) },
			ops:      []Operation{acquired(p1, 1, 2, 1), acquired(p2, 3, 12, 2), released(p2, 13, 14)},
			evidence: "p1 held from 2ns to the end, and p2 from 12ns to 13ns: both for 1ns from 12ns"},
		{name: "acquired once more after the kill was recorded", faults: kill1(10),
			ops: []Operation{acquired(p1, 1, 12, 1), acquired(p2, 3, 13, 2)}},
		{name: "acquired once more after the kill was recorded, a successor before", faults: kill1(10),
			ops:      []Operation{acquired(p1, 1, 12, 2), acquired(p2, 3, 11, 1)},
			evidence: "p"}, // which of the two has no place depends on where the history was cut
		{name: "another task of the process returned after the kill was recorded", faults: kill1(3),
			ops:      []Operation{acquired(p1, 1, 2, 1), failed(p1task, 1, 12), acquired(p2, 4, 5, 2)},
			evidence: "p1 held from 2ns to 12ns, and p2 from 5ns to the end: both for 7ns from 5ns"},
		{name: "another task of the process called after the kill was recorded", faults: kill1(3),
			ops:      []Operation{acquired(p1, 1, 2, 1), acquired(p1task, 12, Never, 0), acquired(p2, 4, 5, 2)},
			evidence: "p1 held from 2ns to 12ns, and p2 from 5ns to the end: both for 7ns from 5ns"},
		{name: "killed while releasing, a successor before the kill", faults: kill1(10),
			ops: []Operation{acquired(p1, 1, 2, 1), released(p1, 5, Never), acquired(p2, 3, 7, 2), released(p2, 8, 9)}},
		{name: "killed while releasing, a successor before the release", faults: kill1(10),
			ops:      []Operation{acquired(p1, 1, 2, 1), released(p1, 5, Never), acquired(p2, 3, 4, 2), released(p2, 8, 9)},
			evidence: "p1 held from 2ns to 5ns, and p2 from 4ns to 8ns: both for 1ns from 4ns"},
		{name: "still waiting when the recording ended", ops: []Operation{acquired(p1, 1, 2, 1), acquired(p2, 3, Never, 0), acquired(p3, 3, Never, 0)}},
		{name: "still releasing when the recording ended", ops: []Operation{acquired(p1, 1, 2, 1), released(p1, 3, Never)}},
		{name: "a release that never returned has worked", ops: []Operation{acquired(p1, 1, 2, 1), released(p1, 3, Never), refused(p1, 6, 7), acquired(p2, 8, 9, 2)}},
		{name: "a release that never returned has not worked", ops: []Operation{
			acquired(p1, 1, 2, 1), released(p1, 3, Never), released(p1, 6, 7), acquired(p2, 8, 9, 2)}},
		{name: "killed after a release that never returned was tried again", faults: kill1(10), ops: []Operation{
			acquired(p1, 1, 2, 1), released(p1, 3, Never), released(p1, 4, 5), acquired(p1, 6, 7, 2), acquired(p2, 8, 12, 3)}},
		{name: "killed after a release that never returned was tried again, a successor before", faults: kill1(10),
			ops:      []Operation{acquired(p1, 1, 2, 1), released(p1, 3, Never), released(p1, 4, 5), acquired(p1, 6, 7, 2), acquired(p2, 8, 9, 3)},
			evidence: "p1 held from 7ns to 10ns, and p2 from 9ns to the end: both for 1ns from 9ns"},
		{name: "a release that never returned and had nothing to release", ops: []Operation{released(p1, 3, Never), acquired(p2, 8, 9, 2)}},

		{name: "a release that may have been too late for what expired", ops: []Operation{
			acquired(p1, 1, 2, 1), released(p1, 5, Never), ended(p1, 6, Never), acquired(p1, 7, 8, 2), acquired(p2, 9, 10, 3)}},
		{name: "a release of what had expired", ops: []Operation{
			acquired(p1, 1, 2, 1), ended(p1, 5, Never), released(p1, 6, Never), acquired(p1, 7, 8, 2)}},
		{name: "a release of what had expired is none of what comes after",
			ops:      []Operation{acquired(p1, 1, 2, 1), ended(p1, 5, 5), released(p1, 6, Never), acquired(p1, 7, 8, 2), acquired(p2, 9, 10, 3)},
			evidence: "p2 acquire, token 3 (9ns to 10ns) has no place: another client holds the lock (p1 holds it, last token 2)"},
		{name: "an acquisition that never returned and was released", ops: []Operation{acquired(p1, 1, Never, 0), released(p1, 6, 7), acquired(p2, 3, 8, 1)}},
		{name: "an acquisition that never returned and was released, a holder in between",
			ops:      []Operation{acquired(p1, 4, Never, 0), released(p1, 6, 7), acquired(p2, 1, 2, 1), released(p2, 9, 10)},
			evidence: "p1 acquire, never returned (from 4ns) has no place: another client holds the lock (p2 holds it, last token 1)"},
		{name: "an acquisition that never returned and was tried again in vain",
			ops:      []Operation{acquired(p1, 1, Never, 0), failed(p1, 2, 3), released(p1, 6, 7)},
			evidence: "p1 release (6ns to 7ns) has no place: the client does not hold the lock (free)"},

		// Holds that end by themselves.
		{name: "expired, then a successor", ops: []Operation{acquired(p1, 1, 2, 1), ended(p1, 10, Never), acquired(p2, 3, 12, 2), refused(p1, 15, 16)}},
		{name: "a successor before it expired",
			ops:      []Operation{acquired(p1, 1, 2, 1), ended(p1, 10, Never), acquired(p2, 3, 9, 2), refused(p1, 15, 16)},
			evidence: "p1 held from 2ns to 10ns, and p2 from 9ns to the end: both for 1ns from 9ns"},
		{name: "expired before the acquisition returned", ops: []Operation{
			acquired(p1, 1, 20, 1), ended(p1, 5, Never), acquired(p2, 6, 7, 2), released(p2, 8, 9)}},
		{name: "which end ended which hold is open", ops: []Operation{
			acquired(p1, 1, 2, 0), ended(p1, 5, Never), acquired(p1, 10, 20, 0), ended(p1, 15, 16), acquired(p2, 15, 16, 0), released(p2, 17, 18)}},
		{name: "acquired again at the moment at which the hold ended", faults: kill1(12), ops: []Operation{
			acquired(p1, 1, 2, 0), acquired(p1, 3, 10, 0), ended(p1, 10, Never), acquired(p2, 4, 20, 0), released(p2, 21, 22)}},
		{name: "the end of a hold that is none", ops: []Operation{ended(p1, 5, 6)},
			evidence: "p1 end (5ns to 6ns) has no place: the client does not hold the lock (free)"},
		{name: "released, though it had ended",
			ops:      []Operation{acquired(p1, 1, 2, 1), ended(p1, 10, 11), released(p1, 15, 16)},
			evidence: "p1 release (15ns to 16ns) has no place: the client does not hold the lock (free, last token 1)"},
	})
}

func TestWhatIsNoHistoryIsNotPassed(t *testing.T) {
	for _, row := range []struct {
		name, evidence string
		ops            []Operation
	}{
		{"returned before it was called", "this is no history: p1 acquire, token 1 (5ns to 4ns) returned before it was called", []Operation{acquired(p1, 5, 4, 1)}},
		{"two calls at once", "this is no history: p1 release (2ns to 4ns) was called inside p1 acquire, token 1 (1ns to 3ns) by the same client",
			[]Operation{acquired(p2, 1, 2, 2), released(p1, 2, 4), acquired(p1, 1, 3, 1)}},
		{"unknown operation", "this is no history: operation 0 of p1 is kind 0", []Operation{{Client: p1}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := Check(History{Operations: row.ops}, plenty)
			if got.Verdict != Undecided || got.Evidence != row.evidence {
				t.Errorf("%v, %q; want undecided, %q", got.Verdict, got.Evidence, row.evidence)
			}
		})
	}
}

// puzzle is a history whose checking takes time exponential in n: all holds end at the moment at which they begin, all at the same one, nothing tells
// their order, and the last call makes every order illegal.
func puzzle(n int) History {
	var h History
	for i := range n {
		c := Client{Process: i}
		h.Operations = append(h.Operations, acquired(c, 0, 50, 0), released(c, 50, 99))
	}
	h.Operations = append(h.Operations, released(Client{Process: n}, 50, 99))
	return h
}

func TestShortOfTimeIsUndecided(t *testing.T) {
	for _, timeout := range []time.Duration{-1, 0, 1, 20 * time.Millisecond} {
		got := Check(puzzle(60), timeout)
		if got.Verdict != Undecided || !strings.HasPrefix(got.Evidence, "not decided within "+timeout.String()+": 0 of 121 calls are, and not those from 0s on") {
			t.Errorf("in %v: %v, %q", timeout, got.Verdict, got.Evidence)
		}
	}
}

// TestSameCallsAreNotSearchedTwice: thirteen holds have thousands of subsets, which is little, but billions of orders.
func TestSameCallsAreNotSearchedTwice(t *testing.T) {
	if got := Check(puzzle(13), plenty); got.Verdict != NotLinearizable {
		t.Error(got.Verdict, got.Evidence)
	}
}

func TestOverlapDecidesWithoutTime(t *testing.T) {
	h := puzzle(60)
	h.Operations = append(h.Operations, acquired(Client{Process: 61}, 100, 101, 0), acquired(Client{Process: 62}, 100, 102, 0))
	got := Check(h, 1)
	if want := "p61 held from 101ns to the end, and p62 from 102ns to the end: both for all time from 102ns"; got.Verdict != NotLinearizable || got.Evidence != want {
		t.Errorf("%v, %q; want not linearizable, %q", got.Verdict, got.Evidence, want)
	}
}
