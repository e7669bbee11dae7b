package property

// A strict lock is taken from nobody: the claims of a process that has died keep it held until somebody breaks them by force. Whoever waits for it then waits with reason, and if anybody got in all the same, that
// would be a finding (P8).

// leavesClaims takes note that a process has died which may have claimed a path. It leaves as many claims as it was inside of locks.
func (f *facts) leavesClaims(path int32) {
	if p := &f.paths[path-1]; p.strict {
		p.wedged = true
		f.messes++
	}
}

// breaksClaims takes note that claims are about to be removed by force. Whoever is inside may be inside by them.
func (f *facts) breaksClaims(e *Event) {
	p := &f.paths[f.lock(e).Path-1]
	if !p.strict {
		return
	}
	p.outlived, p.brokenBy, p.excused = false, f.seq, true
	for _, n := range p.live {
		f.excuse(&f.grants[n-1])
		f.grants[n-1].void = true
	}
}

// mayBreak reports whether claims that were made since an event may have been broken.
func (f *facts) mayBreak(path int32, since int) bool {
	for i := range f.clients {
		if c := &f.clients[i]; c.pending == BreakCalled && c.path == path {
			return true
		}
	}
	return f.paths[path-1].brokenBy > since
}

// anyWedged reports whether somebody may wait for what is held by nobody who lives.
func (f *facts) anyWedged() bool {
	for i := range f.paths {
		if f.paths[i].wedged {
			return true
		}
	}
	return false
}
