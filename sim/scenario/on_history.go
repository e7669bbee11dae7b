package scenario

import (
	"errors"
	"slices"
	"time"

	"github.com/holdfast-lock/holdfast/linearize"
	"github.com/holdfast-lock/holdfast/model"
)

// realHold is a hold that is out.
type realHold struct {
	client, process, lock int
	slot                  int
	path                  string
}

// answered takes note of what a client says. A step that was waited for is another one than that which says so.
func (r *onRun) answered(o *op, process int, a *answer) result {
	res := result{outcome: a.Outcome, token: a.Token, depth: a.Depth}
	if a.Text != "" {
		res.err = errors.New(a.Text)
	}
	did := o
	if o.Verb == VerbWait {
		did = r.asked(o)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.noteHold(did, process, &res, a)
	if did.Verb == VerbUnlock || did.Verb == VerbUnlockAll {
		res.depth = 0
	}
	return res
}

// asked returns the last step of the client before o that was not waited for.
func (r *onRun) asked(o *op) *op {
	var last *op
	for i := range r.program.steps {
		switch s := &r.program.steps[i]; {
		case s == o:
			return last
		case s.client == o.client && s.Async:
			last = s
		}
	}
	return last
}

// noteHold keeps the list of holds that are out, and the history.
func (r *onRun) noteHold(o *op, process int, res *result, a *answer) {
	if o.lock < 0 {
		return
	}
	number := r.program.setup.Locks[o.lock].Path - 1
	name := r.program.paths[number]
	h := realHold{o.client, process, o.lock, o.slot, name}
	operation := linearize.Operation{Client: linearize.Client{Process: r.processes[process].number, Task: taskOf(o.Client)}, Call: a.Call, Return: a.Return, Token: res.token}
	record := func(kind model.Kind, ok bool) {
		operation.Kind, operation.OK = kind, ok
		if !r.program.setup.Locks[o.lock].Shared {
			r.histories[number].Operations = append(r.histories[number].Operations, operation)
		}
	}
	matches := func(other realHold) bool {
		return other.client == h.client && other.lock == h.lock && (o.slot < 0 || other.slot == h.slot)
	}
	switch o.Verb {
	case VerbLock, VerbFlock:
		if res.outcome == OK {
			r.holds = append(r.holds, h)
		}
		if res.depth <= 1 {
			record(model.Acquire, res.outcome == OK)
		}
	case VerbUnlock, VerbUnlockAll, VerbFunlock, VerbVouch:
		i := slices.IndexFunc(r.holds, matches)
		if i < 0 || o.Verb == VerbVouch && res.outcome == OK || res.outcome == Failed {
			return
		}
		r.holds = slices.Delete(r.holds, i, i+1)
		life := r.program.setup.Locks[o.lock].Lifetime
		switch {
		case res.outcome == Expired:
			operation.Call = max(0, operation.Return-life) // it has expired at some time, which the holder does not know
			record(model.End, true)
		case res.outcome == OK && (a.Depth <= 1 || o.Verb == VerbUnlockAll):
			record(model.Release, true)
		}
	}
}

// judge looks at the histories.
func (r *onRun) judge() {
	for i := range r.histories {
		if r.spoiled[i] || r.finding != nil {
			continue
		}
		if check := linearize.Check(r.histories[i], realPatience); check.Verdict == linearize.NotLinearizable {
			r.finding = &Finding{Property: "P1", Time: time.Since(r.begun), Message: r.program.paths[i] + ": " + check.Evidence}
		}
	}
}
