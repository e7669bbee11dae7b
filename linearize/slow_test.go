package linearize

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/model"
	"pgregory.net/rapid"
)

// step is an operation for the slow search.
type step struct {
	op        model.Op
	client    int // a bit
	call, ret time.Duration
	tokens    []uint64 // any of which an acquisition may have got that never returned
	optional  bool
	quiet     bool    // nobody can end or use by name what it gets
	untold    bool    // nor can what it gets end by itself, as far as anybody knows, until its client is told that it has it
	before    []*step // it is none of what comes after one of these
	after     []*step // it comes after all of these
}

// slowly decides whether a history of one lock is linearizable as the definition says, by trying every order of the operations as they were recorded.
// What never returned may or may not be in the order, and whatever a killed process had may end after the kill. It shares nothing with Check but the model.
//
// Of what never returned, two things are assumed. A release has had its effect, if it ever has one, before its client acquires again, and so on. And
// an acquisition whose client asks again without having done anything as a holder is none that the client can make use of later. An end that was recorded
// is that of a hold that somebody knew of.
func slowly[S Spec[S]](h History) bool {
	var nobody S
	_, lease := any(nobody).(model.Lease)
	steps := stepsOf(h, lease)
	type situation struct {
		state         S
		quiet, untold int
		done          string
	}
	seen := make(map[situation]bool)
	done := make([]byte, len(steps))
	index := make(map[*step]int)
	for i, s := range steps {
		index[s] = i
	}
	been := func(other *step) bool { return done[index[other]] != 0 }
	yet := func(other *step) bool { return !been(other) }
	var search func(state S, quiet, untold int) bool
	search = func(state S, quiet, untold int) bool {
		now := situation{state, quiet, untold, string(done)}
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
			if been(s) || s.call > first || slices.ContainsFunc(s.before, been) || slices.ContainsFunc(s.after, yet) {
				continue
			}
			if !s.optional && (quiet&s.client != 0 && (s.op.OK || s.op.Kind == model.End || s.op.Kind == model.GiveUp) || untold&s.client != 0 && s.op.Kind == model.End) {
				continue
			}
			if s.optional && quiet&s.client != 0 && s.op.Kind != model.End {
				continue
			}
			for _, token := range s.tokens {
				op := s.op
				op.Token = token
				next, legal, _ := state.Step(op)
				if !legal {
					continue
				}
				nowQuiet, nowUntold := quiet, untold
				if s.optional && next != state && takesAway(op.Kind) {
					nowQuiet &^= s.client
				}
				if op.OK && !s.optional && op.Kind != model.Write && !op.Kind.Happens() {
					nowUntold &^= s.client
				}
				if s.quiet {
					nowQuiet |= s.client
				}
				if s.untold {
					nowUntold |= s.client
				}
				done[i] = 1
				if search(next, nowQuiet, nowUntold) {
					return true
				}
				done[i] = 0
			}
		}
		return false
	}
	return search(nobody, 0, 0)
}

