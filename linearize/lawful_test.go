package linearize

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/model"
	"pgregory.net/rapid"
)

// lawful makes histories of a lock that does what its model says: it lets clients do one thing after the other, each at a moment, and then stretches the calls
// around the moments, so that they overlap as far as their clients allow.
type lawful[S Spec[S]] struct {
	clients, steps int
	fenced         bool
	kills          bool            // processes die, some of them inside a call
	habits         habit           // what clients do after what
	upTo           func(n int) int // draws from 0 to n-1
	lock           string          // its name
	state          S               // of the lock
	last           uint64          // the highest token
	history        History
	moments        []time.Duration   // of the operations
	lane           map[Client][]int  // indices of the client's operations that follow one another
	token          map[Client]uint64 // of the hold that it has or had
	depth          map[Client]int
}

const apart = 100 // between two moments

func (l *lawful[S]) run() History {
	l.lane, l.token, l.depth = make(map[Client][]int), make(map[Client]uint64), make(map[Client]int)
	who := make([]Client, l.clients)
	kinds := make([][]model.Kind, l.clients)
	for i := range who {
		who[i], kinds[i] = Client{Process: i + 1}, l.habits[model.End]
	}
	next := l.clients + 1
	for n := range l.steps {
		now := time.Duration((n + 1) * apart)
		i := l.upTo(l.clients)
		if l.kills && l.upTo(12) == 0 {
			l.kill(who[i], now)
			who[i], kinds[i] = Client{Process: next}, l.habits[model.End]
			next++
			continue
		}
		for range 20 { // until something is legal
			kind := kinds[i][l.upTo(len(kinds[i]))]
			if l.do(l.draw(who[i], kind), now) {
				kinds[i] = l.habits[kind]
				break
			}
		}
	}
	l.stretch()
	return l.history
}

// draw is an operation of a client as it may come out.
func (l *lawful[S]) draw(c Client, kind model.Kind) Operation {
	o := Operation{Client: c, Kind: kind, OK: l.upTo(8) > 0, Lock: l.lock}
	_, lease := any(l.state).(model.Lease)
	_, reentrant := any(l.state).(model.Reentrant)
	switch {
	case kind.Acquires() && o.OK && l.fenced:
		o.Token = l.last + 1 + uint64(l.upTo(2))
		if reentrant && l.depth[c] > 0 {
			o.Token = l.token[c]
		}
	case kind == model.Write:
		o.Token = max(1, l.token[c])
		o.OK = l.upTo(2) == 0
	case lease && l.fenced && (kind == model.Beat || kind == model.Release || kind == model.Expire):
		o.Token = l.token[c]
		o.OK = l.upTo(2) == 0
	}
	if reentrant && o.OK && l.upTo(2) == 0 {
		switch kind {
		case model.Acquire:
			o.Depth = l.depth[c] + 1
		case model.Release:
			o.Depth = max(0, l.depth[c]-1)
		}
	}
	return o
}

// do puts an operation down if it is legal.
func (l *lawful[S]) do(o Operation, now time.Duration) bool {
	op := model.Op{Kind: o.Kind, Client: model.Client(o.Client.Process), OK: o.OK, Token: o.Token, Depth: uint32(o.Depth)}
	next, legal, _ := l.state.Step(op)
	if !legal {
		return false
	}
	l.state = next
	if o.OK {
		switch o.Kind {
		case model.Acquire, model.AcquireRead:
			l.last = max(l.last, o.Token)
			l.token[o.Client] = o.Token
			l.depth[o.Client]++
		case model.Release:
			l.depth[o.Client]--
		case model.ReleaseAll:
			l.depth[o.Client] = 0
		}
	}
	if o.Kind == model.End {
		l.depth[o.Client] = 0
	}
	if !o.apart() {
		l.lane[o.Client] = append(l.lane[o.Client], len(l.history.Operations))
	}
	o.Call, o.Return = now, now
	l.history.Operations = append(l.history.Operations, o)
	l.moments = append(l.moments, now)
	return true
}

