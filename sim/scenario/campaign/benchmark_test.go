package campaign

import (
	"fmt"
	"testing"
	"time"
)

// What must be reached on one core, by schedules of 4 processes with 3 cycles each.
const (
	leastSchedules = 100_000   // in a minute of the processor
	leastCalls     = 1_000_000 // in a second of it
)

// measured is how much of the processor has to be used before a figure says something.
const measured = 500 * time.Millisecond

// BenchmarkSchedules measures complete schedules: the plan, the world, the disk, the engine, the properties and the hash. It fails below what must be reached.
func BenchmarkSchedules(b *testing.B) {
	for _, row := range []struct {
		name string
		Profile
	}{
		{"plain", Profile{Processes: 4, Cycles: 3, Only: true}},
		{"everything", Profile{Processes: 4, Cycles: 3}},
	} {
		b.Run(row.name, func(b *testing.B) {
			r := schedules(b, row.Profile)
			if r.CPU > measured && (r.PerCPUMinute() < leastSchedules || r.PerCPUSecond() < leastCalls) {
				b.Errorf("%.0f schedules in a minute and %.0f calls in a second of the processor: less than %d and %d", r.PerCPUMinute(), r.PerCPUSecond(), leastSchedules, leastCalls)
			}
		})
	}
}

// BenchmarkLength measures what a call costs in short runs and in long ones. It fails if that grows with the length.
func BenchmarkLength(b *testing.B) {
	shortest := 0.0
	for _, cycles := range []int{3, 30, 300} {
		b.Run(fmt.Sprint(cycles), func(b *testing.B) {
			r := schedules(b, Profile{Processes: 4, Cycles: cycles, Only: true})
			if r.CPU < measured {
				return
			}
			cost := 1 / r.PerCPUSecond()
			if shortest == 0 {
				shortest = cost
			}
			if cost > 1.5*shortest {
				b.Errorf("a call costs %.0f ns, in the shortest runs %.0f ns", cost*1e9, shortest*1e9)
			}
		})
	}
}

// schedules runs b.N schedules.
func schedules(b *testing.B, p Profile) *Report {
	x := newExecutor(&Options{Profile: p, Histories: DefaultHistories, Repeats: DefaultRepeats})
	defer x.close()
	b.ReportAllocs()
	begin := cpuTime()
	for seed := uint64(0); b.Loop(); seed++ {
		if seed%plans == 0 {
			if err := x.load(seed / plans); err != nil {
				b.Fatal(err)
			}
		}
		x.seed(seed) // what is found is for the tests to say
	}
	r := &x.part
	r.CPU = cpuTime() - begin
	b.ReportMetric(float64(r.Operations)/float64(r.Schedules), "calls/op")
	b.ReportMetric(r.PerCPUMinute(), "schedules/CPU-min")
	b.ReportMetric(r.PerCPUSecond(), "calls/CPU-s")
	return r
}
