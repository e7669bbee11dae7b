package fstest

import (
	"sync/atomic"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
)

// clocks is a host with another clock.
type clocks struct {
	fs.Host
	now       func() time.Time
	monotonic func() time.Duration
	uptime    func() (time.Duration, error)
	afterFunc func(d time.Duration, f func()) fs.Timer
}

func (h *clocks) Now() time.Time                               { return h.now() }
func (h *clocks) Monotonic() time.Duration                     { return h.monotonic() }
func (h *clocks) Uptime() (time.Duration, error)               { return h.uptime() }
func (h *clocks) AfterFunc(d time.Duration, f func()) fs.Timer { return h.afterFunc(d, f) }

func clocking(change func(h fs.Host, c *clocks)) func(fs.Host) fs.Host {
	return func(h fs.Host) fs.Host {
		c := &clocks{h, h.Now, h.Monotonic, h.Uptime, h.AfterFunc}
		change(h, c)
		return c
	}
}

// stops is a timer whose Stop differs.
type stops struct{ stop func() bool }

func (t stops) Stop() bool { return t.stop() }

var clockFaults = []fault{
	{"there is no time", clocking(func(_ fs.Host, c *clocks) { c.now = func() time.Time { return time.Time{} } }), []string{"NowIsATime"}},
	{"the clocks step back at times", clocking(func(h fs.Host, c *clocks) {
		var calls atomic.Int32
		step := func() time.Duration { return time.Duration(calls.Add(1)%100/99) * time.Second }
		c.monotonic = func() time.Duration { return h.Monotonic() - step() }
		c.uptime = func() (time.Duration, error) {
			d, err := h.Uptime()
			return d - step(), err
		}
	}), []string{"MonotonicNeverGoesBack", "UptimeNeverGoesBack"}},
	{"the clocks stand still", clocking(func(h fs.Host, c *clocks) {
		c.monotonic = func() time.Duration { return time.Hour }
		c.uptime = func() (time.Duration, error) { return time.Hour, nil }
	}), []string{"MonotonicAdvances", "UptimeAdvances"}},
	{"AfterFunc calls twice", clocking(func(h fs.Host, c *clocks) {
		c.afterFunc = func(d time.Duration, f func()) fs.Timer { return h.AfterFunc(d, func() { f(); f() }) }
	}), []string{"AfterFuncRunsOnceAfterItsTime"}},
	{"AfterFunc calls at once", clocking(func(h fs.Host, c *clocks) {
		c.afterFunc = func(_ time.Duration, f func()) fs.Timer { return h.AfterFunc(0, f) }
	}), []string{"AfterFuncRunsOnceAfterItsTime"}},
	{"AfterFunc does not start a task", clocking(func(h fs.Host, c *clocks) {
		c.afterFunc = func(_ time.Duration, f func()) fs.Timer { f(); return stops{func() bool { return false }} }
	}), []string{"AfterFuncRunsATask"}},
	{"Stop says that it did and does not", clocking(func(h fs.Host, c *clocks) {
		c.afterFunc = func(d time.Duration, f func()) fs.Timer {
			h.AfterFunc(d, f)
			return stops{func() bool { return true }}
		}
	}), []string{"StopPreventsAfterFunc"}},
	{"Stop does and says that it did not", clocking(func(h fs.Host, c *clocks) {
		c.afterFunc = func(d time.Duration, f func()) fs.Timer {
			t := h.AfterFunc(d, f)
			return stops{func() bool { t.Stop(); return false }}
		}
	}), []string{"StopPreventsAfterFunc"}},
	{"Stop waits for what it came too late for", clocking(func(h fs.Host, c *clocks) {
		c.afterFunc = func(d time.Duration, f func()) fs.Timer {
			done := make(chan struct{})
			t := h.AfterFunc(d, func() { f(); close(done) })
			return stops{func() bool {
				if t.Stop() {
					return true
				}
				<-done
				return false
			}}
		}
	}), []string{"StopDoesNotWaitForAfterFunc"}},
}
