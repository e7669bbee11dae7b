package property

import (
	"strings"
	"testing"
	"time"
)

// world is a hand-made run: three processes with two clients each (1 and 2, 3 and 4, 5 and 6), and the locks below.
type world struct {
	t     *testing.T
	setup Setup
	set   Set
	now   time.Duration
	step  int
	holds int32
	files [3]uint64
	goes  map[int32]bool  // holds whose context goes on
	line  map[int32]bool  // clients that stand in line
	torn  map[uint64]bool // files that are no record
	empty map[uint64]bool
}

// The locks of every test. All but other are of the first path.
const (
	plain = iota + 1
	lived
	fenced
	shared
	other
	second
)

const life = time.Second

func newWorld(t *testing.T, change func(*Setup)) *world {
	w := &world{t: t, files: [3]uint64{0, 100, 200}, goes: map[int32]bool{}, line: map[int32]bool{}}
	w.setup = Setup{Processes: 3, Clients: 6, Paths: 2, Slack: time.Millisecond, Locks: []Lock{
		{Name: "plain", Path: 1}, {Name: "lived", Path: 1, Lifetime: life}, {Name: "fenced", Path: 1, Fencing: true}, {Name: "shared", Path: 1, Shared: true},
		{Name: "other", Path: 2}, {Name: "second", Path: 1},
	}}
	if change != nil {
		change(&w.setup)
	}
	w.set.Begin(&w.setup, w)
	return w
}

func (w *world) ContextEnded(hold int32) bool { return !w.goes[hold] }
func (w *world) InLine(client int32) bool     { return w.line[client] }
func (w *world) File(path int32) uint64       { return w.files[path] }
func (w *world) Whole(file uint64) (whole, empty bool) {
	return !w.torn[file] && !w.empty[file], w.empty[file]
}
func (w *world) ClientName(n int32) string        { return "client " + string(rune('0'+n)) }
func (w *world) ProcessName(process int32) string { return "process " + string(rune('0'+process)) }
func (w *world) PathName(path int32) string       { return "/k" + string(rune('0'+path)) }

func (w *world) add(e Event) {
	w.step++
	w.now += time.Microsecond
	e.Step, e.Time = w.step, w.now
	if e.Client != 0 {
		e.Process = (e.Client + 1) / 2
	}
	w.set.Add(&e)
}

func (w *world) pass(d time.Duration) { w.now += d }

func (w *world) call(client, lock int32) {
	w.add(Event{Kind: AcquireCalled, Client: client, Lock: lock, Until: Never})
}
func (w *world) fail(client, lock int32, r Result) {
	w.add(Event{Kind: AcquireFailed, Client: client, Lock: lock, Result: r})
}
func (w *world) got(client, lock int32, depth int32, outer int32) int32 {
	w.holds++
	w.add(Event{Kind: Acquired, Client: client, Lock: lock, Hold: w.holds, Depth: depth, Outer: outer})
	return w.holds
}
func (w *world) acquire(client, lock int32) int32 {
	w.call(client, lock)
	return w.got(client, lock, 1, 0)
}
func (w *world) deeper(client, lock, outer, depth int32) int32 {
	w.add(Event{Kind: AcquireCalled, Client: client, Lock: lock, Outer: outer, Until: Never})
	return w.got(client, lock, depth, outer)
}
func (w *world) fence(client int32, token uint64) int32 {
	w.call(client, fenced)
	w.holds++
	w.add(Event{Kind: Acquired, Client: client, Lock: fenced, Hold: w.holds, Depth: 1, Token: token})
	return w.holds
}
func (w *world) letGo(client, lock, hold int32) {
	w.add(Event{Kind: ReleaseCalled, Client: client, Lock: lock, Hold: hold})
}
func (w *world) let(client, lock, hold int32, r Result) {
	w.add(Event{Kind: ReleaseReturned, Client: client, Lock: lock, Hold: hold, Result: r, Ended: true})
}
func (w *world) release(client, lock, hold int32) {
	w.letGo(client, lock, hold)
	w.let(client, lock, hold, OK)
}
func (w *world) failToRelease(hold, depth int32) {
	w.letGo(1, plain, hold)
	w.to(Struck, 1)
	w.add(Event{Kind: ReleaseReturned, Client: 1, Lock: plain, Hold: hold, Result: Error, Depth: depth})
}
func (w *world) releaseAll(client, lock, hold int32) {
	w.add(Event{Kind: ReleaseCalled, Client: client, Lock: lock, Hold: hold, All: true})
	w.add(Event{Kind: ReleaseReturned, Client: client, Lock: lock, Hold: hold, All: true, Ended: true})
}
func (w *world) ask(client, lock, hold int32, r Result) {
	w.add(Event{Kind: LostCalled, Client: client, Lock: lock, Hold: hold})
	w.add(Event{Kind: LostReturned, Client: client, Lock: lock, Hold: hold, Result: r})
}

