package sim_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/lock"
	"github.com/holdfast-lock/holdfast/sim"
	"github.com/holdfast-lock/holdfast/sim/disk"
)

// turmoil is a world in which everything happens at once: two machines with clocks of their own, processes that contend for a lock with all its options, that are stopped, killed and
// started anew, calls that fail, and a power loss. Who gets in does not matter here. The configuration says what must not matter either.
func turmoil(seed uint64, c sim.Config) *sim.World {
	c.Seed, c.Strategy, c.Slack, c.Steps, c.Record = seed, new(sim.Portfolio), []time.Duration{0, time.Millisecond, -1}[seed%3], 20_000, true
	c.Faults = []sim.Fault{
		{Op: sim.OpTryLock, Nth: 3, Kind: sim.Stop, For: 3 * time.Millisecond},
		{Op: sim.OpOpen, Nth: 7, Kind: sim.Error, Err: syscall.EMFILE},
		{Op: sim.OpWaitLock, Nth: 2, After: true, Kind: sim.Spurious},
		{Process: "b", Op: sim.OpUnlock, Nth: 1, Kind: sim.Kill},
		{Op: sim.OpSync, Kind: sim.Delay, For: time.Millisecond},
	}
	w := sim.New(c)
	d := disk.New(disk.Options{Durability: true, ReuseInodes: true, Granularity: 4 * time.Millisecond})
	machines := []*sim.Machine{
		w.NewMachine("m1", sim.Clock{Noise: time.Millisecond, Drift: 0.01}, d),
		w.NewMachine("m2", sim.Clock{Start: sim.Epoch.Add(40 * time.Second)}, d),
	}
	body := func(p *sim.Process) {
		l, err := lock.New("/k", lock.Host(p), lock.Fencing(), lock.Lifetime(20*time.Millisecond), lock.PollInterval(2*time.Millisecond))
		if err != nil {
			return
		}
		defer l.Close()
		done := p.NewEvent()
		go2 := func() {
			defer done.Set()
			ctx, cancel := p.WithTimeout(context.Background(), 30*time.Millisecond, nil)
			defer cancel()
			if h, err := l.Acquire(ctx); err == nil {
				p.Work(100 * time.Microsecond)
				h.Release()
			}
		}
		p.Go("second", go2)
		for range 2 {
			if h, err := l.Acquire(context.Background(), lock.Timeout(50*time.Millisecond)); err == nil {
				p.Work(50 * time.Microsecond)
				h.Release()
			}
		}
		done.Wait(context.Background())
	}
	for i, name := range []string{"a", "b", "c", "d"} {
		machines[i/3].Start(name, body)
	}
	random := seed
	w.God("chaos", func() {
		god := w.Machines()[0].Start("b2", body)
		god.Stop()
		w.After(2*time.Millisecond, god.Continue)
		w.After(3*time.Millisecond, func() { machines[0].StepClock(-time.Hour) })
		w.After(4*time.Millisecond, machines[1].Suspend)
		w.After(9*time.Millisecond, machines[1].Resume)
		w.After(12*time.Millisecond, func() {
			machines[0].PowerLoss(func(d *disk.Disk) *disk.Disk {
				return d.Crash(func() uint64 { random = random*6364136223846793005 + 1; return random >> 11 }, disk.Random(0.5))
			})
			machines[0].Start("e", body)
		})
	})
	if err := w.Run(); err != nil && !strings.Contains(err.Error(), "wait") && err != sim.ErrSteps {
		panic(fmt.Sprintf("seed %d: %v", seed, err))
	}
	return w
}

// summary is all that a run shows of itself without being traced.
func summary(seed uint64, w *sim.World) string {
	return fmt.Sprintf("seed %d: %016x after %d steps and %d of %d decisions, at %v\n", seed, w.Hash(), w.Steps(), len(w.Schedule()), w.Decisions(), w.Now())
}

const seeds = 1000

// summaries runs all seeds.
func summaries(engine sim.Engine) string {
	var b strings.Builder
	for seed := range uint64(seeds) {
		b.WriteString(summary(seed, turmoil(seed, sim.Config{Engine: engine})))
	}
	return b.String()
}

// difference returns the first line that differs.
func difference(a, b string) string {
	as, bs := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(as), len(bs)) {
		if as[i] != bs[i] {
			return as[i] + "\n" + bs[i]
		}
	}
	return fmt.Sprintf("%d lines, and %d", len(as), len(bs))
}

// showSummaries lets a copy of the test binary print what it makes of the seeds.
const showSummaries = "HOLDFAST_SIM_SUMMARIES"

func TestMain(m *testing.M) {
	if os.Getenv(showSummaries) != "" {
		os.Stdout.WriteString(summaries(sim.Coroutines))
		return
	}
	os.Exit(m.Run())
}

// TestSeedDecidesEverything: not the engine, not the run, not the process, not the number of processors.
func TestSeedDecidesEverything(t *testing.T) {
	want := summaries(sim.Coroutines)
	for _, engine := range []sim.Engine{sim.Coroutines, sim.Channels} {
		if got := summaries(engine); got != want {
			t.Errorf("engine %d, another time:\n%s", engine, difference(want, got))
		}
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, processors := range []string{"1", "2"} {
		cmd := exec.Command(program)
		cmd.Env = append(os.Environ(), showSummaries+"=1", "GOMAXPROCS="+processors)
		got, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want {
			t.Errorf("in another process, GOMAXPROCS=%s:\n%s", processors, difference(want, string(got)))
		}
	}
	distinct := make(map[string]bool)
	for line := range strings.Lines(want) {
		_, run, _ := strings.Cut(line, ":")
		distinct[run] = true
	}
	if len(distinct) < seeds*9/10 {
		t.Errorf("%d different runs of %d seeds", len(distinct), seeds)
	}
}

// TestTraceIsTheSame, call by call, and being traced changes nothing.
func TestTraceIsTheSame(t *testing.T) {
	for seed := range uint64(50) {
		var traces [2]bytes.Buffer
		for engine, b := range []*bytes.Buffer{&traces[0], &traces[1]} {
			w := turmoil(seed, sim.Config{Engine: sim.Engine(engine), Trace: func(r sim.Record) {
				fmt.Fprintln(b, r.Step, r.Time, r.Task, r.Op, r.Path, r.Detail, r.Err, r.Note)
			}})
			if got, want := summary(seed, w), summary(seed, turmoil(seed, sim.Config{})); got != want {
				t.Errorf("traced: %suntraced: %s", got, want)
			}
		}
		if a, b := traces[0].String(), traces[1].String(); a != b {
			t.Fatalf("seed %d:\n%s", seed, difference(a, b))
		}
	}
}
