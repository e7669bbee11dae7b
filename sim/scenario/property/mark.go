package property

import "time"

// Who is to blame. A hold excludes others by the file that lies at the path, so whoever takes that file away while the hold lasts lets others in.
//
//   - If that is a peer, which follows another protocol, the hold is void from then on, as if a stranger had been there: it excludes nobody any more, and that others get in is no finding.
//   - If it is Holdfast, that is a finding (P8), at once, whether anybody gets in or not. But whoever has asked for a lifetime may relieve by it; what was published by a peer that never wrote a record, or left it empty where leases are asked for, and
//     has been so for malformedGrace, may be evicted; and a file that came in the place of the one that was looked at, because a peer or a stranger has taken that away in the meantime, may be moved aside by mistake if it is
//     put back. A lease that a peer has not refreshed for its duration may be evicted, and
//     moved aside by mistake if it is refreshed then. While it is aside it excludes nobody.
//   - A peer that gets in by a file that nothing leads to any more has no hold that counts.
//
// Whoever breaks a lock by force may take away the very file that it has looked at. The hold is broken then, and excludes nobody any more.
//
// Two peers that are inside at once are no finding either. All else is as without peers: nobody may get in, peer or not, while a hold of Holdfast lasts whose file is in its place, and Holdfast may not get in while a
// peer's does.

// malformedGrace is how long what is no record has been in the way before Holdfast evicts it.
const malformedGrace = 10 * time.Second

// mark is a file that somebody has put at a path.
type mark struct {
	file    uint64
	path    int32
	process int32
	seq     int // of the event in which it was put there last
	at      time.Duration
	beat    time.Duration // when it was refreshed last
	lapsed  bool          // it was refreshed too late for once
	gone    int           // event in which it was taken away last
	dead    bool          // the process has died since
	fate    fate
}

// fate is what became of a mark.
type fate uint8

const (
	inPlace   fate = iota
	removed        // by who had put it there
	robbed         // by somebody who may, or cannot be helped
	displaced      // by Holdfast, by mistake
	returned       // put back since: its holder may have looked for it meanwhile, and left it
	evicted        // by Holdfast
	broken         // by force, by somebody who had looked at it
)

func (f *facts) peer(process int32) bool { return f.Peers != nil && f.Peers[process-1] }

// markOf returns the mark of a file, nil if nobody has put it there.
func (f *facts) markOf(path int32, file uint64) *mark {
	for i := len(f.marks) - 1; i >= 0; i-- {
		if m := &f.marks[i]; m.file == file && m.path == path {
			return m
		}
	}
	return nil
}

// peersMark reports whether a file was put at a path by a peer.
func (f *facts) peersMark(path int32, file uint64) bool {
	m := f.markOf(path, file)
	return m != nil && m.process != 0 && f.peer(m.process)
}

// lastMark returns the number of the mark that a process has put at a path last, 0 if it has put none there.
func (f *facts) lastMark(path, process int32) int32 {
	for i := len(f.marks) - 1; i >= 0; i-- {
		if m := &f.marks[i]; m.process == process && m.path == path {
			return int32(i + 1)
		}
	}
	return 0
}

// published takes note that there is another file at a path.
func (f *facts) published(e *Event) {
	p := &f.paths[e.Path-1]
	p.occupant = e.File
	if m := f.markOf(e.Path, e.File); m != nil {
		m.seq, m.at = f.seq, f.now
		switch m.fate {
		case displaced:
			m.fate = returned
		case broken:
			m.fate = returned
			f.mend(e)
		}
		return
	}
	f.marks = append(f.marks, mark{file: e.File, path: e.Path, process: e.Process, seq: f.seq, at: f.now})
}

// taken takes note that a file was taken away from a path.
func (f *facts) taken(e *Event) {
	p := &f.paths[e.Path-1]
	if f.blocked(e.Path) {
		p.changed = f.now
	}
	p.occupant = 0
	if f.peer(e.Process) {
		p.robbedAt = f.seq
	}
	f.takes(e)
	m := f.markOf(e.Path, e.File)
	f.taking = 0
	if m != nil {
		m.fate, m.gone = f.fateBy(e, m), f.seq
		f.taking = f.factOf(e, m)
	}
	for _, n := range p.live {
		g := &f.grants[n-1]
		switch {
		case m != nil && p.soft && g.mark != 0 && &f.marks[g.mark-1] == m:
			f.loses(e, g, m.fate)
		case !p.soft && g.file == e.File && (f.peer(e.Process) || f.mistaken(e, m)):
			f.loses(e, g, robbed)
		}
	}
}

// fateBy says what it is that a process does to a mark by taking it away.
func (f *facts) fateBy(e *Event, m *mark) fate {
	switch {
	case f.breaks(e):
		return broken
	case m.process == e.Process && !(f.breaking(e) && f.mistaken(e, m)):
		return removed
	case f.peer(e.Process), m.process == 0:
		return robbed
	case f.mistaken(e, m), m.lapsed:
		return displaced
	case e.Client == 0, f.client(e.Client).pending == 0:
		return evicted
	}
	c := f.client(e.Client)
	whole, empty := f.Whole(m.file)
	switch {
	case f.Locks[c.lock-1].Lifetime > 0:
		return robbed
	case f.peer(m.process) && !whole && f.now-m.at >= malformedGrace && (!empty || f.overdue(m)):
		return robbed
	case f.peer(m.process) && whole && f.overdue(m):
		return robbed // it has agreed to that
	}
	return evicted
}

