package linearize

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestOverlaps(t *testing.T) {
	a, b, c := Interval{p1, 1, 5}, Interval{p2, 4, 8}, Interval{p3, 5, Never}
	for _, row := range []struct {
		name      string
		intervals []Interval
		limit     int
		pairs     []Overlap
		total     int
		text      string
	}{
		{name: "nothing", limit: 9},
		{name: "touching", intervals: []Interval{a, c}, limit: 9},
		{name: "an empty one inside", intervals: []Interval{a, {p2, 3, 3}, {p3, 4, 2}}, limit: 9},
		{name: "one", intervals: []Interval{b, a}, limit: 9, pairs: []Overlap{{a, b, 4, 5}}, total: 1,
			text: "p1 held from 1ns to 5ns, and p2 from 4ns to 8ns: both for 1ns from 4ns"},
		{name: "two in a row", intervals: []Interval{c, b, a}, limit: 9, pairs: []Overlap{{a, b, 4, 5}, {b, c, 5, 8}}, total: 2},
		{name: "the first of two", intervals: []Interval{c, b, a}, limit: 1, pairs: []Overlap{{a, b, 4, 5}}, total: 2},
		{name: "only counted", intervals: []Interval{c, b, a}, total: 2},
		{name: "the same twice", intervals: []Interval{c, c}, limit: 9, pairs: []Overlap{{c, c, 5, Never}}, total: 1,
			text: "p3 held from 5ns to the end, and p3 from 5ns to the end: both for all time from 5ns"},
	} {
		t.Run(row.name, func(t *testing.T) {
			pairs, total := Overlaps(row.intervals, row.limit)
			if !slices.Equal(pairs, row.pairs) || total != row.total {
				t.Errorf("%d: %v; want %d: %v", total, pairs, row.total, row.pairs)
			}
			if row.text != "" && pairs[0].String() != row.text {
				t.Errorf("reads %q, want %q", pairs[0], row.text)
			}
		})
	}
}

// TestOverlapsAgreeWithEveryPair compares with a look at all pairs.
func TestOverlapsAgreeWithEveryPair(t *testing.T) {
	interval := rapid.Custom(func(t *rapid.T) Interval {
		from := time.Duration(rapid.IntRange(0, 40).Draw(t, "from"))
		return Interval{Client{Process: rapid.IntRange(0, 5).Draw(t, "client")}, from, from + time.Duration(rapid.IntRange(-2, 9).Draw(t, "length"))}
	})
	rapid.Check(t, func(t *rapid.T) {
		intervals := rapid.SliceOfN(interval, 0, 40).Draw(t, "intervals")
		want := 0
		for i, a := range intervals {
			for _, b := range intervals[:i] {
				if a.From < a.To && b.From < b.To && a.From < b.To && b.From < a.To {
					want++
				}
			}
		}
		limit := rapid.IntRange(0, 60).Draw(t, "limit")
		pairs, total := Overlaps(intervals, limit)
		if total != want || len(pairs) != min(limit, want) {
			t.Fatalf("%d pairs of %d, want %d of %d", len(pairs), total, min(limit, want), want)
		}
		for i, p := range pairs {
			if p.From != max(p.A.From, p.B.From) || p.To != min(p.A.To, p.B.To) || p.From >= p.To || p.A.From > p.B.From {
				t.Fatalf("wrong: %v", p)
			}
			if i > 0 && p.From < pairs[i-1].From {
				t.Fatalf("%v comes after %v", p, pairs[i-1])
			}
		}
	})
}

func BenchmarkOverlaps(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	intervals := make([]Interval, 100_000)
	for i := range intervals {
		from := time.Duration(10*i + r.IntN(8))
		intervals[i] = Interval{Client{Process: i % 64}, from, from + 3}
	}
	r.Shuffle(len(intervals), func(i, j int) { intervals[i], intervals[j] = intervals[j], intervals[i] })
	for b.Loop() {
		Overlaps(intervals, 10)
	}
}
