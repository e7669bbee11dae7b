package campaign

import "testing"

// BenchmarkSchedules measures complete schedules of 4 processes with 3 cycles each: the plan, the world, the disk, the engine, the properties and the hash. What must be
// reached is 100,000 schedules in a minute and 1,000,000 operations in a second of one core.
func BenchmarkSchedules(b *testing.B) {
	for _, row := range []struct {
		name string
		Profile
	}{
		{"plain", Profile{Processes: 4, Cycles: 3, Only: true}},
		{"everything", Profile{Processes: 4, Cycles: 3}},
	} {
		b.Run(row.name, func(b *testing.B) {
			x := newExecutor(&Options{Profile: row.Profile, Histories: DefaultHistories, Repeats: DefaultRepeats})
			defer x.close()
			b.ReportAllocs()
			begin := cpuTime()
			for seed := uint64(0); b.Loop(); seed++ {
				if seed%plans == 0 {
					if err := x.load(seed / plans); err != nil {
						b.Fatal(err)
					}
				}
				if f := x.seed(seed); f != nil {
					b.Fatalf("%v\n%s", f, f.Scenario)
				}
			}
			cpu := cpuTime() - begin
			b.ReportMetric(rate(x.part.Schedules, cpu, 60e9), "schedules/CPU-min")
			b.ReportMetric(rate(x.part.Operations, cpu, 1e9), "calls/CPU-s")
		})
	}
}