func stepsOf(h History, lease bool) []*step {
	var steps []*step
	number := make(map[Client]model.Client)
	of := make(map[Client][]*step)
	pending := func(s *step) bool { return s.ret == Never && !s.op.Kind.Happens() }
	operations := slices.Clone(h.Operations)
	slices.SortStableFunc(operations, func(a, b Operation) int { return a.compareTurn(&b) })
	alive := make(map[int]time.Duration)
	for _, o := range operations {
		if number[o.Client] == 0 {
			number[o.Client] = model.Client(len(number) + 1)
		}
		s := &step{op: model.Op{Kind: o.Kind, Client: number[o.Client], OK: o.OK, Token: o.Token, Depth: uint32(o.Depth)}, call: o.Call, ret: o.Return}
		s.client = 1 << s.op.Client
		s.tokens = []uint64{o.Token}
		s.optional = pending(s)
		s.op.OK = s.op.OK || s.optional
		own := of[o.Client]
		for _, earlier := range own {
			if pending(earlier) && undone(earlier.op.Kind, s) {
				earlier.before = append(earlier.before, s)
			}
			apart := func(k model.Kind) bool { return k == model.End || k == model.Expire || k == model.Beat }
			if !pending(earlier) && earlier.ret <= s.call && !apart(earlier.op.Kind) && !apart(s.op.Kind) {
				s.after = append(s.after, earlier)
			}
		}
		of[o.Client] = append(own, s)
		steps = append(steps, s)
		for _, seen := range []time.Duration{o.Call, o.Return} {
			if seen != Never && o.Kind != model.End && o.Kind != model.Expire {
				alive[o.Client.Process] = max(alive[o.Client.Process], seen)
			}
		}
	}
	for _, own := range of {
		for i, s := range own {
			if !s.optional {
				continue
			}
			shown, asked, acquiring := time.Duration(-1), false, false
			for _, later := range own[i+1:] {
				if s.op.Kind.Acquires() && later.op.Kind.Acquires() || s.op.Kind == model.Announce && later.op.Kind == model.Announce {
					asked = true
					break
				}
				k := later.op.Kind
				acquiring = acquiring || k == model.Acquire
				switch {
				case k == model.GiveUp && s.op.Kind == model.Acquire && !pending(later) && !later.op.OK: // so the wish has become a hold
					shown = max(shown, later.ret)
				case pending(later) || !later.op.OK:
				case s.op.Kind == model.Announce && (k == model.GiveUp || k == model.Acquire || k == model.Release && acquiring):
					shown = max(shown, later.ret)
				case s.op.Kind.Acquires() && (k == model.Release || k == model.ReleaseAll || k == model.Beat):
					shown = max(shown, later.ret)
					if later.op.Token != 0 && !slices.Contains(s.tokens, later.op.Token) {
						s.tokens = append(s.tokens, later.op.Token)
					}
				}
			}
			s.quiet = asked && shown < 0
			s.untold = s.op.Kind == model.Announce || s.op.Kind.Acquires() && !(lease && shown >= 0)
			if shown >= 0 {
				for _, other := range steps {
					if other.call > shown {
						s.before = append(s.before, other)
					}
				}
			}
			if len(s.tokens) > 1 { // it was told nothing, but there is one
				s.tokens = s.tokens[1:]
			}
		}
	}
	for c := range number {
		for _, f := range h.faults {
			if f.killed && f.process == c.Process {
				end := &step{op: model.Op{Kind: model.End, Client: number[c]}, client: 1 << number[c], tokens: []uint64{0},
					call: max(f.from, alive[c.Process]), ret: Never, optional: true}
				for _, s := range of[c] {
					if !s.optional && !s.op.Kind.Happens() && s.op.Kind != model.Beat {
						end.after = append(end.after, s)
					}
				}
				steps = append(steps, end)
			}
		}
	}
	return steps
}

// undone reports whether a later call of the client shows that an earlier one of a kind, which never returned, is not going to have its effect any more.
func undone(earlier model.Kind, later *step) bool {
	switch k := later.op.Kind; earlier {
	case model.Acquire, model.AcquireRead:
		return k.Acquires()
	case model.Announce:
		return k == model.Announce
	case model.GiveUp:
		return later.op.OK && later.ret != Never && k == model.Announce
	case model.Release, model.ReleaseAll:
		return later.op.OK && later.ret != Never && (k == model.Announce || k.Acquires())
	}
	return false
}

// habit is what clients of a kind of lock do after what, with what makes sense more often.
type habit map[model.Kind][]model.Kind

var (
	mutexHabit = habit{
		model.Acquire: {model.Release, model.Release, model.Release, model.Release, model.End, model.End, model.Acquire},
		model.Release: {model.Acquire, model.Acquire, model.Acquire, model.Acquire, model.Release, model.End},
		model.End:     {model.Acquire, model.Acquire, model.Acquire, model.Acquire, model.Release, model.End},
	}
	reentrantHabit = habit{
		model.Acquire:    {model.Acquire, model.Acquire, model.Release, model.Release, model.ReleaseAll, model.End},
		model.Release:    {model.Release, model.Release, model.Acquire, model.Acquire, model.ReleaseAll, model.End},
		model.ReleaseAll: {model.Acquire, model.Acquire, model.Acquire, model.Release},
		model.End:        {model.Acquire, model.Acquire, model.Acquire, model.Acquire, model.Release, model.End},
	}
	rwHabit = habit{
		model.Announce:    {model.Acquire, model.Acquire, model.Acquire, model.GiveUp, model.End, model.Announce},
		model.Acquire:     {model.Release, model.Release, model.Release, model.Release, model.End, model.GiveUp, model.Acquire},
		model.AcquireRead: {model.Release, model.Release, model.Release, model.Release, model.End, model.Announce},
		model.Release:     {model.AcquireRead, model.Announce, model.AcquireRead, model.Announce, model.Release},
		model.GiveUp:      {model.AcquireRead, model.Announce, model.GiveUp},
		model.End:         {model.AcquireRead, model.Announce, model.AcquireRead, model.Announce, model.Release, model.GiveUp},
	}
	leaseHabit = habit{
		model.Acquire: {model.Release, model.Release, model.Beat, model.Expire, model.Expire, model.End, model.Write, model.Acquire},
		model.Beat:    {model.Release, model.Release, model.Beat, model.Expire, model.Expire, model.Write},
		model.Expire:  {model.Release, model.Beat, model.Write, model.Acquire, model.Acquire},
		model.Write:   {model.Release, model.Release, model.Write, model.Expire, model.Acquire},
		model.Release: {model.Acquire, model.Acquire, model.Acquire, model.Write, model.Release},
		model.End:     {model.Acquire, model.Acquire, model.Acquire, model.Acquire, model.Release, model.Write},
	}
)

