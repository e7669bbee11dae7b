package contend

import (
	"cmp"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/holdfast-lock/holdfast/bench/journal"
)

// Quantiles describe a distribution of times.
type Quantiles struct {
	Count  int64         `json:"count"`
	Median time.Duration `json:"median_ns"`
	P99    time.Duration `json:"p99_ns"`
	P999   time.Duration `json:"p99_9_ns"`
	Max    time.Duration `json:"max_ns"`
}

// QuantilesOf returns the quantiles, each to three digits, of times up to a minute.
func QuantilesOf(times []time.Duration) Quantiles {
	h := hdrhistogram.New(1, int64(time.Minute), 3)
	q := Quantiles{Count: int64(len(times))}
	for _, t := range times {
		h.RecordValue(min(max(int64(t), 0), int64(time.Minute)))
		q.Max = max(q.Max, t)
	}
	if q.Count > 0 {
		q.Median, q.P99, q.P999 = at(h, 50), at(h, 99), at(h, 99.9)
	}
	return q
}

func at(h *hdrhistogram.Histogram, percent float64) time.Duration {
	return time.Duration(h.ValueAtQuantile(percent))
}

// Figures are what a run says of a lock.
type Figures struct {
	Processes    int           `json:"processes"`
	Acquisitions int           `json:"acquisitions"`
	PerSecond    float64       `json:"per_second"`
	HandOff      Quantiles     `json:"hand_off"` // from before the release in one process to after the acquisition in another that was waiting
	Wait         Quantiles     `json:"wait"`     // from before the acquisition to after it
	Jain         float64       `json:"jain"`     // fairness: (Σn)² / (P·Σn²) for the numbers n of acquisitions; 1 is perfectly fair, 1/P is one for all
	Starved      int           `json:"starved"`  // processes that waited all the time
	CPU          time.Duration `json:"cpu_ns"`   // per acquisition
	LongestFree  time.Duration `json:"free_ns"`  // for which the lock was free and somebody waited
	Overlaps     int           `json:"overlaps"` // holds that began while another one lasted
	LongestHold  time.Duration `json:"hold_ns"`  // of those that ended
	Wedged       int           `json:"wedged"`   // processes that did not end
}

// Figures computes the figures of a run. Throughput and fairness are those of the time from warmUp after the beginning to the end; and fairness is that between the processes
// to which nothing was done.
func (o Outcome) Figures(processes int, warmUp time.Duration) Figures {
	f := Figures{Processes: processes, Wedged: len(o.Wedged)}
	begin := o.Began + warmUp
	counts := make([]int, processes)
	var waits []time.Duration
	for _, i := range o.Intervals {
		if i.Acquired == 0 {
			continue
		}
		f.LongestHold = max(f.LongestHold, i.Releasing-i.Acquired)
		if i.Acquired < begin {
			continue
		}
		waits = append(waits, i.Acquired-i.Requested)
		if i.Acquired > o.Ended {
			continue
		}
		f.Acquisitions++
		if i.Lane < processes { // spares came later
			counts[i.Lane]++
		}
	}
	f.Wait = QuantilesOf(waits)
	disturbed := make(map[int]bool)
	for _, fault := range o.Faults {
		disturbed[fault.Lane] = true
	}
	var undisturbed []int
	for lane, n := range counts {
		if !disturbed[lane] {
			undisturbed = append(undisturbed, n)
			if n == 0 {
				f.Starved++
			}
		}
	}
	f.Jain = Jain(undisturbed)
	if seconds := (o.Ended - begin).Seconds(); seconds > 0 {
		f.PerSecond = float64(f.Acquisitions) / seconds
	}
	if all := o.Held(); len(all) > 0 {
		f.CPU = o.CPU / time.Duration(len(all))
	}
	var handOffs []time.Duration
	o.eachHandOff(func(from, to journal.Interval, free time.Duration) {
		if free < 0 {
			f.Overlaps++
			return
		}
		if to.Acquired < begin || to.Acquired > o.Ended {
			return
		}
		if to.Requested < from.Releasing {
			f.LongestFree = max(f.LongestFree, free)
			if from.Lane != to.Lane {
				handOffs = append(handOffs, free)
			}
		}
	})
	f.HandOff = QuantilesOf(handOffs)
	return f
}

// Held returns the intervals in which the lock was had, in the order in which it was. One that did not end, because the process was killed, lasted until then at least.
func (o Outcome) Held() []journal.Interval {
	killed := o.KilledAt()
	var held []journal.Interval
	for _, i := range o.Intervals {
		if i.Acquired == 0 {
			continue
		}
		if i.Releasing == 0 {
			i.Releasing = max(i.Acquired, killed[i.Lane])
		}
		held = append(held, i)
	}
	slices.SortFunc(held, func(a, b journal.Interval) int { return cmp.Compare(a.Acquired, b.Acquired) })
	return held
}

// eachHandOff calls f for each hold and the one that followed it, with the time between them; it is negative if they overlap.
func (o Outcome) eachHandOff(f func(from, to journal.Interval, free time.Duration)) {
	held := o.Held()
	for n := 1; n < len(held); n++ {
		latest := held[n-1]
		f(latest, held[n], held[n].Acquired-latest.Releasing)
		if held[n].Releasing < latest.Releasing {
			held[n].Releasing = latest.Releasing // an overlap: what counts for the next is the one that lasts longest
		}
	}
}

// Takeovers returns the times from the kill of a process that was inside to the moment at which the next one was.
func (o Outcome) Takeovers() []time.Duration {
	killed := o.KilledAt()
	var times []time.Duration
	o.eachHandOff(func(from, to journal.Interval, free time.Duration) {
		if at, ok := killed[from.Lane]; ok && from.Released == 0 && from.Releasing == at && free >= 0 {
			times = append(times, free)
		}
	})
	return times
}

// FreeAfter returns the longest time for which the lock was free while somebody waited, of those that touch the given time span.
func (o Outcome) FreeAfter(begin, end time.Duration) time.Duration {
	var longest time.Duration
	o.eachHandOff(func(from, to journal.Interval, free time.Duration) {
		if to.Requested < from.Releasing && from.Releasing < end && to.Acquired > begin {
			longest = max(longest, free)
		}
	})
	return longest
}

// Jain is Jain's fairness index.
func Jain(numbers []int) float64 {
	var sum, squares float64
	for _, n := range numbers {
		sum += float64(n)
		squares += float64(n) * float64(n)
	}
	if squares == 0 {
		return 0
	}
	return sum * sum / (float64(len(numbers)) * squares)
}
