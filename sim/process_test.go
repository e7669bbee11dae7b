package sim_test

import (
	"context"
	"errors"
	iofs "io/fs"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/sim"
	"github.com/holdfast-lock/holdfast/sim/disk"
)

// world runs a world of one machine.
func world(t *testing.T, c sim.Config, build func(*sim.World, *sim.Machine)) *sim.World {
	t.Helper()
	w := sim.New(c)
	build(w, w.NewMachine("m", sim.Clock{}, disk.New(disk.Options{})))
	if err := w.Run(); err != nil {
		t.Fatal(err)
	}
	return w
}

// locked opens a file and takes its lock.
func locked(t *testing.T, p *sim.Process, path string) fs.File {
	f, err := p.Open(path, fs.ReadWrite|fs.Create, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := f.TryLock(fs.Whole, fs.LockExclusive); !ok || err != nil {
		t.Errorf("%s is not locked by %s: %v, %v", path, p.Name(), ok, err)
	}
	return f
}

func free(t *testing.T, p *sim.Process, path string) bool {
	f, err := p.Open(path, fs.ReadWrite|fs.Create, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	ok, err := f.TryLock(fs.Whole, fs.LockExclusive)
	if err != nil {
		t.Error(err)
	}
	return ok
}

func TestDeathReleasesLocksAndAStopDoesNot(t *testing.T) {
	world(t, sim.Config{}, func(w *sim.World, m *sim.Machine) {
		deferred := false
		a := m.Start("a", func(p *sim.Process) {
			f := locked(t, p, "/k")
			defer func() {
				deferred = true
				f.Unlock(fs.Whole) // ends the task again: the dead do nothing
				t.Error("a dead process made a call")
			}()
			p.Sleep(context.Background(), time.Hour)
		})
		m.Start("b", func(p *sim.Process) {
			p.Sleep(context.Background(), time.Second)
			if free(t, p, "/k") {
				t.Error("a running holder's lock is free")
			}
			a.Stop()
			if free(t, p, "/k") {
				t.Error("a stopped holder's lock is free")
			}
			a.Kill()
			if !free(t, p, "/k") {
				t.Error("a dead holder's lock is not free")
			}
			if !a.Dead() || p.Liveness(a.Self()) != fs.Dead {
				t.Error("a is not dead")
			}
		})
		t.Cleanup(func() {
			if !deferred {
				t.Error("the killed task was not unwound")
			}
		})
	})
}

func TestWaiterIsWokenByTheDeathOfTheHolder(t *testing.T) {
	w := world(t, sim.Config{}, func(w *sim.World, m *sim.Machine) {
		a := m.Start("a", func(p *sim.Process) {
			locked(t, p, "/k")
			p.Sleep(context.Background(), time.Hour)
		})
		m.Start("b", func(p *sim.Process) {
			p.Sleep(context.Background(), time.Second)
			f, err := p.Open("/k", fs.ReadWrite, 0)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := p.WithTimeout(context.Background(), time.Second, errors.New("too late"))
			if ok, err := f.WaitLock(ctx, fs.Whole, fs.LockExclusive); ok || err == nil || err.Error() != "too late" {
				t.Errorf("a wait for a held lock returned %v, %v", ok, err)
			}
			cancel()
			w.After(time.Second, a.Kill)
			before := p.Monotonic()
			if ok, err := f.WaitLock(context.Background(), fs.Whole, fs.LockExclusive); !ok || err != nil {
				t.Errorf("the wait returned %v, %v", ok, err)
			}
			if waited := p.Monotonic() - before; waited < time.Second || waited > time.Second+time.Millisecond {
				t.Errorf("it took %v", waited)
			}
		})
	})
	if w.Now() > 4*time.Second {
		t.Errorf("the run went on until %v", w.Now())
	}
}

func TestStoppedProcessDoesNothingUntilContinued(t *testing.T) {
	world(t, sim.Config{}, func(w *sim.World, m *sim.Machine) {
		ticks := 0
		a := m.Start("a", func(p *sim.Process) {
			for range 10 {
				p.Sleep(context.Background(), time.Second)
				ticks++
			}
		})
		w.God("god", func() {
			w.Sleep(3500 * time.Millisecond)
			a.Stop()
			w.Sleep(time.Minute)
			if ticks != 3 {
				t.Errorf("%d ticks while stopped", ticks)
			}
			a.Continue()
			w.Sleep(10 * time.Second)
			if ticks != 10 {
				t.Errorf("%d ticks in the end", ticks)
			}
		})
	})
}

func TestSuspensionStopsTheMonotonicClockOnly(t *testing.T) {
	world(t, sim.Config{}, func(w *sim.World, m *sim.Machine) {
		m.Start("a", func(p *sim.Process) {
			up, _ := p.Uptime()
			mono, wall := p.Monotonic(), p.Now()
			p.Sleep(context.Background(), 10*time.Second)
			up2, _ := p.Uptime()
			for _, row := range []struct {
				clock     string
				got, want time.Duration
			}{
				{"monotonic", p.Monotonic() - mono, 10 * time.Second},
				{"uptime", up2 - up, 70 * time.Second},
				{"wall", p.Now().Sub(wall), 70*time.Second - time.Hour},
			} {
				if d := row.got - row.want; d < -time.Millisecond || d > time.Millisecond {
					t.Errorf("%s advanced by %v, not %v", row.clock, row.got, row.want)
				}
			}
		})
		w.God("god", func() {
			w.Sleep(5 * time.Second)
			m.Suspend()
			w.Sleep(time.Minute)
			m.Resume()
			m.StepClock(-time.Hour)
		})
	})
}

func TestIdentitiesTellProcessesApart(t *testing.T) {
	world(t, sim.Config{}, func(w *sim.World, m *sim.Machine) {
		old := m.Start("old", func(*sim.Process) {})
		m.Start("judge", func(p *sim.Process) {
			p.Sleep(context.Background(), time.Second)
			m.Namespace().ReusePID(old.PID())
			idle := func(p *sim.Process) { p.Sleep(context.Background(), time.Minute) }
			reused := m.Start("reused", idle)
			boxed := m.NewNamespace("m").Start("boxed", idle)
			far := w.NewMachine("far", sim.Clock{}, disk.New(disk.Options{})).Start("far", idle)
			if reused.PID() != old.PID() || boxed.PID() != 1 {
				t.Errorf("pids are %d, %d and %d", old.PID(), reused.PID(), boxed.PID())
			}
			rebooted := reused.Self()
			rebooted.Boot = "another"
			for _, row := range []struct {
				who  string
				id   fs.Identity
				want fs.Liveness
			}{
				{"itself", p.Self(), fs.Alive},
				{"the predecessor", old.Self(), fs.Dead},
				{"the successor", reused.Self(), fs.Alive},
				{"a process of another boot", rebooted, fs.Dead},
				{"one in a container", boxed.Self(), fs.Unknown},
				{"one on another machine", far.Self(), fs.Unknown},
			} {
				if got := p.Liveness(row.id); got != row.want {
					t.Errorf("%s is %v, not %v", row.who, got, row.want)
				}
			}
		})
	})
}

func TestChildKeepsTheLocksOfFilesThatItWasGiven(t *testing.T) {
	for name, start := range map[string]func(p *sim.Process, f fs.File) *sim.Process{
		"exec with the file":    func(p *sim.Process, f fs.File) *sim.Process { return p.Exec("child", f) },
		"exec without the file": func(p *sim.Process, f fs.File) *sim.Process { return p.Exec("child") },
		"fork":                  func(p *sim.Process, f fs.File) *sim.Process { return p.Fork("child") },
	} {
		t.Run(name, func(t *testing.T) {
			world(t, sim.Config{}, func(w *sim.World, m *sim.Machine) {
				var child *sim.Process
				m.Start("a", func(p *sim.Process) { child = start(p, locked(t, p, "/k")) })
				m.Start("b", func(p *sim.Process) {
					p.Sleep(context.Background(), time.Second)
					if kept := !free(t, p, "/k"); kept != (name != "exec without the file") {
						t.Errorf("the child keeps the lock: %v", kept)
					}
					child.Kill()
					if !free(t, p, "/k") {
						t.Error("a dead child keeps the lock")
					}
				})
			})
		})
	}
}

func TestPowerLossEndsProcessesAndLosesWhatWasNotSynced(t *testing.T) {
	w := sim.New(sim.Config{})
	m := w.NewMachine("m", sim.Clock{}, disk.New(disk.Options{Durability: true}))
	var before fs.Identity
	m.Start("a", func(p *sim.Process) {
		before = p.Self()
		locked(t, p, "/unsynced")
		f := locked(t, p, "/synced")
		f.Sync()
		if dir, err := p.Open("/", fs.ReadOnly|fs.Directory, 0); err == nil {
			dir.Sync()
		}
		locked(t, p, "/late")
		p.Sleep(context.Background(), time.Hour)
	})
	w.God("power", func() {
		w.Sleep(time.Second)
		m.PowerLoss(func(d *disk.Disk) *disk.Disk { return d.Crash(func() uint64 { return 0 }, disk.None) })
		m.Start("b", func(p *sim.Process) {
			if !free(t, p, "/synced") {
				t.Error("a lock outlived its machine")
			}
			if _, err := p.Lstat("/late"); !errors.Is(err, iofs.ErrNotExist) {
				t.Errorf("a name that was never synced is there: %v", err)
			}
			if p.Liveness(before) != fs.Dead {
				t.Error("a process outlived its machine")
			}
		})
	})
	if err := w.Run(); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsWrongIsFound(t *testing.T) {
	for name, row := range map[string]struct {
		program func(*sim.World, *sim.Process)
		want    func(error) bool
	}{
		"waits for ever": {
			func(_ *sim.World, p *sim.Process) { p.NewEvent().Wait(context.Background()) },
			func(err error) bool { _, ok := errors.AsType[*sim.StuckError](err); return ok },
		},
		"panics": {
			func(*sim.World, *sim.Process) { panic("at the disco") },
			func(err error) bool {
				e, ok := errors.AsType[*sim.PanicError](err)
				return ok && e.Value == "at the disco" && e.Task == "a"
			},
		},
		"spins": {
			func(_ *sim.World, p *sim.Process) {
				for {
					p.Yield()
				}
			},
			func(err error) bool { return err == sim.ErrSteps },
		},
		"fails": {
			func(w *sim.World, p *sim.Process) {
				w.Fail(iofs.ErrInvalid)
				p.Yield()
				panic("went on")
			},
			func(err error) bool { return err == iofs.ErrInvalid },
		},
	} {
		for _, engine := range []sim.Engine{sim.Coroutines, sim.Channels} {
			t.Run(name, func(t *testing.T) {
				w := sim.New(sim.Config{Steps: 1000, Engine: engine})
				m := w.NewMachine("m", sim.Clock{}, disk.New(disk.Options{}))
				m.Start("a", func(p *sim.Process) { row.program(w, p) })
				if err := w.Run(); !row.want(err) {
					t.Errorf("the run ended with %v", err)
				}
			})
		}
	}
}