// kill ends a client, perhaps inside the last thing that it did, or inside something that never came about.
func (l *lawful[S]) kill(c Client, now time.Duration) {
	l.history.Killed(c.Process, now)
	if next, legal, _ := l.state.Step(model.Op{Kind: model.End, Client: model.Client(c.Process), Unknown: true}); legal {
		l.state = next
	}
	if l.upTo(2) == 0 {
		return
	}
	if own := l.lane[c]; len(own) > 0 && l.upTo(2) == 0 {
		o := &l.history.Operations[own[len(own)-1]]
		o.Return, o.OK, o.Depth = Never, false, 0
		if o.Kind.Acquires() {
			o.Token = 0 // is a result; of the others it is what they are about
		}
		return
	}
	o := Operation{Client: c, Kind: model.Acquire, Call: now - 1, Return: Never, Lock: l.lock}
	l.lane[c] = append(l.lane[c], len(l.history.Operations))
	l.history.Operations = append(l.history.Operations, o)
	l.moments = append(l.moments, now-1)
}

// stretch lets calls begin before their moments and return after them.
func (l *lawful[S]) stretch() {
	some := func(room time.Duration) time.Duration { return time.Duration(l.upTo(int(room) + 1)) }
	ops := l.history.Operations
	for i := range ops {
		if ops[i].apart() {
			ops[i].Call -= some(3 * apart)
			ops[i].Return += some(3 * apart)
		}
	}
	// Beats have to be over when their process dies.
	for i := range ops {
		if ops[i].Kind == model.Beat {
			ops[i].Return = l.moments[i] + some(apart/2)
		}
	}
	for _, own := range sortedLanes(l.lane) {
		for n, i := range own {
			if n == 0 {
				ops[i].Call -= some(3 * apart)
			}
			if ops[i].Return == Never {
				continue
			}
			if n == len(own)-1 {
				ops[i].Return += some(apart / 2)
				continue
			}
			room := l.moments[own[n+1]] - l.moments[i]
			after := some(room)
			ops[i].Return += after
			ops[own[n+1]].Call -= some(room - after)
		}
	}
}

func sortedLanes(lanes map[Client][]int) [][]int {
	var all [][]int
	for _, own := range lanes {
		all = append(all, own)
	}
	slices.SortFunc(all, func(a, b []int) int { return a[0] - b[0] })
	return all
}

func drawLawful[S Spec[S]](t *rapid.T, habits habit, clients, steps int) *lawful[S] {
	return &lawful[S]{
		clients: rapid.IntRange(1, clients).Draw(t, "clients"),
		steps:   rapid.IntRange(0, steps).Draw(t, "steps"),
		fenced:  rapid.Bool().Draw(t, "fenced"),
		kills:   rapid.Bool().Draw(t, "kills"),
		habits:  habits,
		upTo:    func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "n") },
	}
}

// lawfulHabit leaves out what has no sense for who knows the model: ends come from kills.
func lawfulHabit(h habit) habit {
	without := make(habit)
	for after, kinds := range h {
		without[after] = slices.DeleteFunc(slices.Clone(kinds), func(k model.Kind) bool { return k == model.End })
	}
	return without
}

func TestWhatEveryKindDoesIsAccepted(t *testing.T) {
	t.Run("mutex", func(t *testing.T) { accepts[model.Mutex](t, mutexHabit) })
	t.Run("reentrant", func(t *testing.T) { accepts[model.Reentrant](t, reentrantHabit) })
	t.Run("rw", func(t *testing.T) { accepts[model.RW](t, rwHabit) })
	t.Run("lease", func(t *testing.T) { accepts[model.Lease](t, leaseHabit) })
}