// heldUp has client 1 call for the lock with a lifetime, which it writes down, and lose its file to whoever is next. What it returns lets it have its hold.
func (w *world) heldUp() func() int32 {
	w.call(1, lived)
	w.pass(2 * life)
	w.files[1]++
	return func() int32 { return w.got(1, lived, 1, 0) }
}
func (w *world) to(k Kind, process int32) { w.add(Event{Kind: k, Process: process}) }
func (w *world) look(client, path int32)  { w.add(Event{Kind: Looked, Client: client, Path: path}) }
func (w *world) disturb(path int32)       { w.add(Event{Kind: Disturbed, Path: path}) }
func (w *world) end(t Tables) {
	t.Step, t.Time = w.step, w.now
	w.set.End(&t)
}

// run is a stream of events and the property that it breaks, "" if it breaks none.
type run struct {
	what   string
	breaks string
	events func(*world)
}

func check(t *testing.T, runs []run) {
	t.Helper()
	checkIn(t, nil, runs)
}

// checkIn is check in worlds that are not like the others.
func checkIn(t *testing.T, change func(*Setup), runs []run) {
	t.Helper()
	for _, r := range runs {
		t.Run(r.what, func(t *testing.T) {
			w := newWorld(t, change)
			r.events(w)
			v := w.set.Violation()
			switch {
			case v == nil && r.breaks != "":
				t.Errorf("no violation of %s was seen", r.breaks)
			case v != nil && v.Property != r.breaks:
				t.Errorf("violation of %q expected, got %v", r.breaks, v)
			case v != nil && strings.ContainsAny(v.Error(), "\n%"):
				t.Errorf("message: %q", v.Error())
			}
		})
	}
}

func TestExclusion(t *testing.T) {
	check(t, []run{
		{"one after the other", "", func(w *world) {
			w.release(1, plain, w.acquire(1, plain))
			w.release(3, plain, w.acquire(3, plain))
		}},
		{"both at once", "P1", func(w *world) {
			w.acquire(1, plain)
			w.acquire(3, plain)
		}},
		{"two locks of one path in a process", "P1", func(w *world) {
			w.acquire(1, plain)
			w.acquire(2, second)
		}},
		{"two paths", "", func(w *world) {
			w.acquire(1, plain)
			w.acquire(3, other)
		}},
		{"after the release was called", "", func(w *world) {
			w.letGo(1, plain, w.acquire(1, plain))
			w.acquire(3, plain)
		}},
		{"after a release that failed", "P1", func(w *world) {
			w.failToRelease(w.acquire(1, plain), 1)
			w.acquire(3, plain)
		}},
		{"during a release that failed", "P1", func(w *world) {
			w.letGo(1, plain, w.acquire(1, plain))
			w.acquire(3, plain)
			w.to(Struck, 1)
			w.add(Event{Kind: ReleaseReturned, Client: 1, Lock: plain, Hold: 1, Result: Error, Depth: 1})
		}},
		{"after a release of all levels that failed", "P1", func(w *world) {
			h := w.acquire(1, plain)
			w.deeper(1, plain, h, 2)
			w.add(Event{Kind: ReleaseCalled, Client: 1, Lock: plain, Hold: h, All: true})
			w.to(Struck, 1)
			w.add(Event{Kind: ReleaseReturned, Client: 1, Lock: plain, Hold: h, All: true, Result: Error, Depth: 2})
			w.acquire(3, plain)
		}},
		{"after a release that failed and was repeated", "", func(w *world) {
			h := w.acquire(1, plain)
			w.failToRelease(h, 1)
			w.letGo(1, plain, h)
			w.acquire(3, plain)
		}},
		{"after a release that ended the hold and failed to close the file", "", func(w *world) {
			w.failToRelease(w.acquire(1, plain), 0)
			w.acquire(3, plain)
		}},
		{"an inner level was released", "P1", func(w *world) {
			h := w.acquire(1, plain)
			w.release(1, plain, w.deeper(1, plain, h, 2))
			w.acquire(3, plain)
		}},
		{"after the death of the holder", "", func(w *world) {
			w.acquire(1, plain)
			w.to(Died, 1)
			w.acquire(3, plain)
		}},
		{"while the holder is frozen", "P1", func(w *world) {
			w.acquire(1, plain)
			w.to(Frozen, 1)
			w.acquire(3, plain)
		}},
		{"after the lifetime", "", func(w *world) {
			w.acquire(1, lived)
			w.pass(life)
			w.acquire(3, plain)
		}},
		{"before the lifetime is over", "P1", func(w *world) {
			w.acquire(1, lived)
			w.pass(life / 2)
			w.acquire(3, lived)
		}},
		{"the lifetime begins with the end of the hold before", "P1", func(w *world) {
			h := w.acquire(1, plain)
			w.call(3, lived)
			w.pass(2 * life)
			w.release(1, plain, h)
			w.got(3, lived, 1, 0)
			w.pass(life / 2)
			w.acquire(5, lived)
		}},
		{"that somebody who was relieved releases says nothing of when", "", func(w *world) {
			h := w.acquire(1, lived)
			w.to(Frozen, 1)
			w.pass(2 * life)
			w.call(3, lived)
			w.pass(life / 2) // it has taken over, and is held up
			w.to(Thawed, 1)
			w.letGo(1, lived, h)
			w.let(1, lived, h, Expired)
			w.files[1]++
			w.got(3, lived, 1, 0)
			w.pass(3 * life / 4)
			w.acquire(5, lived)
		}},
		{"the file was taken away from a holder", "", func(w *world) {
			w.acquire(1, plain)
			w.disturb(1)
			w.files[1]++
			w.acquire(3, plain)
		}},
		{"the file was taken away before the look", "P1", func(w *world) {
			w.call(1, plain)
			w.disturb(1)
			w.look(1, 1)
			w.acquire(3, plain)
			w.got(1, plain, 1, 0)
		}},
		{"the file was taken away after the look", "", func(w *world) {
			w.call(1, plain)
			w.look(1, 1)
			w.disturb(1)
			w.acquire(3, plain)
			w.got(1, plain, 1, 0)
		}},
	})
}