// refreshed takes note that whoever has put a file at a path has refreshed it.
func (f *facts) refreshed(e *Event) {
	if n := f.lastMark(e.Path, e.Process); n > 0 {
		m := &f.marks[n-1]
		m.lapsed = m.lapsed || f.peer(e.Process) && f.overdue(m)
		m.beat = f.now
	}
}

// overdue reports whether a mark was not refreshed for as long as those who share the path agree to wait.
func (f *facts) overdue(m *mark) bool {
	lease := f.paths[m.path-1].lease
	return lease > 0 && f.now-max(m.at, m.beat) >= lease
}

// mistaken reports whether a process takes away what came in the place of what it had looked at, because somebody who knows nothing of Holdfast has taken that away.
func (f *facts) mistaken(e *Event, m *mark) bool {
	if m == nil || f.Peers == nil && !f.robbed(m.path) {
		return false
	}
	if e.Client == 0 {
		looked := f.process(e.Process).looked
		return looked > 0 && m.seq > looked
	}
	c := f.client(e.Client)
	return c.pending != 0 && m.seq > c.looked
}

// factOf says what of P20 it is to have taken a mark away.
func (f *facts) factOf(e *Event, m *mark) Facts {
	switch {
	case m.fate == displaced:
		return MovedByMistake
	case m.fate == removed || !f.peer(m.process) && !f.peer(e.Process):
		return 0
	case f.peer(e.Process):
		return PeerEvicted
	}
	return EvictedPeer
}

// loses takes note of what a fate of its mark is for a hold. One that is just being released is told as well.
func (f *facts) loses(e *Event, g *grant, by fate) {
	lasts := f.claims(g)
	if by == removed && f.peer(e.Process) && lasts { // by another of its tasks
		by = robbed
	}
	if by == robbed || by == displaced {
		f.excuse(g)
		if lasts && f.peer(e.Process) {
			f.taking |= PeerRobbed
		}
	}
	switch by {
	case robbed:
		g.void = true
	case displaced:
		g.shaken = true
	case broken:
		f.broken(g)
	case evicted:
		if !lasts {
			return
		}
		f.violate("P8", "%s took the file of %s away from %s, which has held that since %v", f.ProcessName(e.Process), f.ClientName(g.client), f.PathName(g.path), g.acquired)
	}
}

// excuse takes note that what clients see of a path is not what they would see of a lock, and that this is a peer's doing.
func (f *facts) excuse(g *grant) { f.paths[g.path-1].excused = true }

// identify finds the file by which a grant excludes others, and whether it still does.
func (f *facts) identify(e *Event, g *grant) {
	p := &f.paths[g.path-1]
	switch {
	case p.soft:
		g.mark = f.lastMark(g.path, g.process)
		if g.mark != 0 {
			switch m := &f.marks[g.mark-1]; m.fate {
			case robbed: // Holdfast looks before it says that it has the lock
				g.void = f.peer(g.process) || m.gone > g.looked
			case removed:
				g.void = f.peer(g.process)
			case displaced, returned:
				g.shaken = true
			case broken:
				f.broken(g)
			case evicted:
				if lease := f.lock(e).Lease; lease > 0 && f.now >= later(m.at, lease) { // it was over before the acquisition returned
					g.earliest = min(g.earliest, f.now)
					break
				}
				f.violate("P8", "the file by which %s has acquired %s was taken away before it knew", f.ClientName(g.client), f.PathName(g.path))
			}
		}
	case p.strict: // by its claims
	case f.peer(g.process):
		g.file, g.void = e.File, e.File == 0
	default:
		g.void = p.robbedAt > g.looked
	}
	if g.void || g.shaken {
		f.excuse(g)
	}
}

// aside reports whether the file of a hold is not in its place because of a mistake.
func (f *facts) aside(g *grant) bool {
	return g.mark != 0 && f.marks[g.mark-1].fate == displaced
}

// blocked reports whether what lies at a path is none that Holdfast can judge: what a peer has left there that lives, or has not written its record; what a process has left of which not everybody can tell that it
// is dead; what was put back when its holder may have looked for it; or what a holder has left to somebody else.
func (f *facts) blocked(path int32) bool {
	p := &f.paths[path-1]
	m := f.markOf(path, p.occupant)
	if p.occupant != 0 && p.soft && (p.left == p.occupant || m != nil && m.fate == returned) {
		return true
	}
	if f.Peers == nil {
		return false
	}
	for i := range f.processes {
		if f.processes[i].leaks {
			return true
		}
	}
	if p.occupant == 0 || m == nil || !p.soft {
		return false
	}
	switch {
	case m.dead && f.Apart:
		return true
	case !f.peer(m.process):
		return false
	}
	whole, _ := f.Whole(m.file)
	return !whole || !m.dead
}
