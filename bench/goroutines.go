package bench

import (
	"runtime/pprof"
	"sync"
	"sync/atomic"
	"time"

	"github.com/holdfast-lock/holdfast/bench/contend"
	"github.com/holdfast-lock/holdfast/bench/worker"
)

const goroutinesTask = "goroutines"

type goroutinesArgs struct {
	soloArgs
	Goroutines int
}

// Crowd is what becomes of many goroutines of one process that take a lock in turns and do nothing inside.
type Crowd struct {
	Goroutines   int               `json:"goroutines"`
	Acquisitions int               `json:"acquisitions"`
	PerSecond    float64           `json:"per_second"`
	Wait         contend.Quantiles `json:"wait"`
	Jain         float64           `json:"jain"`
	Starved      int               `json:"starved"`
	CPU          time.Duration     `json:"cpu_ns"`  // per acquisition
	Threads      int               `json:"threads"` // that were started for it
	Overlaps     int64             `json:"overlaps"`
}

func goroutines(subjects contend.Subjects) worker.Task {
	return worker.For(func(a goroutinesArgs, _ func()) (Crowd, error) {
		subject, err := subjects.Find(a.Subject)
		if err != nil {
			return Crowd{}, err
		}
		locks := make([]contend.Lock, a.Goroutines)
		for i := range locks {
			if locks[i], err = subject.Open(a.Path); err != nil {
				return Crowd{}, err
			}
		}
		threads, cpu := pprof.Lookup("threadcreate").Count(), contend.CPU()
		c, err := crowd(locks, a.For)
		c.Threads = pprof.Lookup("threadcreate").Count() - threads
		if c.Acquisitions > 0 {
			c.CPU = (contend.CPU() - cpu) / time.Duration(c.Acquisitions)
		}
		return c, err
	})
}

// crowd lets one goroutine for each lock contend.
func crowd(locks []contend.Lock, d time.Duration) (Crowd, error) {
	var counting, over atomic.Bool
	var inside, overlaps atomic.Int64
	var failed atomic.Pointer[error]
	waits := make([][]time.Duration, len(locks))
	var group sync.WaitGroup
	for i, l := range locks {
		group.Go(func() {
			for !over.Load() {
				asked := time.Now()
				if err := l.Lock(); err != nil {
					failed.Store(&err)
					return
				}
				if counting.Load() {
					waits[i] = append(waits[i], time.Since(asked))
				}
				if inside.Add(1) > 1 {
					overlaps.Add(1)
				}
				inside.Add(-1)
				if err := l.Unlock(); err != nil {
					failed.Store(&err)
					return
				}
			}
		})
	}
	time.Sleep(d / 5) // until all have begun
	counting.Store(true)
	start := time.Now()
	time.Sleep(d)
	over.Store(true)
	took := time.Since(start)
	group.Wait()
	if err := failed.Load(); err != nil {
		return Crowd{}, *err
	}
	c := Crowd{Goroutines: len(locks), Overlaps: overlaps.Load()}
	var all []time.Duration
	numbers := make([]int, len(locks))
	for i, w := range waits {
		numbers[i] = len(w)
		if len(w) == 0 || len(w) == 1 && w[0] >= took {
			c.Starved++ // once at the end, when the others had stopped, does not count
		}
		all = append(all, w...)
	}
	c.Acquisitions, c.Wait, c.Jain = len(all), contend.QuantilesOf(all), contend.Jain(numbers)
	c.PerSecond = float64(len(all)) / took.Seconds()
	return c, nil
}
