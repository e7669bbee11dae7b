package sim_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/holdfast-lock/holdfast/sim"
	"github.com/holdfast-lock/holdfast/sim/disk"
)

// alternate always runs somebody else.
type alternate struct{}

func (alternate) Begin(uint64) {}

func (alternate) Pick(enabled []*sim.Task, current *sim.Task) *sim.Task {
	if enabled[0] == current {
		return enabled[1]
	}
	return enabled[0]
}

// BenchmarkCall measures what the scheduler costs a call that does nothing: "first" always goes on with the same task, "alternate" never.
func BenchmarkCall(b *testing.B) {
	strategies := map[string]func() sim.Strategy{"alternate": func() sim.Strategy { return alternate{} }}
	names := []string{"alternate"}
	for _, name := range sim.StrategyNames() {
		if name == "exhaustive" || name == "portfolio" { // one grows with its run, the other is one of the rest
			continue
		}
		names = append(names, name)
		strategies[name] = func() sim.Strategy { return parse(b, name) }
	}
	for _, name := range names {
		for _, tasks := range []int{2, 4, 8} {
			b.Run(fmt.Sprintf("%s/%d", name, tasks), func(b *testing.B) {
				calls(b, sim.Config{Strategy: strategies[name]()}, tasks)
			})
		}
	}
	b.Run("channels/alternate/2", func(b *testing.B) { calls(b, sim.Config{Strategy: alternate{}, Engine: sim.Channels}, 2) })
}

// calls makes b.N calls in so many processes.
func calls(b *testing.B, c sim.Config, tasks int) {
	c.Slack, c.Steps = -1, math.MaxInt
	w := sim.New(c)
	m := w.NewMachine("m", sim.Clock{}, disk.New(disk.Options{}))
	for i := range tasks {
		n := b.N / tasks
		if i == 0 {
			n += b.N % tasks
		}
		m.Start(fmt.Sprint(i), func(p *sim.Process) {
			for range n {
				p.Monotonic()
			}
		})
	}
	b.ReportAllocs()
	b.ResetTimer()
	if err := w.Run(); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Mcalls/s")
}