func accepts[S Spec[S]](t *testing.T, habits habit) {
	calls := 0
	rapid.Check(t, func(t *rapid.T) {
		h := drawLawful[S](t, lawfulHabit(habits), 5, 80).run()
		h.Operations = rapid.Permutation(h.Operations).Draw(t, "order of recording")
		for _, atLeast := range []int{1, 20, pieceCalls} {
			got := check[S](h, plenty, atLeast)
			if got.Verdict != Linearizable || got.Decided != got.Calls {
				t.Fatalf("in pieces of %d: %v, %q, %d of %d calls decided", atLeast, got.Verdict, got.Evidence, got.Decided, got.Calls)
			}
			calls += got.Calls
		}
	})
	if calls < 1000 {
		t.Errorf("the histories have %d calls only", calls)
	}
}

// TestOneWrongResultIsJudgedRightly changes one thing in a lawful history. Whether a lock can have done that is left to the slow search.
func TestOneWrongResultIsJudgedRightly(t *testing.T) {
	t.Run("mutex", func(t *testing.T) { judgesOneWrong[model.Mutex](t, mutexHabit) })
	t.Run("reentrant", func(t *testing.T) { judgesOneWrong[model.Reentrant](t, reentrantHabit) })
	t.Run("rw", func(t *testing.T) { judgesOneWrong[model.RW](t, rwHabit) })
	t.Run("lease", func(t *testing.T) { judgesOneWrong[model.Lease](t, leaseHabit) })
}

func judgesOneWrong[S Spec[S]](t *testing.T, habits habit) {
	var verdicts [2]int
	property := func(t *rapid.T) {
		h := drawLawful[S](t, lawfulHabit(habits), 3, 14).run()
		var returned []int
		for i, o := range h.Operations {
			if o.Return != Never {
				returned = append(returned, i)
			}
		}
		if len(returned) == 0 {
			return
		}
		o := &h.Operations[rapid.SampledFrom(returned).Draw(t, "which")]
		switch change := rapid.SampledFrom([]string{"result", "token", "depth", "early", "another's"}).Draw(t, "change"); change {
		case "result":
			o.OK = !o.OK
		case "token":
			o.Token = rapid.Uint64Range(0, 5).Draw(t, "token")
		case "depth":
			o.Depth = rapid.IntRange(0, 3).Draw(t, "depth")
		case "early":
			o.Return = o.Call
		case "another's":
			o.Client = Client{Process: 90}
		}
		got := check[S](h, plenty, 1)
		if got.Verdict == Undecided {
			return // no history any more
		}
		want := NotLinearizable
		if slowly[S](h) {
			want = Linearizable
		}
		if got.Verdict != want {
			t.Fatalf("%v, %q; the slow search says %v", got.Verdict, got.Evidence, want)
		}
		verdicts[want-Linearizable]++
	}
	for range 10 {
		rapid.Check(t, property)
		if t.Failed() {
			return
		}
	}
	if verdicts[0] < 50 || verdicts[1] < 50 {
		t.Errorf("linearizable and not: %v, which tries too little of something", verdicts)
	}
}

// BenchmarkSmallHistory is what a simulator does once per schedule that it samples: every call has returned, but for those of a process that was killed.
func BenchmarkSmallHistory(b *testing.B) {
	benchmarkSmall[model.Mutex](b, "mutex", mutexHabit)
	benchmarkSmall[model.Reentrant](b, "reentrant", reentrantHabit)
	benchmarkSmall[model.RW](b, "rw", rwHabit)
	benchmarkSmall[model.Lease](b, "lease", leaseHabit)
}

func benchmarkSmall[S Spec[S]](b *testing.B, name string, habits habit) {
	for _, n := range []int{24, 300} {
		for _, clients := range []int{4, 16} {
			r := rand.New(rand.NewPCG(1, 2))
			l := &lawful[S]{clients: clients, steps: 2 * n, habits: lawfulHabit(habits), upTo: r.IntN}
			h := l.run()
			h.Operations = h.Operations[:n]
			b.Run(fmt.Sprintf("%s/calls=%d/clients=%d", name, n, clients), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if got := CheckAs[S](h, plenty); got.Verdict != Linearizable {
						b.Fatal(got.Verdict, got.Evidence)
					}
				}
			})
		}
	}
}
