package property

// P4: tasks of one process get a lock in the order in which they lined up for it.
//
// Whoever waited for other tasks of its process already when another one called is before that one. Attempts that do not wait, holds that go deeper, or
// may because the Lock is shared, and those with a lifetime are not judged: the last may be over before the caller knows.
const lineSentence = "Tasks of one process get a lock in the order in which they lined up for it."

type line struct {
	ahead  []uint64 // of each client's call: who was in line when it called, a bit for each of the first 64 clients
	passed []int32  // by whom each client was overtaken since its call, 0 if by nobody
}

func (l *line) begin(f *facts) {
	l.ahead, l.passed = sized(l.ahead, f.Clients), sized(l.passed, f.Clients)
}

func (l *line) event(f *facts, e *Event) {
	switch e.Kind {
	case Died:
		for i := range min(len(f.clients), 64) {
			if f.clients[i].process == e.Process {
				l.leave(1 << i)
			}
		}
	case AcquireCalled:
		c := f.client(e.Client)
		var ahead uint64
		for i := range min(len(f.clients), 64) {
			o := &f.clients[i]
			if o != c && o.pending == AcquireCalled && o.process == c.process && o.path == c.path && !o.try && f.InLine(int32(i+1)) {
				ahead |= 1 << i
			}
		}
		l.ahead[e.Client-1], l.passed[e.Client-1] = ahead, 0
	case AcquireFailed:
		l.leave(bit(e.Client))
	case Acquired:
		l.leave(bit(e.Client))
		if e.Depth > 1 || f.lock(e).Lasts() > 0 || f.lock(e).Shared {
			return
		}
		path := f.client(e.Client).path
		if by := l.passed[e.Client-1]; by != 0 {
			f.violate("P4", "%s got %s before %s, which was in line already when the other called", f.ClientName(by), f.PathName(path), f.ClientName(e.Client))
		}
		for i := range min(len(f.clients), 64) {
			if o := &f.clients[i]; l.ahead[e.Client-1]&(1<<i) != 0 && o.pending == AcquireCalled && o.path == path {
				l.passed[i] = e.Client
			}
		}
	}
}

// bit returns the bit of a client, none if there are too many.
func bit(client int32) uint64 {
	if client > 64 {
		return 0
	}
	return 1 << (client - 1)
}

// leave takes a client out of the line.
func (l *line) leave(who uint64) {
	for i := range l.ahead {
		l.ahead[i] &^= who
	}
}

func (*line) end(*facts, *Tables) {}
