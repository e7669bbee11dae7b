package fstest

import (
	"context"
	"errors"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
)

// tasks is a host of which one operation on tasks differs.
type tasks struct {
	fs.Host
	start       func(name string, f func())
	yield       func()
	sleep       func(ctx context.Context, d time.Duration) error
	newEvent    func() fs.Event
	withCancel  func(parent context.Context) (context.Context, context.CancelCauseFunc)
	withTimeout func(parent context.Context, d time.Duration, cause error) (context.Context, context.CancelFunc)
	afterDone   func(ctx context.Context, f func()) func() bool
	onDropped   func(obj any, f func(any))
}

func (h *tasks) Go(name string, f func())                            { h.start(name, f) }
func (h *tasks) Yield()                                              { h.yield() }
func (h *tasks) Sleep(ctx context.Context, d time.Duration) error    { return h.sleep(ctx, d) }
func (h *tasks) NewEvent() fs.Event                                  { return h.newEvent() }
func (h *tasks) AfterDone(ctx context.Context, f func()) func() bool { return h.afterDone(ctx, f) }
func (h *tasks) OnDropped(obj any, f func(any))                      { h.onDropped(obj, f) }
func (h *tasks) WithCancel(parent context.Context) (context.Context, context.CancelCauseFunc) {
	return h.withCancel(parent)
}
func (h *tasks) WithTimeout(parent context.Context, d time.Duration, cause error) (context.Context, context.CancelFunc) {
	return h.withTimeout(parent, d, cause)
}

func tasking(change func(h fs.Host, t *tasks)) func(fs.Host) fs.Host {
	return func(h fs.Host) fs.Host {
		t := &tasks{h, h.Go, h.Yield, h.Sleep, h.NewEvent, h.WithCancel, h.WithTimeout, h.AfterDone, h.OnDropped}
		change(h, t)
		return t
	}
}

// events is an event that differs.
type events struct {
	set  func()
	wait func(ctx context.Context) error
}

func (e events) Set()                           { e.set() }
func (e events) Wait(ctx context.Context) error { return e.wait(ctx) }

func happening(change func(e fs.Event) fs.Event) func(fs.Host) fs.Host {
	return tasking(func(h fs.Host, t *tasks) { t.newEvent = func() fs.Event { return change(h.NewEvent()) } })
}

var taskFaults = []fault{
	{"Go runs the task itself", tasking(func(_ fs.Host, t *tasks) { t.start = func(_ string, f func()) { f() } }), []string{"GoRunsTasksBesideEachOther"}},
	{"Tasks begin only when others sleep", tasking(func(h fs.Host, t *tasks) {
		var later []func()
		t.start = func(_ string, f func()) { later = append(later, f) }
		t.yield = func() {}
		t.sleep = func(ctx context.Context, d time.Duration) error {
			for _, f := range later {
				h.Go("late", f)
			}
			later = nil
			return h.Sleep(ctx, d)
		}
	}), []string{"YieldLetsOthersRun"}},
	{"Sleep returns at half time", tasking(func(h fs.Host, t *tasks) {
		t.sleep = func(ctx context.Context, d time.Duration) error { return h.Sleep(ctx, d/2) }
	}), []string{"SleepIsNotTooShort"}},
	{"Sleep of nothing is an error", tasking(func(h fs.Host, t *tasks) {
		t.sleep = func(ctx context.Context, d time.Duration) error {
			if d <= 0 {
				return errors.New("no time to sleep")
			}
			return h.Sleep(ctx, d)
		}
	}), []string{"SleepOfNothingReturns"}},
	{"Sleep ends without the cause", tasking(func(h fs.Host, t *tasks) {
		t.sleep = func(ctx context.Context, d time.Duration) error {
			if h.Sleep(ctx, d) != nil {
				return ctx.Err()
			}
			return nil
		}
	}), []string{"SleepEndsWithItsContext"}},
	{"Sleep that is ended says nothing of it", tasking(func(h fs.Host, t *tasks) {
		t.sleep = func(ctx context.Context, d time.Duration) error { h.Sleep(ctx, d); return nil }
	}), []string{"SleepEndsWithItsContext"}},
	{"an event wakes one task", happening(func(fs.Event) fs.Event {
		happened := make(chan struct{}, 1)
		return events{func() {
			select {
			case happened <- struct{}{}:
			default:
			}
		}, func(ctx context.Context) error {
			select {
			case <-happened:
				return nil
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}}
	}), []string{"EventWakesAllThatWait", "EventStaysSet"}},
	{"all events are one", tasking(func(h fs.Host, t *tasks) {
		one := h.NewEvent()
		t.newEvent = func() fs.Event { return one }
	}), []string{"EventStaysSet"}},
	{"Wait ends without the cause", happening(func(e fs.Event) fs.Event {
		return events{e.Set, func(ctx context.Context) error {
			if e.Wait(ctx) != nil {
				return ctx.Err()
			}
			return nil
		}}
	}), []string{"EventWaitEndsWithItsContext"}},
	{"what is dropped is dropped in silence", tasking(func(_ fs.Host, t *tasks) { t.onDropped = func(any, func(any)) {} }),
		[]string{"OnDroppedRunsForADroppedValue"}},
	{"OnDropped runs for another value", tasking(func(h fs.Host, t *tasks) {
		t.onDropped = func(obj any, f func(any)) { h.OnDropped(obj, func(any) { f(new(int)) }) }
	}), []string{"OnDroppedRunsForADroppedValue"}},
	{"OnDropped takes everything for dropped", tasking(func(h fs.Host, t *tasks) {
		t.onDropped = func(obj any, f func(any)) {
			if f != nil {
				h.Go("dropped", func() { f(obj) })
			}
		}
	}), []string{"OnDroppedLeavesAValueThatIsHeld", "OnDroppedKeepsTheLastFunction", "OnDroppedIsTakenBackWithNil"}},
}
