package sim_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/lock"
	"github.com/holdfast-lock/holdfast/sim"
	"github.com/holdfast-lock/holdfast/sim/disk"
)

// contend lets processes take a lock in turns, and returns what ended the run.
func contend(c sim.Config, processes, cycles int) (*sim.World, error) {
	w := sim.New(c)
	m := w.NewMachine("m", sim.Clock{}, disk.New(disk.Options{}))
	inside := 0
	for i := range processes {
		m.Start(string(rune('a'+i)), func(p *sim.Process) {
			l, err := lock.New("/k", lock.Host(p))
			if err != nil {
				w.Fail(err)
				return
			}
			defer l.Close()
			for range cycles {
				h, err := l.Acquire(context.Background())
				if err != nil {
					w.Fail(err)
					return
				}
				if inside++; inside > 1 {
					w.Fail(fmt.Errorf("%d are inside", inside))
				}
				p.Work(50 * time.Microsecond)
				inside--
				if err := h.Release(); err != nil {
					w.Fail(err)
					return
				}
			}
		})
	}
	return w, w.Run()
}

func TestProcessesTakeTheLockInTurns(t *testing.T) {
	for seed := range uint64(200) {
		a, err := contend(sim.Config{Seed: seed, Strategy: new(sim.Random), Slack: time.Millisecond}, 4, 3)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		b, err := contend(sim.Config{Seed: seed, Strategy: new(sim.Random), Slack: time.Millisecond, Engine: sim.Channels}, 4, 3)
		if err != nil || a.Hash() != b.Hash() || a.Steps() != b.Steps() {
			t.Fatalf("seed %d: %d steps to %x by coroutines, %d to %x by channels (%v)", seed, a.Steps(), a.Hash(), b.Steps(), b.Hash(), err)
		}
	}
}

func BenchmarkSchedule(b *testing.B) {
	steps := 0
	crew := new(sim.Crew)
	defer crew.Close()
	for seed := uint64(0); b.Loop(); seed++ {
		w, err := contend(sim.Config{Crew: crew, Seed: seed, Strategy: new(sim.Random), Slack: time.Millisecond}, 4, 3)
		if err != nil {
			b.Fatal(err)
		}
		steps += w.Steps()
	}
	b.ReportMetric(float64(steps)/float64(b.N), "calls/op")
	b.ReportMetric(float64(steps)/b.Elapsed().Seconds(), "calls/s")
}
