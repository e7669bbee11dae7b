package verify

import (
	"math/rand/v2"
	"time"

	"github.com/holdfast-lock/holdfast/bench/contend"
)

// where says what a process is doing when something is done to it.
type where int

const (
	inside  where = iota // it has the lock
	waiting              // it waits for the lock while another process has it
)

func (w where) String() string { return [...]string{"holder", "waiter"}[w] }

// disturbance is something to be done to a process.
type disturbance struct {
	at    time.Duration // since the beginning
	what  contend.FaultKind
	whom  where
	place int
	last  time.Duration // for which a process is stopped
}

// A process is stopped for some dozens of hand-offs, so that it shows whether others go on meanwhile, and where they must not, that they do not.
const shortestStop, longestStop = 20 * time.Millisecond, 100 * time.Millisecond

// victims is how many of the processes something is done to.
func victims(processes int) int { return processes / 2 }

// plan draws the disturbances of a run from the seed, in the order of time. Half of the kills and of the stops meet a holder, half a waiter. They go to half of the
// processes only: how fairly the lock treats a process can be told of those that nothing was done to.
func plan(o Options) []disturbance {
	random := rand.New(rand.NewPCG(o.Seed, 0))
	var all []disturbance
	for _, part := range []struct {
		what contend.FaultKind
		n    int
	}{{contend.Killed, o.Kills}, {contend.Stopped, o.Stops}} {
		for i := range part.n {
			all = append(all, disturbance{what: part.what, whom: where(i % 2), place: random.IntN(victims(o.Processes)),
				last: shortestStop + time.Duration(random.Int64N(int64(longestStop-shortestStop)))})
		}
	}
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	slot := o.For / time.Duration(len(all)+1)
	for i := range all {
		all[i].at = slot*time.Duration(i) + slot/2 + time.Duration(random.Int64N(int64(slot/2)))
	}
	return all
}