func TestLine(t *testing.T) {
	order := func(inLine bool, lock int32) func(w *world) {
		return func(w *world) {
			h := w.acquire(3, plain)
			w.call(1, lock)
			w.line[1] = inLine
			w.call(2, lock)
			w.release(3, plain, h)
			w.release(2, lock, w.got(2, lock, 1, 0))
			w.got(1, lock, 1, 0)
		}
	}
	check(t, []run{
		{"overtaken in line", "P4", order(true, plain)},
		{"overtaken before it stood in line", "", order(false, plain)},
		{"overtaken with a lifetime", "", order(true, lived)},
		{"overtaken by who called first", "", func(w *world) {
			w.call(2, plain)
			w.call(1, plain)
			w.line[1] = true
			w.release(2, plain, w.got(2, plain, 1, 0))
			w.got(1, plain, 1, 0)
		}},
		{"served twice", "", func(w *world) {
			w.call(1, plain)
			w.line[1] = true
			w.call(2, plain)
			w.release(1, plain, w.got(1, plain, 1, 0))
			w.call(1, plain)
			w.release(2, plain, w.got(2, plain, 1, 0))
			w.got(1, plain, 1, 0)
		}},
		{"gave up", "", func(w *world) {
			w.call(1, plain)
			w.line[1] = true
			w.call(2, plain)
			w.release(2, plain, w.got(2, plain, 1, 0))
			w.add(Event{Kind: Cancelled, Client: 1})
			w.fail(1, plain, Canceled)
		}},
	})
}

func TestReentrancy(t *testing.T) {
	check(t, []run{
		{"two levels", "", func(w *world) {
			h := w.acquire(1, plain)
			inner := w.deeper(1, plain, h, 2)
			w.release(1, plain, inner)
			w.release(1, plain, h)
			w.letGo(1, plain, h)
			w.let(1, plain, h, NotHeld)
		}},
		{"a level does not count", "P5", func(w *world) {
			h := w.acquire(1, plain)
			w.deeper(1, plain, h, 2)
			w.deeper(1, plain, h, 2)
		}},
		{"deep without being inside", "P5", func(w *world) {
			w.call(1, plain)
			w.got(1, plain, 2, 0)
		}},
		{"not deeper from inside", "P5", func(w *world) {
			w.files[1] = 0
			h := w.acquire(1, shared)
			w.disturb(1) // so that it is no matter of exclusion
			w.set.facts.grants[0].void = false
			w.set.facts.paths[0].live = w.set.facts.paths[0].live[:0]
			w.deeper(1, shared, h, 1)
		}},
		{"would wait for itself in the same Lock", "P5", func(w *world) {
			h := w.acquire(1, plain)
			w.add(Event{Kind: AcquireCalled, Client: 1, Lock: plain, Outer: h, Until: Never})
			w.add(Event{Kind: AcquireFailed, Client: 1, Lock: plain, Outer: h, Result: Deadlock})
		}},
		{"deeper by sharing", "", func(w *world) {
			h := w.acquire(1, shared)
			w.call(2, shared)
			inner := w.got(2, shared, 2, 0)
			w.release(1, shared, h)
			w.release(2, shared, inner)
		}},
		{"a second release succeeds", "P5", func(w *world) {
			h := w.acquire(1, plain)
			w.deeper(1, plain, h, 2)
			w.release(1, plain, h)
			w.release(1, plain, h)
		}},
		{"a hold is not known", "P5", func(w *world) {
			h := w.acquire(1, plain)
			w.letGo(1, plain, h)
			w.let(1, plain, h, NotHeld)
		}},
		{"a hold that had ended is released", "P5", func(w *world) {
			h := w.acquire(1, plain)
			inner := w.deeper(1, plain, h, 2)
			w.releaseAll(1, plain, h)
			w.acquire(2, plain)
			w.release(1, plain, inner)
		}},
		{"a hold that had ended is refused", "", func(w *world) {
			h := w.acquire(1, plain)
			inner := w.deeper(1, plain, h, 2)
			w.releaseAll(1, plain, h)
			w.letGo(1, plain, inner)
			w.let(1, plain, inner, NotHeld)
		}},
		{"a context outlives its hold", "P5", func(w *world) {
			h := w.acquire(1, plain)
			w.letGo(1, plain, h)
			w.add(Event{Kind: ReleaseReturned, Client: 1, Lock: plain, Hold: h})
		}},
		{"another number inside", "P5", func(w *world) {
			h := w.fence(1, 5)
			w.add(Event{Kind: AcquireCalled, Client: 1, Lock: fenced, Outer: h, Until: Never})
			w.holds++
			w.add(Event{Kind: Acquired, Client: 1, Lock: fenced, Outer: h, Hold: w.holds, Depth: 2, Token: 6})
		}},
	})
}

