package fstest

import (
	"sync/atomic"
	"time"
)

// moment is a time in which something can happen. Nothing is demanded to happen in it.
const moment = time.Millisecond

var clockChecks = []check{
	{"NowIsATime", func(p *probe) {
		if p.Now().IsZero() {
			p.Errorf("Now is the zero time")
		}
	}},
	{"MonotonicNeverGoesBack", func(p *probe) { p.neverGoesBack("Monotonic", p.Monotonic) }},
	{"MonotonicAdvances", func(p *probe) { p.advances("Monotonic", p.Monotonic) }},
	{"UptimeNeverGoesBack", func(p *probe) { p.neverGoesBack("Uptime", p.needsUptime()) }},
	{"UptimeAdvances", func(p *probe) { p.advances("Uptime", p.needsUptime()) }},
	{"AfterFuncRunsOnceAfterItsTime", func(p *probe) {
		for _, d := range []time.Duration{-moment, 0, moment, 3 * moment} {
			var calls atomic.Int32
			ran := p.NewEvent()
			before := p.Monotonic()
			p.AfterFunc(d, func() {
				if now := p.Monotonic(); now-before < d {
					p.Errorf("AfterFunc(%v) ran after %v", d, now-before)
				}
				calls.Add(1)
				ran.Set()
			})
			p.happens("AfterFunc", ran)
			p.must(p.Sleep(p.ctx, 2*moment+d))
			if n := calls.Load(); n != 1 {
				p.Errorf("AfterFunc(%v) ran %d times", d, n)
			}
		}
	}},
	{"AfterFuncRunsATask", func(p *probe) {
		goOn, done := p.NewEvent(), p.NewEvent()
		p.AfterFunc(0, func() {
			if goOn.Wait(p.ctx) == nil {
				done.Set()
			}
		})
		goOn.Set() // not reached if AfterFunc runs it itself
		p.happens("what AfterFunc started", done)
	}},
	{"StopPreventsAfterFunc", func(p *probe) {
		var calls atomic.Int32
		if t := p.AfterFunc(time.Hour, func() { calls.Add(1) }); !t.Stop() {
			p.Errorf("Stop of a call in an hour = false")
		}
		for range 20 {
			t := p.AfterFunc(moment/2, func() { calls.Add(1) })
			if !t.Stop() {
				calls.Add(-1)
			}
		}
		p.must(p.Sleep(p.ctx, 4*moment))
		p.eventually("the calls that Stop came too late for", func() bool { return calls.Load() >= 0 })
		if n := calls.Load(); n != 0 {
			p.Errorf("%d calls that Stop prevented ran", n)
		}
	}},
	{"StopDoesNotWaitForAfterFunc", func(p *probe) {
		began, goOn, done := p.NewEvent(), p.NewEvent(), p.NewEvent()
		t := p.AfterFunc(0, func() {
			began.Set()
			if goOn.Wait(p.ctx) == nil {
				done.Set()
			}
		})
		p.happens("AfterFunc", began)
		if t.Stop() {
			p.Errorf("Stop of a call that has begun = true")
		}
		goOn.Set()
		p.happens("the end of what Stop came too late for", done)
	}},
}

// neverGoesBack reads a clock in several tasks: what one reads is not before what another has read already.
func (p *probe) neverGoesBack(name string, clock func() time.Duration) {
	p.Helper()
	var latest atomic.Int64
	p.each(4, func(int) {
		for range 2000 {
			before := latest.Load()
			now := int64(clock())
			if now < before {
				p.fatalf("%s went back by %v", name, time.Duration(before-now))
			}
			for now > before && !latest.CompareAndSwap(before, now) {
				before = latest.Load()
			}
		}
	})
}

func (p *probe) advances(name string, clock func() time.Duration) {
	p.Helper()
	before := clock()
	p.must(p.Sleep(p.ctx, 3*moment))
	if d := clock() - before; d < 3*moment {
		p.Errorf("%s advanced by %v during a sleep of %v", name, d, 3*moment)
	}
}

// needsUptime returns the clock, or skips the check on a host without.
func (p *probe) needsUptime() func() time.Duration {
	p.Helper()
	_, err := p.Uptime()
	p.ok(Uptime, err)
	return func() time.Duration {
		d, err := p.Uptime()
		p.must(err)
		return d
	}
}
