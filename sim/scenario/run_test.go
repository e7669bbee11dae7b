package scenario

import (
	"fmt"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/sim"
)

// contention is what four processes do that take a lock three times.
func contention(processes, cycles int) *Scenario {
	s := &Scenario{Slack: time.Millisecond, Locks: []Lock{{Name: "k", Path: "/work/k.lock"}}}
	block := Step{Verb: VerbConcurrently}
	for i := range processes {
		name := string(rune('a' + i))
		for range cycles {
			block.Block = append(block.Block, Step{Client: name, Verb: VerbLock, Lock: "k"}, Step{Client: name, Verb: VerbWork, For: 50 * time.Microsecond}, Step{Client: name, Verb: VerbUnlock, Lock: "k"})
		}
	}
	s.Steps = []Step{block}
	return s
}

func TestContention(t *testing.T) {
	s := contention(4, 3)
	p, err := Compile(s)
	if err != nil {
		t.Fatal(err)
	}
	r := new(Runner)
	for seed := range uint64(300) {
		res := r.Run(p, RunOptions{Seed: seed + 1, Strategy: new(sim.Random), Timeline: seed == 1})
		if res.Finding != nil {
			t.Fatalf("seed %d: %v", seed, res.Finding)
		}
		if seed == 1 {
			fmt.Print(res.Timeline, res.Steps, res.Time)
		}
	}
}

func BenchmarkRun(b *testing.B) {
	p, err := Compile(contention(4, 3))
	if err != nil {
		b.Fatal(err)
	}
	r := new(Runner)
	steps := 0
	strategy := new(sim.Portfolio)
	b.ReportAllocs()
	for seed := uint64(1); b.Loop(); seed++ {
		res := r.Run(p, RunOptions{Seed: seed, Strategy: strategy})
		if res.Finding != nil {
			b.Fatal(res.Finding)
		}
		steps += res.Steps
	}
	b.ReportMetric(float64(steps)/float64(b.N), "calls/op")
	b.ReportMetric(float64(steps)/b.Elapsed().Seconds(), "calls/s")
}