func TestProgress(t *testing.T) {
	check(t, []run{
		{"waits for a lock that is free", "P6", func(w *world) {
			h := w.acquire(1, plain)
			w.call(3, plain)
			w.release(1, plain, h)
			w.pass(time.Minute)
			w.acquire(5, other)
		}},
		{"is still waiting at the end", "P6", func(w *world) {
			h := w.acquire(1, plain)
			w.call(3, plain)
			w.release(1, plain, h)
			w.pass(time.Minute)
			w.end(Tables{})
		}},
		{"waits for a holder", "", func(w *world) {
			w.acquire(1, plain)
			w.call(3, plain)
			w.pass(time.Minute)
			w.acquire(5, other)
		}},
		{"waits for somebody who is frozen in the middle", "", func(w *world) {
			w.call(1, plain)
			w.to(Frozen, 1)
			w.call(3, plain)
			w.pass(time.Minute)
			w.acquire(5, other)
		}},
		{"waits for somebody who is frozen as it gives up what has expired", "", func(w *world) {
			h := w.acquire(1, lived)
			w.call(3, plain)
			w.pass(2 * life)
			w.letGo(1, lived, h)
			w.let(1, lived, h, Expired)
			w.to(Frozen, 1)
			w.pass(time.Minute)
			w.acquire(5, other)
		}},
		{"waits for somebody who was relieved, and is frozen as it gives up what has expired", "", func(w *world) {
			w.acquire(1, lived)
			w.pass(life)
			w.to(Frozen, 1)
			w.files[1]++
			w.release(3, lived, w.acquire(3, lived))
			w.call(5, lived)
			w.pass(time.Minute)
			w.acquire(3, other)
		}},
		{"waits for somebody who is frozen and whose file has got its name back", "", func(w *world) {
			w.acquire(1, lived)
			w.to(Frozen, 1)
			w.disturb(1)
			w.files[1]++
			w.pass(2 * life)
			w.release(3, lived, w.acquire(3, lived))
			w.disturb(1)
			w.files[1]--
			w.call(5, lived)
			w.pass(time.Minute)
			w.acquire(3, other)
		}},
		{"waits although the last holder was frozen long after", "P6", func(w *world) {
			h := w.acquire(1, plain)
			w.release(1, plain, h)
			w.pass(time.Minute)
			w.to(Frozen, 1)
			w.call(3, plain)
			w.pass(time.Minute)
			w.acquire(5, other)
		}},
		{"waits for a file that nobody wants any more", "P6", func(w *world) {
			w.acquire(1, lived)
			w.to(Frozen, 1)
			w.call(5, plain)
			w.pass(2 * life)
			w.files[1]++
			w.release(3, lived, w.acquire(3, lived))
			w.pass(time.Minute)
			w.acquire(3, other)
		}},
		{"nobody can go on", "P6", func(w *world) {
			w.acquire(1, plain)
			w.call(1, second)
			w.end(Tables{Stuck: "nothing is left that can run"})
		}},
		{"nobody can go on because of one who is stopped", "", func(w *world) {
			w.acquire(1, plain)
			w.to(Frozen, 1)
			w.call(3, plain)
			w.end(Tables{Stuck: "nothing is left that can run", Pending: []int32{3}})
		}},
		{"nobody can go on because the holder does nothing", "", func(w *world) {
			w.acquire(1, plain)
			w.call(3, plain)
			w.end(Tables{Stuck: "nothing is left that can run"})
		}},
		{"nobody can go on because of a holder whose release has failed", "", func(w *world) {
			w.failToRelease(w.acquire(1, plain), 1)
			w.call(3, plain)
			w.end(Tables{Stuck: "nothing is left that can run"})
		}},
		{"no end", "P6", func(w *world) { w.pass(time.Second); w.step = 30_000; w.end(Tables{Steps: true}) }},
		{"no end of waiting yet", "", func(w *world) { w.pass(time.Minute); w.step = 30_000; w.end(Tables{Steps: true}) }},
		{"panic", "P6", func(w *world) { w.end(Tables{Panic: "task a panicked"}) }},
	})
}

