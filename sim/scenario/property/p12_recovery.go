package property

// P12: whatever a crash leaves behind, the next can lock without anybody's cleaning up.
const recoverySentence = "Whatever a crash leaves behind, the next can lock without anybody's cleaning up."

type recovery struct{}

func (recovery) begin(*facts) {}

func (recovery) event(f *facts, e *Event) {
	if e.Kind == AcquireFailed && !f.peer(e.Process) && e.Result == Error && f.crashes > 0 && !f.explained(e) {
		f.violate("P12", "%s fails to acquire %s after a crash, with an error of the system that nobody else made", f.ClientName(e.Client), f.PathName(f.client(e.Client).path))
	}
}

func (recovery) end(*facts, *Tables) {}

// explained reports whether a call that failed had a reason to, other than the lock.
func (f *facts) explained(e *Event) bool {
	c := f.client(e.Client)
	return f.ReadOnly || f.NoLocks || f.Users || f.gone || c.disturbed || c.struck < f.process(e.Process).struck || f.halted(c.path)
}

// halted reports whether somebody is frozen who may be in the middle of something about a path, and keeps the files beside it locked.
func (f *facts) halted(path int32) bool {
	for i := range f.clients {
		if c := &f.clients[i]; c.pending != 0 && c.path == path && f.process(c.process).frozen {
			return true
		}
	}
	for _, n := range f.paths[path-1].live {
		if f.process(f.grants[n-1].process).frozen {
			return true
		}
	}
	return false
}
