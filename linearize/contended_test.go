package linearize

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/model"
	"pgregory.net/rapid"
)

// contention is what clients record that contend for a correct lock: one holds after the other, and everything takes its time.
type contention struct {
	clients, holds int
	fenced, kills  bool
	upTo           func(n int) time.Duration // draws from 1 to n
}

// run returns the holds in the order in which they were, and when which process was killed.
func (c contention) run() (holds []Hold, kills map[int]time.Duration) {
	kills = make(map[int]time.Duration)
	next := c.clients
	ready := make([]time.Duration, c.clients) // when each client is done with its last hold
	who := make([]int, c.clients)
	for i := range who {
		ready[i], who[i] = c.upTo(5), i
	}
	now := time.Duration(10) // the moment of the last release
	for n := range c.holds {
		i := int(c.upTo(c.clients)) - 1
		h := Hold{Client: Client{Process: who[i]}, Requested: ready[i] + c.upTo(3)}
		if c.fenced {
			h.Token = uint64(n + 1)
		}
		now = max(now, h.Requested) + c.upTo(4)
		h.Acquired = now + c.upTo(4)
		h.Releasing = h.Acquired + 1 + c.upTo(4) // certain for two units at least
		now = h.Releasing + c.upTo(4)
		h.Released = now + c.upTo(6)
		ready[i] = h.Released
		if c.kills && c.upTo(10) == 1 {
			kills[who[i]] = h.Releasing - 1
			switch c.upTo(3) {
			case 1: // while it held
				h.Releasing, h.Released = 0, 0
			case 2: // while it released
				h.Released = 0
			case 3: // its successor, while waiting
				kills[next] = now + 50
				holds = append(holds, Hold{Client: Client{Process: next}, Requested: now})
				next++
				kills[who[i]] = h.Released
			}
			who[i], ready[i] = next, now
			next++
		}
		holds = append(holds, h)
	}
	return holds, kills
}

func historyOf(holds []Hold, kills map[int]time.Duration) History {
	h := FromHolds(holds)
	for process, at := range kills {
		h.Killed(process, at)
	}
	return h
}

func drawContention(t *rapid.T) contention {
	return contention{
		clients: rapid.IntRange(1, 12).Draw(t, "clients"),
		holds:   rapid.IntRange(0, 80).Draw(t, "holds"),
		fenced:  rapid.Bool().Draw(t, "fenced"),
		kills:   rapid.Bool().Draw(t, "kills"),
		upTo:    func(n int) time.Duration { return time.Duration(rapid.IntRange(1, n).Draw(t, "takes")) },
	}
}

func TestWhatALockDoesIsAccepted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		holds, kills := drawContention(t).run()
		history := historyOf(rapid.Permutation(holds).Draw(t, "order of recording"), kills)
		for _, atLeast := range []int{1, 20, pieceCalls} {
			if got := check[model.Mutex](history, plenty, atLeast); got.Verdict != Linearizable || got.Decided != got.Calls {
				t.Fatalf("in pieces of %d: %v, %q, %d of %d calls decided", atLeast, got.Verdict, got.Evidence, got.Decided, got.Calls)
			}
		}
		if pairs, total := Overlaps(history.Holds(), 1); total != 0 {
			t.Fatal(pairs)
		}
	})
}

// impatient returns the indices of the holds that were waited for while the one before was held.
func impatient(holds []Hold) (followers []int) {
	for i := 1; i < len(holds); i++ {
		if before, h := holds[i-1], holds[i]; before.Releasing != 0 && h.Acquired != 0 && h.Requested < before.Releasing {
			followers = append(followers, i)
		}
	}
	return followers
}

// TestOneOverlapIsRejected lets one successor in a moment before its predecessor gives the lock up.
func TestOneOverlapIsRejected(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawContention(t)
		c.clients++
		holds, kills := c.run()
		followers := impatient(holds)
		if len(followers) == 0 {
			t.Skip("nobody waited for anybody")
		}
		i := rapid.SampledFrom(followers).Draw(t, "intruder")
		before, intruder := holds[i-1], &holds[i]
		intruder.Acquired = before.Releasing - 1
		history := historyOf(holds, kills)
		want := fmt.Sprintf("%v held from %v to %v, and %v from %v to ", before.Client, before.Acquired, before.Releasing, intruder.Client, intruder.Acquired)
		for _, atLeast := range []int{1, 20, pieceCalls} {
			got := check[model.Mutex](history, plenty, atLeast)
			if got.Verdict != NotLinearizable || len(got.Evidence) < len(want) || got.Evidence[:len(want)] != want {
				t.Fatalf("in pieces of %d: %v, %q, want evidence %q", atLeast, got.Verdict, got.Evidence, want)
			}
		}
		if found, total := Overlaps(history.Holds(), 1); total != 1 || found[0].B.Client != intruder.Client {
			t.Fatalf("%d overlaps: %v", total, found)
		}
	})
}

// TestOneTokenBackIsRejected gives two holds that follow one another each other's token.
func TestOneTokenBackIsRejected(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawContention(t)
		c.fenced, c.kills, c.holds = true, false, c.holds+2
		holds, _ := c.run()
		i := rapid.IntRange(1, len(holds)-1).Draw(t, "second")
		holds[i-1].Token, holds[i].Token = holds[i].Token, holds[i-1].Token
		if got := Check(FromHolds(holds), plenty); got.Verdict != NotLinearizable {
			t.Fatalf("%v, %q", got.Verdict, got.Evidence)
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	for _, n := range []int{5_000, 50_000, 500_000} {
		for _, fenced := range []bool{false, true} {
			for _, broken := range []bool{false, true} {
				b.Run(fmt.Sprintf("calls=%d/clients=64/fenced=%t/overlap=%t", n, fenced, broken), func(b *testing.B) {
					r := rand.New(rand.NewPCG(1, 2))
					c := contention{clients: 64, holds: n / 2, fenced: fenced, upTo: func(n int) time.Duration { return 1 + time.Duration(r.IntN(n)) }}
					holds, _ := c.run()
					want := Linearizable
					if broken {
						followers := impatient(holds)
						last := followers[len(followers)-1]
						holds[last].Acquired = holds[last-1].Releasing - 1
						want = NotLinearizable
					}
					history := FromHolds(holds)
					b.ReportAllocs()
					for b.Loop() {
						if got := Check(history, plenty); got.Verdict != want {
							b.Fatal(got.Verdict, got.Evidence)
						}
					}
				})
			}
		}
	}
}
