package scenario

import (
	"errors"
	"slices"
	"time"

	"github.com/holdfast-lock/holdfast/linearize"
	"github.com/holdfast-lock/holdfast/model"
)

// realHold is a hold that nobody has released or seen the end of. Its times are the scenario's.
type realHold struct {
	client, process, lock int
	slot                  int
	who                   linearize.Client // that has the lock, as the history knows it
	called, acquired      time.Duration
	depth                 int
}

// result is what came of the step.
func (a *answer) result() result {
	res := result{outcome: a.Outcome, token: a.Token, depth: a.Depth}
	if a.Text != "" {
		res.err = errors.New(a.Text)
	}
	return res
}

// returned takes note of what a client says of a step. The mutex is held.
func (r *onRun) returned(o *op, process int, a *answer) {
	if o.lock < 0 {
		return
	}
	call := linearize.Operation{Client: linearize.Client{Process: r.processes[process].number, Task: taskOf(o.Client)}, Token: a.Token, Call: r.at(a.Call), Return: r.at(a.Return) + time.Microsecond}
	switch o.Verb {
	case VerbLock, VerbFlock:
		if a.Outcome == OK {
			r.holds = append(r.holds, realHold{o.client, process, o.lock, o.slot, call.Client, call.Call, call.Return, a.Depth})
		}
		if call.Kind, call.OK = model.Acquire, a.Outcome == OK; a.Depth <= 1 && a.Outcome != Nothing {
			r.record(o.lock, call)
		}
	case VerbBreak:
		if a.Outcome == OK { // the hold that it was ends at some time before
			r.spoiled[r.program.setup.Locks[o.lock].Path-1] = true
		}
	case VerbUnlock, VerbUnlockAll, VerbFunlock, VerbVouch:
		levels := a.Depth
		a.Depth = 0
		switch {
		case a.Outcome == Expired:
			call.Kind = model.End
		case a.Outcome == OK && o.Verb != VerbVouch:
			call.Kind, call.OK = model.Release, true
		default:
			return
		}
		r.ended(o, process, call.OK && o.Verb == VerbUnlock && levels > 1, call)
	}
}

// ended takes note that a hold was released, or has expired. If levels of it are left, one of them stands for it from now on.
func (r *onRun) ended(o *op, process int, left bool, end linearize.Operation) {
	i := len(r.holds) - 1
	for i >= 0 && !r.holds[i].is(o, process) { // the last one: those before it have expired
		i--
	}
	if i < 0 {
		return
	}
	level := func(h realHold) bool {
		return h.process == process && h.lock == o.lock && h.acquired-time.Microsecond <= end.Call
	}
	if left {
		h := r.holds[i]
		r.holds = slices.Delete(r.holds, i, i+1)
		if i = slices.IndexFunc(r.holds, level); h.depth <= 1 && i >= 0 {
			r.holds[i].who, r.holds[i].called, r.holds[i].depth = h.who, h.called, h.depth
		}
		return
	}
	whole, released := i, linearize.Never
	if end.Return == linearize.Never {
		released = end.Call
	}
	for i, h := range r.holds {
		if level(h) && h.depth <= 1 {
			whole = i
		}
	}
	for i, h := range r.holds {
		switch {
		case !level(h) || h.depth > 1:
		case i == whole && end.Kind == model.Release:
			end.Client = h.who
			r.record(h.lock, end)
		default:
			r.expired(h, released, end.Return)
		}
	}
	r.holds = slices.DeleteFunc(r.holds, level)
}

// is reports whether a step of a process is about the hold.
func (h *realHold) is(o *op, process int) bool {
	return h.process == process && h.lock == o.lock && h.slot == o.slot
}

// until returns when a hold that began at a time ends by itself.
func (r *onRun) until(h realHold, began time.Duration) time.Duration {
	life := r.program.setup.Locks[h.lock].Lasts()
	if life == 0 {
		return linearize.Never
	}
	return began + time.Duration(float64(life)*r.stretch)
}

// expired records that a hold has ended by itself, at some time since its lifetime can have passed, or since its release was called.
func (r *onRun) expired(h realHold, released, by time.Duration) {
	if earliest := r.until(h, h.called); h.depth <= 1 && earliest != linearize.Never {
		r.record(h.lock, linearize.Operation{Client: h.who, Kind: model.End, Call: min(released, earliest), Return: max(earliest, by)})
	}
}

// over takes note of what those of whom nothing more is heard have left open: the clients of a process, or all if it is negative. A release that has not returned may have had its effect, and a hold may
// have expired without anybody's asking.
func (r *onRun) over(process int, now time.Duration) {
	for i, p := range r.processes {
		if p == nil || process >= 0 && i != process {
			continue
		}
		for _, call := range p.calls {
			if (call.Verb == VerbUnlock || call.Verb == VerbUnlockAll || call.Verb == VerbFunlock) && call.lock >= 0 {
				r.unreturned(call, i, now)
			}
		}
	}
	r.holds = slices.DeleteFunc(r.holds, func(h realHold) bool {
		mine := process < 0 || h.process == process
		if mine && now >= r.until(h, h.called) {
			r.expired(h, linearize.Never, now)
		}
		return mine
	})
}

// unreturned records a release that has not returned, unless it is that of one level of several. If the hold can have expired, it has ended at any time since.
func (r *onRun) unreturned(call *realCall, process int, now time.Duration) {
	levels, earliest := 0, linearize.Never
	for _, h := range r.holds {
		if h.process == process && h.lock == call.lock {
			levels++
			earliest = r.until(h, h.called)
		}
	}
	if levels > 1 && call.Verb == VerbUnlock {
		return
	}
	end := linearize.Operation{Kind: model.Release, Call: call.called, Return: linearize.Never}
	if now >= earliest {
		end.Kind = model.End
	}
	r.ended(call.op, process, false, end)
}

func (r *onRun) record(lock int, o linearize.Operation) {
	if l := r.program.setup.Locks[lock]; !l.Shared {
		h := &r.histories[l.Path-1]
		h.Operations = append(h.Operations, o)
	}
}

// spoil takes note that somebody takes the file of a lock away: while it is held, nothing can keep the next one from being inside as well. Who asks for it may have it already, and not have said so.
func (r *onRun) spoil(path int32) {
	if path == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	held := slices.ContainsFunc(r.holds, func(h realHold) bool { return r.program.setup.Locks[h.lock].Path == path })
	for _, p := range r.processes {
		if p == nil {
			continue
		}
		for _, call := range p.calls {
			held = held || call.lock >= 0 && r.program.setup.Locks[call.lock].Path == path
		}
	}
	r.spoiled[path-1] = r.spoiled[path-1] || held
}

// judge looks at the histories.
func (r *onRun) judge() {
	now := r.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.over(-1, now)
	for i := range r.histories {
		if r.spoiled[i] || r.finding != nil {
			continue
		}
		check := linearize.Check(r.histories[i], realPatience)
		message := r.program.paths[i] + ": " + named(check.Evidence, r.lives)
		switch check.Verdict {
		case linearize.NotLinearizable: // nothing else would see that two are inside
			r.finding = &Finding{Property: "P1", Time: now, Message: message}
		case linearize.Undecided:
			r.finding = &Finding{Property: Undecided, Time: now, Message: message}
		}
	}
}