func TestEviction(t *testing.T) {
	check(t, []run{
		{"nobody gets the lock of the dead", "P7", func(w *world) {
			w.acquire(1, plain)
			w.call(3, plain)
			w.to(Died, 1)
			w.pass(time.Minute)
			w.acquire(5, other)
		}},
		{"a child has it", "", func(w *world) {
			w.acquire(1, plain)
			w.to(Forked, 1)
			w.call(3, plain)
			w.to(Died, 1)
			w.pass(time.Minute)
			w.acquire(5, other)
		}},
		{"nobody is relieved", "P7", func(w *world) {
			w.acquire(1, lived)
			w.to(Frozen, 1)
			w.call(3, lived)
			w.pass(time.Minute)
			w.acquire(5, other)
		}},
		{"nobody was relieved until now", "P7", func(w *world) {
			w.acquire(1, lived)
			w.to(Frozen, 1)
			w.call(3, lived)
			w.pass(time.Minute)
			w.to(Thawed, 1)
		}},
		{"nobody can relieve it", "", func(w *world) {
			w.acquire(1, lived)
			w.to(Frozen, 1)
			w.call(3, plain)
			w.pass(time.Minute)
			w.acquire(5, other)
		}},
		{"it was stopped while it ended", "", func(w *world) {
			w.acquire(1, lived)
			w.pass(life)
			w.to(Frozen, 1)
			w.call(3, lived)
			w.pass(time.Minute)
			w.acquire(5, other)
		}},
	})
}

func TestTakeover(t *testing.T) {
	check(t, []run{
		{"too early", "P8", func(w *world) {
			w.acquire(1, lived)
			w.to(Frozen, 1)
			w.pass(life / 2)
			w.files[1]++
			w.acquire(3, lived)
		}},
		{"of a hold without a lifetime", "P8", func(w *world) {
			w.acquire(1, plain)
			w.to(Frozen, 1)
			w.pass(time.Hour)
			w.files[1]++
			w.acquire(3, lived)
		}},
		{"in time", "", func(w *world) {
			w.acquire(1, lived)
			w.to(Frozen, 1)
			w.pass(life)
			w.files[1]++
			w.acquire(3, lived)
		}},
		{"of a file that came up while it relieved the holder of one that a stranger removes", "", func(w *world) {
			w.acquire(1, lived)
			w.to(Frozen, 1)
			w.pass(life)
			w.call(3, lived)
			w.disturb(1)
			w.files[1]++
			w.acquire(5, plain)
			w.files[1]++
			w.release(3, lived, w.got(3, lived, 1, 0))
			w.acquire(3, plain)
		}},
	})
}

func TestFencing(t *testing.T) {
	check(t, []run{
		{"growing", "", func(w *world) {
			w.release(1, fenced, w.fence(1, 1))
			w.release(3, fenced, w.fence(3, 2))
			w.to(PowerLost, 0)
			w.release(3, fenced, w.fence(3, 9))
		}},
		{"none", "P9", func(w *world) { w.fence(1, 0) }},
		{"the same again", "P9", func(w *world) {
			w.release(1, fenced, w.fence(1, 1))
			w.release(3, fenced, w.fence(3, 1))
		}},
		{"smaller after a power failure", "P9", func(w *world) {
			w.release(1, fenced, w.fence(1, 7))
			w.to(Died, 1)
			w.to(PowerLost, 0)
			w.to(Started, 1)
			w.release(1, fenced, w.fence(1, 5))
		}},
		{"anew after the files were taken away", "", func(w *world) {
			w.release(1, fenced, w.fence(1, 7))
			w.add(Event{Kind: Disturbed, Path: 1, Gone: true})
			w.release(3, fenced, w.fence(3, 1))
		}},
	})
}

func TestLiveness(t *testing.T) {
	check(t, []run{
		{"waits for ever while others get it", "P11", func(w *world) {
			w.to(Calm, 0)
			hold := w.acquire(1, plain)
			w.call(3, plain)
			for range 100 {
				w.pass(10 * time.Second)
				w.release(1, plain, hold)
				hold = w.acquire(1, plain)
			}
		}},
		{"waits for somebody who has it for long", "", func(w *world) {
			w.to(Calm, 0)
			hold := w.acquire(1, plain)
			w.call(3, plain)
			w.pass(time.Hour)
			w.acquire(5, other)
			w.release(1, plain, hold)
			w.got(3, plain, 1, 0)
		}},
		{"waits for ever after somebody who had it for long", "P11", func(w *world) {
			w.to(Calm, 0)
			hold := w.acquire(1, plain)
			w.call(3, plain)
			w.pass(time.Hour)
			w.release(1, plain, hold)
			for range 100 {
				hold = w.acquire(1, plain)
				w.pass(10 * time.Second)
				w.release(1, plain, hold)
			}
		}},
		{"waits while something can go wrong", "", func(w *world) {
			w.acquire(1, plain)
			w.call(3, plain)
			w.pass(time.Hour)
			w.acquire(5, other)
		}},
		{"has not returned", "P11", func(w *world) {
			w.acquire(1, plain)
			w.call(3, plain)
			w.end(Tables{Pending: []int32{3}})
		}},
	})
}

