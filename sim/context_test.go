package sim_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/sim"
)

// grafted ends as one context does, and has the values of another before its own.
type grafted struct {
	context.Context
	values context.Context
}

func (g grafted) Value(key any) any {
	if v := g.values.Value(key); v != nil {
		return v
	}
	return g.Context.Value(key)
}

// TestContextWithTheEndOfAnother: what descends from it ends when that does, in the same step, and has the values that it has. Package context would start a goroutine to wait for the end.
func TestContextWithTheEndOfAnother(t *testing.T) {
	type key struct{}
	errOver := errors.New("over")
	world(t, sim.Config{}, func(_ *sim.World, m *sim.Machine) {
		m.Start("a", func(p *sim.Process) {
			end, cancel := p.WithCancel(context.Background())
			deeper, _ := p.WithCancel(end)
			values, _ := p.WithCancel(context.WithValue(context.Background(), key{}, "value"))
			before := runtime.NumGoroutine()
			child, _ := p.WithCancel(grafted{deeper, values})
			grandchild, stop := p.WithTimeout(child, time.Hour, nil)
			defer stop()
			if v := grandchild.Value(key{}); v != "value" {
				t.Errorf("the value is %v", v)
			}
			if n := runtime.NumGoroutine(); n > before {
				t.Errorf("%d goroutines were started", n-before)
			}
			cancel(errOver)
			for name, ctx := range map[string]context.Context{"child": child, "grandchild": grandchild} {
				if ctx.Err() == nil || context.Cause(ctx) != errOver {
					t.Errorf("the %s: %v, because of %v", name, ctx.Err(), context.Cause(ctx))
				}
				if err := p.Sleep(ctx, time.Hour); err != errOver {
					t.Errorf("a sleep with the %s: %v", name, err)
				}
			}
			if values.Err() != nil {
				t.Error("the context that gave the values has ended")
			}
			if err := p.Sleep(grafted{end, values}, time.Hour); err == nil { // it is in no tree any more
				t.Error("a sleep with a context that has ended was not cut short")
			}
		})
	})
}

// TestContextOfNobodyIsRefused: nobody in the machine could say when it ends.
func TestContextOfNobodyIsRefused(t *testing.T) {
	var panicked *sim.PanicError
	w := sim.New(sim.Config{})
	m := w.NewMachine("m", sim.Clock{}, nil)
	m.Start("a", func(p *sim.Process) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		p.Sleep(ctx, time.Second)
	})
	if err := w.Run(); !errors.As(err, &panicked) {
		t.Errorf("the run ended with %v", err)
	}
}
