package campaign

import (
	"math/rand/v2"
	"time"
)

// draw is the source of everything that is drawn for a plan.
type draw struct{ *rand.Rand }

func newDraw(seed uint64) *draw { return &draw{rand.New(rand.NewPCG(seed, 0x686f6c6466617374))} }

// oneIn is true once in n times.
func (d *draw) oneIn(n int) bool { return d.IntN(n) == 0 }

// between returns a number from low to high.
func (d *draw) between(low, high int) int { return low + d.IntN(high-low+1) }

// among returns an element of list.
func among[T any](d *draw, list ...T) T { return list[d.IntN(len(list))] }

// spread returns a duration between low and high, of any order of magnitude alike, with one digit.
func (d *draw) spread(low, high time.Duration) time.Duration {
	t := low
	for t < high/10 && !d.oneIn(3) {
		t *= 10
	}
	return min(t*time.Duration(d.between(1, 9)), high)
}

// swarm gives each of n kinds a weight: none at all to a random part of them, and from 1 to 100 to the others. A mix in which everything happens all the time hides what only
// happens in the absence of something else.
func (d *draw) swarm(n int) []int {
	weights := make([]int, n)
	total := 0
	for i := range weights {
		if d.oneIn(2) {
			weights[i] = d.between(1, 100)
			total += weights[i]
		}
	}
	if total == 0 {
		weights[d.IntN(n)] = 1
	}
	return weights
}

// weighted returns the index of a weight, each as often as its weight says.
func (d *draw) weighted(weights []int) int {
	total := 0
	for _, w := range weights {
		total += w
	}
	n := d.IntN(total)
	for i, w := range weights {
		if n < w {
			return i
		}
		n -= w
	}
	return 0 // not reached
}