func TestRecovery(t *testing.T) {
	fails := func(before ...func(*world)) func(*world) {
		return func(w *world) {
			for _, f := range before {
				f(w)
			}
			w.call(3, fenced)
			w.fail(3, fenced, Error)
		}
	}
	crash := func(w *world) {
		w.call(1, fenced)
		w.to(Died, 1)
		w.to(PowerLost, 0)
	}
	check(t, []run{
		{"an error after a crash", "P12", fails(crash)},
		{"an error of the disk", "", func(w *world) {
			crash(w)
			w.call(3, fenced)
			w.to(Struck, 2)
			w.fail(3, fenced, Error)
		}},
		{"an error while somebody is frozen in the middle", "", fails(crash, func(w *world) {
			w.call(5, fenced)
			w.to(Frozen, 3)
		})},
	})
}

func TestGarbage(t *testing.T) {
	names := []string{"k.takeover.1", "k.takeover.1.old", "k.takeover.2"}
	check(t, []run{
		{"out of nothing", "P13", func(w *world) { w.end(Tables{Names: names[:1]}) }},
		{"of one crash", "", func(w *world) { w.to(Died, 1); w.end(Tables{Names: names[:2]}) }},
		{"of more than one crash", "P13", func(w *world) { w.to(Died, 1); w.end(Tables{Names: names}) }},
	})
}

func TestOwnNames(t *testing.T) {
	check(t, []run{{"removes the lock file", "P14", func(w *world) { w.add(Event{Kind: Removed, Process: 1, Path: 1}) }}})
}

func TestErrors(t *testing.T) {
	timed := func(late time.Duration, r Result) func(*world) {
		return func(w *world) {
			w.acquire(1, plain)
			w.add(Event{Kind: AcquireCalled, Client: 3, Lock: plain, Until: w.now + time.Second})
			w.pass(time.Second + late)
			w.fail(3, plain, r)
		}
	}
	slept := func(late time.Duration) func(*world) {
		return func(w *world) {
			w.acquire(1, plain)
			w.add(Event{Kind: AcquireCalled, Client: 3, Lock: plain, Until: w.now + time.Second})
			w.pass(time.Minute)
			w.add(Event{Kind: Slept, Process: 2, Until: time.Minute})
			w.pass(time.Second - time.Minute + late)
			w.fail(3, plain, TimedOut)
		}
	}
	try := func(late time.Duration) func(*world) {
		return func(w *world) {
			w.acquire(1, plain)
			w.add(Event{Kind: AcquireCalled, Client: 3, Lock: plain, Until: Never, Try: true})
			w.pass(late)
			w.fail(3, plain, TimedOut)
		}
	}
	cancel := func(late time.Duration) func(*world) {
		return func(w *world) {
			w.acquire(1, plain)
			w.call(3, plain)
			w.add(Event{Kind: Cancelled, Client: 3})
			w.pass(late)
			w.fail(3, plain, Canceled)
		}
	}
	check(t, []run{
		{"timeout", "", timed(0, TimedOut)},
		{"timeout before its time", "P15", timed(-time.Millisecond, TimedOut)},
		{"timeout long after its time", "P15", timed(time.Minute, TimedOut)},
		{"timeout put off by a suspension", "", slept(time.Minute)},
		{"timeout in spite of a suspension", "P15", slept(0)},
		{"attempt", "", try(0)},
		{"attempt that waits", "P15", try(time.Minute)},
		{"cancelled", "", cancel(0)},
		{"cancelled without effect", "P15", cancel(time.Minute)},
		{"cancelled by nobody", "P15", func(w *world) {
			w.acquire(1, plain)
			w.call(3, plain)
			w.fail(3, plain, Canceled)
		}},
		{"deadlock", "", func(w *world) {
			h := w.acquire(1, plain)
			w.add(Event{Kind: AcquireCalled, Client: 1, Lock: second, Outer: h, Until: Never})
			w.fail(1, second, Deadlock)
		}},
		{"deadlock with somebody else", "P15", func(w *world) {
			w.acquire(1, plain)
			w.call(3, plain)
			w.fail(3, plain, Deadlock)
		}},
		{"expired without a hold", "P15", func(w *world) {
			w.call(3, plain)
			w.fail(3, plain, Expired)
		}},
		{"an error that nobody made", "P15", func(w *world) {
			w.call(3, plain)
			w.fail(3, plain, Error)
		}},
		{"a release fails", "P15", func(w *world) {
			h := w.acquire(3, plain)
			w.letGo(3, plain, h)
			w.let(3, plain, h, Error)
		}},
		{"a release fails with a reason, and is repeated", "", func(w *world) {
			h := w.acquire(3, plain)
			w.letGo(3, plain, h)
			w.to(Struck, 2)
			w.let(3, plain, h, Error)
			w.release(3, plain, h)
			w.acquire(1, plain)
		}},
		{"keeps the lock", "P15", func(w *world) { w.end(Tables{Left: []Leftover{{Process: 1, Locked: []int32{1}}}}) }},
	})
}

