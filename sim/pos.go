package sim

// POS gives every pending call a priority at random and makes the one with the highest. In half of the runs, calls that were overtaken by one that they are in conflict with draw anew: so it is
// about every order of conflicting calls that a coin is tossed, rather than about every order of calls (Yuan, Yang and Gu, Partial Order Aware Concurrency Sampling, 2018). In the other half
// they do not, and a call that has drawn little is held up for long, which no number of coins would do.
type POS struct {
	source  source
	redraws bool
	pending []pendingCall // by Task.ID
}

type pendingCall struct {
	call     int // [Task.Calls]
	priority uint64
}

// Begin implements [Strategy].
func (p *POS) Begin(seed uint64) {
	p.source = source{seed}
	p.redraws = p.source.below(2) == 0
	p.pending = p.pending[:0]
}

// Pick implements [Strategy].
func (p *POS) Pick(enabled []*Task, _ *Task) *Task {
	var top *Task
	var most uint64
	for _, t := range enabled {
		if n := p.priority(t); top == nil || n > most {
			top, most = t, n
		}
	}
	for _, t := range enabled {
		if t == top || p.redraws && conflict(t, top) {
			p.pending[t.ID()] = pendingCall{}
		}
	}
	return top
}

func (p *POS) priority(t *Task) uint64 {
	for len(p.pending) <= t.ID() {
		p.pending = append(p.pending, pendingCall{})
	}
	c := &p.pending[t.ID()]
	if c.priority == 0 || c.call != t.Calls() {
		*c = pendingCall{t.Calls(), p.source.next() | 1}
	}
	return c.priority
}

// conflict reports whether the order in which two tasks make their pending calls can matter.
func conflict(a, b *Task) bool {
	if a.object != 0 && a.object == b.object {
		return effects[a.op]&alters != 0 || effects[b.op]&alters != 0
	}
	return a.proc == b.proc && effects[a.op]&meets != 0 && effects[b.op]&meets != 0
}

const (
	alters = 1 << iota // changes what the call is about, for others
	meets              // tasks of one process meet in it
)

var effects = [numOps]uint8{
	OpOpen: alters, OpLink: alters, OpRename: alters, OpRemove: alters, OpMkdir: alters, OpWrite: alters, OpTruncate: alters, OpChmod: alters, OpSetTimes: alters,
	OpSync: alters, OpClose: alters, OpTryLock: alters, OpWaitLock: alters, OpUnlock: alters,
	OpTimer: meets, OpStopTimer: meets, OpSet: meets, OpWait: meets, OpCancel: meets, OpSleep: meets,
}
