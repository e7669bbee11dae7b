package property

// breaking reports whether it is a client that breaks a lock which has just done something.
func (f *facts) breaking(e *Event) bool {
	return e.Client != 0 && f.client(e.Client).pending == BreakCalled
}

// breaks reports whether the file that was just taken away is the one which a client, by force, may.
func (f *facts) breaks(e *Event) bool { return f.breaking(e) && f.client(e.Client).judged == e.File }

// takes takes note that a client which breaks a lock has done so.
func (f *facts) takes(e *Event) {
	if f.breaks(e) {
		f.client(e.Client).broke = true
		f.paths[e.Path-1].changed = f.now
		f.trouble = max(f.trouble, f.now)
	}
}

// broken takes note that a hold was ended by force.
func (f *facts) broken(g *grant) {
	f.excuse(g)
	g.void, g.broken, g.brokenAt = true, true, f.now
}

// mend takes note that a file has its name back, so that the holds by it go on. Whoever has looked for it meanwhile does not know.
func (f *facts) mend(e *Event) {
	if e.Client != 0 {
		f.client(e.Client).broke = false
	}
	for _, n := range f.paths[e.Path-1].live {
		if g := &f.grants[n-1]; g.broken && g.mark != 0 && f.marks[g.mark-1].file == e.File {
			g.void, g.broken, g.shaken = false, false, true
		}
	}
}

// leaves takes note that a holder has released the lock and left its file, which it does if somebody is just breaking it and has been held up. Whoever waits has to wait until that one, or the
// holder, removes it.
func (f *facts) leaves(g *grant) {
	if g.mark == 0 || f.File(g.path) != f.marks[g.mark-1].file {
		return
	}
	for i := range f.clients {
		if c := &f.clients[i]; c.pending == BreakCalled && c.path == g.path {
			f.paths[g.path-1].left = f.marks[g.mark-1].file
			return
		}
	}
}
