package property

// P14: nobody removes the name of a lock file, unless the lock is held by having made it: others may be about to lock it.
const ownNamesSentence = "Nobody removes the name of a lock file, unless the lock is held by having made it: others may be about to lock it."

type ownNames struct{}

func (ownNames) begin(*facts) {}

func (ownNames) event(f *facts, e *Event) {
	if e.Kind == Removed && !f.paths[e.Path-1].soft && !f.peer(e.Process) {
		f.violate("P14", "%s removed %s", f.ProcessName(e.Process), f.PathName(e.Path))
	}
}

func (ownNames) end(*facts, *Tables) {}