func TestLoss(t *testing.T) {
	check(t, []run{
		{"is told", "", func(w *world) {
			h := w.acquire(1, lived)
			w.ask(1, lived, h, OK)
			w.pass(2 * life)
			w.ask(1, lived, h, Expired)
			w.letGo(1, lived, h)
			w.let(1, lived, h, Expired)
		}},
		{"asks and is not told", "P16", func(w *world) {
			h := w.acquire(1, lived)
			w.to(Frozen, 1)
			w.pass(2 * life)
			w.to(Thawed, 1)
			w.ask(1, lived, h, OK)
		}},
		{"releases and is not told", "P16", func(w *world) {
			h := w.acquire(1, lived)
			w.pass(2 * life)
			w.letGo(1, lived, h)
			w.let(1, lived, h, OK)
		}},
		{"is told too early", "P16", func(w *world) {
			h := w.acquire(1, lived)
			w.pass(life / 2)
			w.ask(1, lived, h, Expired)
		}},
		{"its context ends too early", "P16", func(w *world) {
			h := w.acquire(1, lived)
			w.pass(life / 2)
			w.add(Event{Kind: ContextEnded, Process: 1, Lock: lived, Hold: h, Result: Expired})
		}},
		{"somebody else is in, and the context goes on", "P16", func(w *world) {
			h := w.acquire(1, lived)
			w.goes[h] = true
			w.pass(life)
			w.acquire(3, plain)
		}},
		{"the context goes on for long", "P16", func(w *world) {
			h := w.acquire(1, lived)
			w.goes[h] = true
			w.pass(time.Minute)
			w.acquire(5, other)
		}},
		// Somebody was held up between the writing of its record and its return, and was relieved meanwhile: when its hold ends by its own account nobody else knows.
		{"asks with somebody else inside and is not told", "P16", func(w *world) {
			h := w.heldUp()
			w.acquire(3, lived)
			w.ask(1, lived, h(), OK)
		}},
		{"releases with somebody else inside and is not told", "P16", func(w *world) {
			h := w.heldUp()
			w.acquire(3, lived)
			w.release(1, lived, h())
		}},
		{"is told with somebody else inside", "", func(w *world) {
			h := w.heldUp()
			w.acquire(3, lived)
			hold := h()
			w.ask(1, lived, hold, Expired)
			w.letGo(1, lived, hold)
			w.let(1, lived, hold, Expired)
		}},
		{"is not told that somebody was inside", "", func(w *world) {
			h := w.heldUp()
			w.release(3, lived, w.acquire(3, lived))
			w.ask(1, lived, h(), OK)
		}},
		{"is not told of somebody who came when it had asked", "", func(w *world) {
			w.heldUp()
			hold := w.got(1, lived, 1, 0)
			w.add(Event{Kind: LostCalled, Client: 1, Lock: lived, Hold: hold})
			w.files[1]++
			w.acquire(3, lived)
			w.add(Event{Kind: LostReturned, Client: 1, Lock: lived, Hold: hold})
		}},
		{"does not know that its file was taken away", "", func(w *world) {
			hold := w.heldUp()()
			w.disturb(1)
			w.files[1]++
			w.acquire(3, lived)
			w.ask(1, lived, hold, OK)
		}},
		{"the context of one who was relieved goes on", "", func(w *world) {
			h := w.acquire(1, lived)
			w.goes[h] = true
			w.to(Frozen, 1)
			w.pass(2 * life)
			w.files[1]++
			w.acquire(3, lived)
		}},
	})
}

func TestLeaks(t *testing.T) {
	left := func(l Leftover) func(*world) {
		l.Process = 1
		return func(w *world) { w.end(Tables{Left: []Leftover{l}}) }
	}
	both := func(w *world) (one, two int32) {
		one = w.acquire(1, shared)
		w.call(2, shared)
		return one, w.got(2, shared, 2, 0)
	}
	check(t, []run{
		{"nothing", "", left(Leftover{})},
		{"a file", "P17", left(Leftover{Files: []string{"/k"}})},
		{"a task", "P17", left(Leftover{Tasks: []string{"a.3"}})},
		{"a lock", "P17", left(Leftover{Watched: 1})},
		{"a hold that expired", "P17", func(w *world) {
			h := w.acquire(1, lived)
			w.pass(2 * life)
			w.letGo(1, lived, h)
			w.let(1, lived, h, Expired)
			left(Leftover{Watched: 1})(w)
		}},
		{"a level that was released before all were", "P17", func(w *world) {
			one, two := both(w)
			w.release(1, shared, one)
			w.releaseAll(2, shared, two)
			left(Leftover{Watched: 1})(w)
		}},
		{"a level that was released while all were", "P17", func(w *world) {
			one, two := both(w)
			w.add(Event{Kind: ReleaseCalled, Client: 2, Lock: shared, Hold: two, All: true})
			w.letGo(1, shared, one)
			w.let(1, shared, one, NotHeld)
			w.add(Event{Kind: ReleaseReturned, Client: 2, Lock: shared, Hold: two, All: true, Ended: true})
			left(Leftover{Watched: 1})(w)
		}},
		{"a level that was released after all were", "P17", func(w *world) {
			one, two := both(w)
			w.releaseAll(2, shared, two)
			w.letGo(1, shared, one)
			w.let(1, shared, one, NotHeld)
			left(Leftover{Watched: 1})(w)
		}},
	})
}

