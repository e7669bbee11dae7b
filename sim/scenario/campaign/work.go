package campaign

import (
	"time"

	"github.com/holdfast-lock/holdfast/sim/scenario"
)

// work draws what a task does.
func (p *plan) work(client string) []scenario.Step {
	w := &worker{plan: p, client: client, hold: "h" + client}
	for i := range w.hold {
		if w.hold[i] == '.' { // a name has no dot
			w.hold = w.hold[:i] + "t" + w.hold[i+1:]
			break
		}
	}
	cycles := p.Cycles
	if cycles == 0 {
		cycles = p.between(1, 4)
	}
	for range cycles {
		w.cycle()
	}
	return w.steps
}

type worker struct {
	*plan
	client string
	hold   string // what its holds are named by
	steps  []scenario.Step
}

func (w *worker) do(s scenario.Step) {
	s.Client = w.client
	w.steps = append(w.steps, s)
}

// cycle acquires a lock, does something and releases it.
func (w *worker) cycle() {
	if w.oneIn(3) {
		w.pause(w.spread(10*time.Microsecond, 50*time.Millisecond))
	}
	if k, ok := w.peers[process(w.client)]; ok {
		w.peerCycle(k)
		return
	}
	k := w.locks[w.IntN(w.wanted)]
	if w.features.Has(Cleans) && w.oneIn(3) {
		w.do(scenario.Step{Verb: scenario.VerbClean, Path: scenario.WorkDir})
	}
	if w.features.Has(Breaks) && w.oneIn(3) {
		w.breaks(k)
	}
	w.acquire(k, w.hold+k.Name, "")
	w.inside(k, w.hold+k.Name)
	w.release(k, w.hold+k.Name)
}

// breaks ends by force whatever hold there is, as soon as it has looked at it or some time later.
func (w *worker) breaks(k scenario.Lock) {
	if w.oneIn(2) {
		w.do(scenario.Step{Verb: scenario.VerbStatus, Lock: k.Name})
		w.pause(w.spread(time.Microsecond, 50*time.Millisecond))
	}
	w.do(scenario.Step{Verb: scenario.VerbBreak, Lock: k.Name})
}

func (w *worker) acquire(k scenario.Lock, hold, in string) {
	s := scenario.Step{Verb: scenario.VerbLock, Lock: k.Name, Hold: hold, In: in}
	if w.features.Has(Cancels) || in == "" && w.oneIn(10) {
		switch w.IntN(5) {
		case 0:
			s.Try = true
		case 1:
			s.For = w.patience()
		case 2:
			s.For, s.Deadline = w.patience(), true
		}
	}
	if w.features.Has(Peers) && in == "" && !s.Try && s.For == 0 { // what peers have left may be in the way for good
		s.For = w.spread(100*time.Millisecond, 30*time.Second)
	}
	w.do(s)
}

// patience returns how long to wait: often just as long as others hold the lock, so that the end of the one meets the end of the other.
func (w *worker) patience() time.Duration {
	if w.oneIn(2) {
		return w.spread(10*time.Microsecond, time.Second)
	}
	return time.Duration(w.between(1, 3))*w.beat + time.Duration(w.IntN(30))*time.Microsecond
}

// inside is what happens while the lock is held.
func (w *worker) inside(k scenario.Lock, hold string) {
	switch w.IntN(5) {
	case 0: // nothing
	case 4:
		w.pause(w.beat)
	case 1:
		w.pause(w.spread(time.Microsecond, time.Millisecond))
	case 2:
		w.do(scenario.Step{Verb: scenario.VerbWork, For: w.spread(time.Microsecond, 50*time.Millisecond)})
	default:
		if w.life > 0 && w.oneIn(2) {
			w.pause(w.life + w.spread(time.Microsecond, w.life))
		} else {
			w.pause(w.spread(10*time.Microsecond, 20*time.Millisecond))
		}
	}
	if (k.Lifetime > 0 || k.Lease > 0) && w.oneIn(2) {
		w.do(scenario.Step{Verb: scenario.VerbVouch, Lock: k.Name, Hold: hold})
	}
	if w.features.Has(Breaks) && w.oneIn(8) {
		w.breaks(k) // its own, or that of the next if it has lost it
	}
	if w.features.Has(Reentry) && w.oneIn(2) {
		w.deeper(k, hold)
	}
	if w.features.Has(Nested) && w.oneIn(3) {
		w.nested(hold)
	}
}

// deeper goes one level deeper and comes up again, maybe after the outer level.
func (w *worker) deeper(k scenario.Lock, hold string) {
	outer := k
	inner := hold + "i"
	if w.features.Has(Singletons) && k.Singleton && w.oneIn(2) { // by its other name
		k = w.locks[w.IntN(2)]
		inner += k.Name
	}
	w.acquire(scenario.Lock{Name: k.Name}, inner, hold)
	if w.oneIn(2) {
		w.pause(w.spread(time.Microsecond, 10*time.Millisecond))
	}
	if w.features.Has(Forced) && w.oneIn(2) {
		w.do(scenario.Step{Verb: scenario.VerbUnlockAll, Lock: outer.Name, Hold: hold})
		if w.oneIn(2) {
			w.pause(w.spread(time.Microsecond, 10*time.Millisecond))
		}
	}
	w.release(k, inner)
	if w.oneIn(4) {
		w.release(k, inner) // once too often
	}
}

// nested acquires another lock: of the same path, which would be to wait for itself, or of one that is only ever acquired inside.
func (w *worker) nested(hold string) {
	k := w.locks[w.wanted+w.IntN(2)]
	inner := w.hold + k.Name
	w.acquire(k, inner, hold)
	w.release(k, inner)
}

// releases is how often a hold is released in a world with errors, in case that it was refused.
const releases = 3

func (w *worker) release(k scenario.Lock, hold string) {
	times := 1
	if w.features.Has(Errors) {
		times = releases
	}
	for range times {
		w.do(scenario.Step{Verb: scenario.VerbUnlock, Lock: k.Name, Hold: hold})
	}
}

func (w *worker) pause(d time.Duration) { w.do(scenario.Step{Verb: scenario.VerbSleep, For: d}) }