// smallHistory draws what three clients of two processes may have recorded, in a short time, so that much is concurrent. It may be anything, legal or not, but
// every client makes one call after the other.
func smallHistory(t *rapid.T, habits habit) History {
	var h History
	fenced := rapid.Bool().Draw(t, "fenced")
	for _, c := range []Client{p1, p1task, p2} {
		now := time.Duration(rapid.IntRange(0, 6).Draw(t, "start"))
		kinds := habits[model.End]
		var token uint64 // of the client's hold
		for range rapid.IntRange(0, 4).Draw(t, "calls") {
			o := Operation{
				Client: c,
				Kind:   rapid.SampledFrom(kinds).Draw(t, "kind"),
				Call:   now + time.Duration(rapid.IntRange(0, 3).Draw(t, "pause")),
				OK:     rapid.IntRange(0, 5).Draw(t, "ok") > 0,
			}
			o.Return = o.Call + time.Duration(rapid.IntRange(0, 5).Draw(t, "takes"))
			if o.Kind.Acquires() && (o.OK || o.Kind == model.Acquire) && fenced {
				token = rapid.Uint64Range(1, 6).Draw(t, "token")
			}
			now = o.Return
			kinds = habits[o.Kind]
			if o.Kind.Happens() && rapid.Bool().Draw(t, "open") || rapid.IntRange(0, 9).Draw(t, "unreturned") == 0 {
				o.Return = Never
				now++ // what comes afterwards does come afterwards
			}
			switch {
			case o.Kind.Acquires() && o.OK && o.Return != Never:
				o.Token = token
			case habits[model.Beat] != nil && !o.Kind.Acquires():
				o.Token = token
				if o.Kind == model.Write && token == 0 {
					o.Token = rapid.Uint64Range(1, 3).Draw(t, "written")
				}
			case habits[model.ReleaseAll] != nil && o.OK && o.Return != Never && o.Kind == model.Acquire:
				o.Depth = rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(t, "depth")
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
	t.Run("mutex", func(t *testing.T) { agreesWithTheSlowSearch[model.Mutex](t, mutexHabit) })
	t.Run("reentrant", func(t *testing.T) { agreesWithTheSlowSearch[model.Reentrant](t, reentrantHabit) })
	t.Run("rw", func(t *testing.T) { agreesWithTheSlowSearch[model.RW](t, rwHabit) })
	t.Run("lease", func(t *testing.T) { agreesWithTheSlowSearch[model.Lease](t, leaseHabit) })
}

func agreesWithTheSlowSearch[S Spec[S]](t *testing.T, habits habit) {
	var verdicts [2]int
	skipped := 0
	property := func(t *rapid.T) {
		h := smallHistory(t, habits)
		want := NotLinearizable
		if slowly[S](h) {
			want = Linearizable
		}
		for _, atLeast := range []int{1, 3, pieceCalls} {
			got := check[S](h, plenty, atLeast)
			if strings.HasPrefix(got.Evidence, "this is no history") {
				skipped++
				return
			}
			if got.Verdict != want {
				t.Fatalf("in pieces of %d: %v, %q; the slow search says %v\n%v", atLeast, got.Verdict, got.Evidence, want, recorded(h))
			}
		}
		verdicts[want-Linearizable]++
		if pairs, total := Overlaps(certain[S](h), 1); total > 0 && want == Linearizable {
			t.Fatalf("linearizable, and yet %v\n%v", pairs[0], recorded(h))
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

// recorded is a history as text.
func recorded(h History) string {
	var b strings.Builder
	for _, o := range h.Operations {
		fmt.Fprintf(&b, "%v; ", o.span())
	}
	for _, f := range h.faults {
		fmt.Fprintf(&b, "p%d killed at %v", f.process, f.from)
	}
	return b.String()
}

// certain returns the certain times of the holds that are not shared.
func certain[S Spec[S]](h History) []Interval {
	s := h.settle(natureOf[S](), h.inClientOrder(), h.deaths())
	return s.intervals()
}
