package linearize

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/model"
	"pgregory.net/rapid"
)

// slowly decides whether a history is linearizable as the definition says, by trying every order of the operations as they were recorded. What never
// returned may or may not be in the order, and each hold of a killed process may end after the kill. It shares nothing with Check but the model.
func slowly(h History) bool {
	type step struct {
		op        model.Op
		call, ret time.Duration
		optional  bool
		before    []*step // a release that never returned releases no later hold of its client
		after     []*step // a client makes one call after the other
	}
	var steps []*step
	number := make(map[Client]model.Client)
	add := func(o Operation, ok, optional bool) *step {
		if number[o.Client] == 0 {
			number[o.Client] = model.Client(len(number) + 1)
		}
		s := &step{op: model.Op{Kind: o.Kind, Client: number[o.Client], OK: ok, Token: o.Token}, call: o.Call, ret: o.Return, optional: optional}
		steps = append(steps, s)
		return s
	}
	operations := slices.Clone(h.Operations)
	slices.SortStableFunc(operations, func(a, b Operation) int { return cmp.Or(cmp.Compare(a.Call, b.Call), cmp.Compare(a.Return, b.Return)) })
	alive := make(map[int]time.Duration)
	for _, o := range operations {
		pending := o.Return == Never && o.Kind != model.End
		s := add(o, o.OK || pending, pending)
		for _, earlier := range steps[:len(steps)-1] {
			if earlier.optional && earlier.op.Kind == model.Release && earlier.op.Client == s.op.Client && s.op.Kind == model.Acquire && s.op.OK {
				earlier.before = append(earlier.before, s)
			}
			if !earlier.optional && earlier.ret <= s.call && earlier.op.Client == s.op.Client && earlier.op.Kind != model.End && s.op.Kind != model.End {
				s.after = append(s.after, earlier)
			}
		}
		for _, seen := range []time.Duration{o.Call, o.Return} {
			if seen != Never && o.Kind != model.End {
				alive[o.Client.Process] = max(alive[o.Client.Process], seen)
			}
		}
	}
	for c := range number {
		for _, f := range h.faults {
			if f.killed && f.process == c.Process {
				end := add(Operation{Client: c, Kind: model.End, Call: max(f.from, alive[c.Process]), Return: Never}, true, true)
				for _, s := range steps {
					if !s.optional && s.op.Client == end.op.Client && s.op.Kind != model.End {
						end.after = append(end.after, s)
					}
				}
			}
		}
	}
	type situation struct {
		state model.Mutex
		quiet bool
		done  string
	}
	seen := make(map[situation]bool)
	done := make([]byte, len(steps))
	var search func(state model.Mutex, quiet bool) bool
	search = func(state model.Mutex, quiet bool) bool { // quiet: held by an acquisition that never returned, which nobody can release or end by name
		now := situation{state, quiet, string(done)}
		if seen[now] {
			return false
		}
		seen[now] = true
		first := Never // the first return of what must still be; nothing that is called later can come before it
		complete := true
		for i, s := range steps {
			if done[i] == 0 && !s.optional {
				complete = false
				first = min(first, s.ret)
			}
		}
		if complete {
			return true
		}
		for i, s := range steps {
			been := func(other *step) bool { return done[slices.Index(steps, other)] != 0 }
			yet := func(other *step) bool { return !been(other) }
			if been(s) || s.call > first || slices.ContainsFunc(s.before, been) || slices.ContainsFunc(s.after, yet) {
				continue
			}
			next, legal, _ := state.Step(s.op)
			ends := next.Holder != state.Holder && s.op.Kind != model.Acquire
			if legal && !(ends && quiet && !s.optional) {
				done[i] = 1
				if search(next, !ends && quiet || s.optional && s.op.Kind == model.Acquire) {
					return true
				}
				done[i] = 0
			}
		}
		return false
	}
	return search(model.Mutex{}, false)
}

// afterwards are the kinds of operation that may follow one, with those that make sense more often.
var afterwards = map[model.Kind][]model.Kind{
	model.Acquire: {model.Release, model.Release, model.Release, model.Release, model.End, model.End, model.Acquire},
	model.Release: {model.Acquire, model.Acquire, model.Acquire, model.Acquire, model.Release, model.End},
	model.End:     {model.Acquire, model.Acquire, model.Acquire, model.Acquire, model.Release, model.End},
}

// smallHistory draws what three clients of two processes may have recorded, in a short time, so that much is concurrent. It may be anything, legal or not, but
// every client makes one call after the other.
func smallHistory(t *rapid.T) History {
	var h History
	for _, c := range []Client{p1, p1task, p2} {
		now := time.Duration(rapid.IntRange(0, 6).Draw(t, "start"))
		kinds := afterwards[model.End]
		for range rapid.IntRange(0, 4).Draw(t, "calls") {
			o := Operation{
				Client: c,
				Kind:   rapid.SampledFrom(kinds).Draw(t, "kind"),
				Call:   now + time.Duration(rapid.IntRange(0, 3).Draw(t, "pause")),
				OK:     rapid.IntRange(0, 5).Draw(t, "ok") > 0,
			}
			o.Return = o.Call + time.Duration(rapid.IntRange(0, 5).Draw(t, "takes"))
			if o.Kind == model.Acquire && o.OK {
				o.Token = rapid.Uint64Range(0, 6).Draw(t, "token")
			}
			now = o.Return
			kinds = afterwards[o.Kind]
			if o.Kind == model.End && rapid.Bool().Draw(t, "open") || rapid.IntRange(0, 9).Draw(t, "unreturned") == 0 {
				o.Return = Never
			}
			h.Operations = append(h.Operations, o)
		}
	}
	if rapid.IntRange(0, 2).Draw(t, "kill") == 0 {
		h.Killed(rapid.SampledFrom([]int{1, 2}).Draw(t, "process"), time.Duration(rapid.IntRange(0, 20).Draw(t, "at")))
	}
	return h
}

func TestCheckAgreesWithTheSlowSearch(t *testing.T) {
	var verdicts [2]int
	skipped := 0
	property := func(t *rapid.T) {
		h := smallHistory(t)
		want := NotLinearizable
		if slowly(h) {
			want = Linearizable
		}
		for _, atLeast := range []int{1, 3, pieceCalls} {
			got := check(h, plenty, atLeast)
			if strings.HasPrefix(got.Evidence, "this is no history") {
				skipped++
				return
			}
			if got.Verdict != want {
				t.Fatalf("in pieces of %d: %v, %q; the slow search says %v", atLeast, got.Verdict, got.Evidence, want)
			}
		}
		verdicts[want-Linearizable]++
		if pairs, total := Overlaps(h.Holds(), 1); total > 0 && want == Linearizable {
			t.Fatalf("linearizable, and yet %v", pairs[0])
		}
	}
	for range 100 { // the odd cases are rare
		rapid.Check(t, property)
		if t.Failed() {
			return
		}
	}
	if verdicts[0] < 500 || verdicts[1] < 500 || skipped > verdicts[1] {
		t.Errorf("linearizable and not: %v of the histories, and %d were none; which tries too little of something", verdicts, skipped)
	}
}
