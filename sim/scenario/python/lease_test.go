package python

import (
	"context"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/sim"
)

// TestLeaseIsRefreshedAndItsLossTold covers the heartbeat.
func TestLeaseIsRefreshedAndItsLossTold(t *testing.T) {
	for _, row := range []struct {
		name string
		do   func(p *sim.Process)
		want string
	}{
		{"left alone", func(*sim.Process) {}, ""},
		{"removed", func(p *sim.Process) { p.Remove(lockFile) }, "marker-missing"},
		{"replaced", func(p *sim.Process) {
			f, _ := p.Open("/data/other", fs.ReadWrite|fs.Create, 0o666)
			f.Close()
			p.Rename("/data/other", lockFile)
		}, "owner-changed"},
	} {
		inWorld(t, func(p *sim.Process) {
			l := New(p, Settings{Class: Lease, Version: Last, Path: lockFile, Lifetime: 3 * time.Second})
			if err := l.Acquire(0, true); err != nil {
				t.Fatal(err)
			}
			p.Sleep(context.Background(), 10*time.Second)
			if info, err := p.Lstat(lockFile); err != nil || p.Now().Sub(info.Mtime) > 2*time.Second {
				t.Errorf("%s: not refreshed: %v, %v", row.name, info.Mtime, err)
			}
			row.do(p)
			p.Sleep(context.Background(), 2*time.Second)
			if got := l.Compromised(); got != row.want {
				t.Errorf("%s: the holder is told %q, not %q", row.name, got, row.want)
			}
			if err := l.Release(); err != nil {
				t.Error(err)
			}
			if left := len(p.Tasks()); left > 1 {
				t.Errorf("%s: %d tasks are left", row.name, left)
			}
		})
	}
}