func TestCost(t *testing.T) {
	costs := func(calls int32, alone bool) func(*world) {
		return func(w *world) {
			if !alone {
				w.release(3, plain, w.acquire(3, plain))
				w.call(3, plain)
			}
			w.call(1, plain)
			w.add(Event{Kind: Acquired, Client: 1, Lock: plain, Hold: w.holds + 1, Depth: 1, Calls: calls})
		}
	}
	inside := func(lock int32) func(*world) {
		return func(w *world) {
			h := w.acquire(1, lock)
			w.add(Event{Kind: AcquireCalled, Client: 1, Lock: other, Outer: h, Until: Never})
			w.add(Event{Kind: AcquireFailed, Client: 1, Lock: other, Outer: h, Result: Canceled, Calls: 100})
		}
	}
	check(t, []run{
		{"cheap", "", costs(10, true)},
		{"dear", "P18", costs(100, true)},
		{"dear among others", "", costs(100, false)},
		{"dear after a release of all levels", "", func(w *world) {
			w.releaseAll(2, shared, w.acquire(2, shared))
			costs(100, true)(w)
		}},
		{"dear beside somebody who is frozen", "", func(w *world) { w.to(Frozen, 2); costs(100, true)(w) }},
		{"dear inside a hold that may be over", "", inside(lived)},
		{"dear inside a hold", "P18", inside(second)},
		{"spinning", "P18", costs(10000, false)},
	})
}

// Whoever is held up for long takes long, waits for others that take long, and looks for them often; but does end.
func TestBoundsGrowWithTheSlack(t *testing.T) {
	const calls, polls, spins = 100, 200, 1_000_000
	acquires := func(lock, n int32, lasts time.Duration) func(*world) {
		return func(w *world) {
			w.call(1, lock)
			w.pass(lasts)
			w.add(Event{Kind: Acquired, Client: 1, Lock: lock, Hold: 1, Depth: 1, Calls: n})
		}
	}
	waits := func(lasts time.Duration) func(*world) {
		return func(w *world) {
			w.to(Calm, 0)
			h := w.acquire(1, plain)
			w.call(3, plain)
			for range lasts / longHold * 2 {
				w.pass(longHold / 2)
				w.release(1, plain, h)
				h = w.acquire(1, plain)
			}
		}
	}
	for _, row := range []struct {
		slack time.Duration
		want  string
		do    func(*world)
	}{
		{0, "", acquires(lived, calls, time.Second)},
		{0, "P18", acquires(lived, polls, time.Second)},
		{time.Second, "P18", acquires(lived, polls, time.Millisecond)},
		{time.Second, "", acquires(lived, polls, time.Second)},
		{time.Second, "", acquires(plain, polls, time.Second)},
		{time.Second, "P18", acquires(other, polls, time.Second)}, // a file without lifetimes
		{time.Second, "P18", acquires(lived, spins, time.Minute)},
		{0, "P11", waits(time.Hour)},
		{10 * time.Second, "", waits(time.Hour)},
		{10 * time.Second, "P11", waits(10 * time.Hour)},
		{1 << 55, "", waits(10 * time.Hour)}, // more than can be multiplied
	} {
		w := newWorld(t, func(s *Setup) { s.Slack, s.Steps = row.slack, 10 })
		row.do(w)
		got := ""
		if v := w.set.Violation(); v != nil {
			got = v.Property
		}
		if got != row.want {
			t.Errorf("with a slack of %v, %q is violated, want %q: %v", row.slack, got, row.want, w.set.Violation())
		}
	}
}

func TestNothingIsSaidInTimeWithoutABound(t *testing.T) {
	w := newWorld(t, func(s *Setup) { s.Slack = -1 })
	h := w.acquire(1, lived)
	w.goes[h] = true
	w.to(Calm, 0)
	w.call(3, plain)
	w.pass(time.Hour)
	w.acquire(5, other)
	w.end(Tables{Steps: true})
	if v := w.set.Violation(); v != nil {
		t.Error(v)
	}
}

func TestFactsHaveNamesAndSentences(t *testing.T) {
	if n := len(factNames); n != AllFacts().Count()+PeerFacts().Count() || len((AllFacts()|PeerFacts()).Names()) != n {
		t.Errorf("%d names for %d facts", n, AllFacts().Count()+PeerFacts().Count())
	}
	for _, s := range Statements() {
		if !strings.HasSuffix(s.Sentence, ".") {
			t.Errorf("%s: %q is no sentence", s.Name, s.Sentence)
		}
	}
}

func TestEventsAllocateNothing(t *testing.T) {
	w := newWorld(t, nil)
	round := func() {
		w.set.Begin(&w.setup, w)
		w.holds = 0
		for range 20 {
			h := w.acquire(1, lived)
			w.call(3, plain)
			w.release(1, lived, w.deeper(1, lived, h, 2))
			w.release(1, lived, h)
			w.release(3, plain, w.got(3, plain, 1, 0))
		}
		w.end(Tables{})
	}
	round()
	if n := testing.AllocsPerRun(100, round); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if v := w.set.Violation(); v != nil {
		t.Error(v)
	}
}
