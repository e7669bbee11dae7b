package sim_test

import (
	"context"
	"errors"
	"io"
	"syscall"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/sim"
	"github.com/holdfast-lock/holdfast/sim/disk"
)

func TestFaultsComeBeforeOrAfterTheEffect(t *testing.T) {
	for _, row := range []struct {
		name  string
		fault sim.Fault
		check func(t *testing.T, p *sim.Process)
	}{
		{"error before", sim.Fault{Op: sim.OpMkdir, Kind: sim.Error, Err: syscall.EIO}, func(t *testing.T, p *sim.Process) {
			if err := p.Mkdir("/d", 0o700); !errors.Is(err, syscall.EIO) {
				t.Errorf("mkdir: %v", err)
			}
			if _, err := p.Lstat("/d"); err == nil {
				t.Error("the call had an effect")
			}
		}},
		{"error after", sim.Fault{Op: sim.OpMkdir, After: true, Kind: sim.Error, Err: syscall.EIO}, func(t *testing.T, p *sim.Process) {
			if err := p.Mkdir("/d", 0o700); !errors.Is(err, syscall.EIO) {
				t.Errorf("mkdir: %v", err)
			}
			if _, err := p.Lstat("/d"); err != nil {
				t.Errorf("the call had no effect: %v", err)
			}
		}},
		{"a lock that is said to have failed is not held", sim.Fault{Op: sim.OpTryLock, After: true, Nth: 1, Kind: sim.Error, Err: syscall.ENOLCK}, func(t *testing.T, p *sim.Process) {
			f, err := p.Open("/k", fs.ReadWrite|fs.Create, 0o600)
			if err != nil {
				t.Fatal(err)
			}
			if ok, err := f.TryLock(fs.Whole, fs.LockExclusive); ok || !errors.Is(err, fs.ErrNoLocks) || !errors.Is(err, syscall.ENOLCK) {
				t.Errorf("trylock: %v, %v", ok, err)
			}
			if !free(t, p, "/k") {
				t.Error("the file is locked")
			}
		}},
		{"an open that is said to have failed leaks nothing", sim.Fault{Op: sim.OpOpen, After: true, Kind: sim.Error, Err: syscall.EIO}, func(t *testing.T, p *sim.Process) {
			if _, err := p.Open("/k", fs.ReadWrite|fs.Create, 0o600); !errors.Is(err, syscall.EIO) {
				t.Errorf("open: %v", err)
			}
			if open := p.OpenFiles(); len(open) != 0 {
				t.Errorf("open: %v", open)
			}
		}},
		{"second of a path", sim.Fault{Op: sim.OpLstat, Path: "k*", Nth: 2, Kind: sim.Error, Err: syscall.EIO}, func(t *testing.T, p *sim.Process) {
			for i, path := range []string{"/", "/k1", "/other", "/k2", "/k3"} {
				if _, err := p.Lstat(path); errors.Is(err, syscall.EIO) != (i == 3) {
					t.Errorf("lstat %s: %v", path, err)
				}
			}
		}},
		{"delay", sim.Fault{Op: sim.OpLstat, Kind: sim.Delay, For: time.Second}, func(t *testing.T, p *sim.Process) {
			before := p.Monotonic()
			p.Lstat("/")
			if d := p.Monotonic() - before; d < time.Second || d > time.Second+time.Millisecond {
				t.Errorf("took %v", d)
			}
		}},
		{"stop", sim.Fault{Op: sim.OpLstat, Kind: sim.Stop, For: time.Second}, func(t *testing.T, p *sim.Process) {
			ticks := 0
			done := p.NewEvent()
			p.Go("tick", func() {
				p.Sleep(context.Background(), 500*time.Millisecond)
				ticks++
				done.Set()
			})
			p.Lstat("/")
			if ticks != 0 {
				t.Error("another task of the process ran while it was stopped")
			}
			done.Wait(context.Background())
		}},
		{"kill", sim.Fault{Op: sim.OpLstat, Kind: sim.Kill}, func(t *testing.T, p *sim.Process) {
			p.Lstat("/")
			t.Error("went on")
		}},
		{"short write", sim.Fault{Op: sim.OpWrite, Kind: sim.Short, Bytes: 2}, func(t *testing.T, p *sim.Process) {
			f, err := p.Open("/k", fs.ReadWrite|fs.Create, 0o600)
			if err != nil {
				t.Fatal(err)
			}
			if n, err := f.WriteAt([]byte("hello"), 0); n != 2 || !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("write: %d, %v", n, err)
			}
			if info, _ := f.Stat(); info.Size != 2 {
				t.Errorf("the file has %d bytes", info.Size)
			}
		}},
		{"short read", sim.Fault{Op: sim.OpRead, Kind: sim.Short, Bytes: 2}, func(t *testing.T, p *sim.Process) {
			f, err := p.Open("/k", fs.ReadWrite|fs.Create, 0o600)
			if err != nil {
				t.Fatal(err)
			}
			f.WriteAt([]byte("hello"), 0)
			var b [5]byte
			if n, err := f.ReadAt(b[:], 0); n != 2 || err != io.EOF {
				t.Errorf("read: %d, %v", n, err)
			}
		}},
		{"spurious wake", sim.Fault{Op: sim.OpWaitLock, Kind: sim.Spurious}, func(t *testing.T, p *sim.Process) {
			f := locked(t, p, "/k")
			g, err := p.Open("/k", fs.ReadWrite, 0)
			if err != nil {
				t.Fatal(err)
			}
			if ok, err := g.WaitLock(context.Background(), fs.Whole, fs.LockExclusive); ok || err != nil {
				t.Errorf("waitlock: %v, %v", ok, err)
			}
			f.Close()
		}},
		{"somebody else's", sim.Fault{Process: "b", Op: sim.OpAny, Kind: sim.Error, Err: syscall.EIO}, func(t *testing.T, p *sim.Process) {
			if _, err := p.Lstat("/"); err != nil {
				t.Errorf("lstat: %v", err)
			}
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := world(t, sim.Config{Faults: []sim.Fault{row.fault}}, func(w *sim.World, m *sim.Machine) {
				m.Start("a", func(p *sim.Process) { row.check(t, p) })
			})
			if hit := w.FaultHits()[0] > 0; hit != (row.fault.Process != "b") {
				t.Errorf("the fault has struck: %v", hit)
			}
		})
	}
}

func TestPowerFaultTakesTheMachineDown(t *testing.T) {
	w := world(t, sim.Config{Faults: []sim.Fault{{Op: sim.OpSync, Kind: sim.Power}}}, func(w *sim.World, m *sim.Machine) {
		w.OnPowerLoss(func(m *sim.Machine) { m.PowerLoss(func(d *disk.Disk) *disk.Disk { return d }) })
		m.Start("a", func(p *sim.Process) {
			locked(t, p, "/k").Sync()
			t.Error("went on")
		})
		m.Start("b", func(p *sim.Process) {
			p.Sleep(context.Background(), time.Second)
			t.Error("another process went on")
		})
	})
	if w.Now() > time.Second {
		t.Errorf("the run went on until %v", w.Now())
	}
}
