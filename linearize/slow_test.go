package linearize

import (
	"slices"
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
	lastReturn := make(map[Client]time.Duration)
	for _, o := range h.Operations {
		pending := o.Return == Never && o.Kind != model.End
		add(o, o.OK || pending, pending)
		if o.Return != Never {
			lastReturn[o.Client] = max(lastReturn[o.Client], o.Return)
		}
	}
	for _, o := range h.Operations {
		for _, f := range h.faults {
			if f.killed && f.process == o.Client.Process && o.Kind == model.Acquire {
				add(Operation{Client: o.Client, Kind: model.End, Call: max(f.from, lastReturn[o.Client]), Return: Never}, true, true)
			}
		}
	}
	type situation struct {
		state model.Mutex
		done  string
	}
	seen := make(map[situation]bool)
	done := make([]byte, len(steps))
	var search func(state model.Mutex) bool
	search = func(state model.Mutex) bool {
		if seen[situation{state, string(done)}] {
			return false
		}
		seen[situation{state, string(done)}] = true
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
			if done[i] != 0 || s.call > first {
				continue
			}
			if next, legal, _ := state.Step(s.op); legal {
				done[i] = 1
				if search(next) {
					return true
				}
				done[i] = 0
			}
		}
		return false
	}
	return search(model.Mutex{})
}

// smallHistory draws what three clients of two processes may have recorded, in a short time, so that much is concurrent. It may be anything, legal or not, but
// every client makes one call after the other.
func smallHistory(t *rapid.T) History {
	var h History
	for _, c := range []Client{p1, p1task, p2} {
		now := time.Duration(rapid.IntRange(0, 6).Draw(t, "start"))
		for range rapid.IntRange(0, 4).Draw(t, "calls") {
			o := Operation{
				Client: c,
				Kind:   rapid.SampledFrom([]model.Kind{model.Acquire, model.Acquire, model.Release, model.Release, model.End}).Draw(t, "kind"),
				Call:   now + time.Duration(rapid.IntRange(0, 3).Draw(t, "pause")),
				OK:     rapid.IntRange(0, 5).Draw(t, "ok") > 0,
			}
			o.Return = o.Call + time.Duration(rapid.IntRange(0, 5).Draw(t, "takes"))
			if o.Kind == model.Acquire && o.OK {
				o.Token = rapid.Uint64Range(0, 6).Draw(t, "token")
			}
			now = o.Return
			if o.Kind == model.End && rapid.Bool().Draw(t, "open") {
				o.Return = Never
			}
			h.Operations = append(h.Operations, o)
		}
		if rapid.IntRange(0, 2).Draw(t, "hangs") == 0 {
			kind := rapid.SampledFrom([]model.Kind{model.Acquire, model.Release}).Draw(t, "kind")
			h.Operations = append(h.Operations, Operation{Client: c, Kind: kind, Call: now + 1, Return: Never})
		}
	}
	if rapid.IntRange(0, 2).Draw(t, "kill") == 0 {
		h.Killed(rapid.SampledFrom([]int{1, 2}).Draw(t, "process"), time.Duration(rapid.IntRange(0, 20).Draw(t, "at")))
	}
	return h
}

func TestCheckAgreesWithTheSlowSearch(t *testing.T) {
	var verdicts [2]int
	rapid.Check(t, func(t *rapid.T) {
		h := smallHistory(t)
		want := NotLinearizable
		if slowly(h) {
			want = Linearizable
		}
		verdicts[want-Linearizable]++
		for _, atLeast := range []int{1, 3, pieceCalls} {
			if got := check(h, plenty, atLeast); got.Verdict != want {
				t.Fatalf("in pieces of %d: %v, %q; the slow search says %v", atLeast, got.Verdict, got.Evidence, want)
			}
		}
		if pairs, total := Overlaps(h.Holds(), 1); total > 0 && want == Linearizable {
			t.Fatalf("linearizable, and yet %v", pairs[0])
		}
	})
	if slices.Contains(verdicts[:], 0) {
		t.Errorf("linearizable and not: %v of the histories, so that one of them was not tried", verdicts)
	}
}
