package disk

// save makes one operation durable.
func (d *Disk) save(o *op) {
	o.apply(d, 0)
	switch o.kind {
	case addition:
		o.inode.savedLinks++
		o.inode.adds--
	case removal:
		o.inode.savedLinks--
	case movement:
		o.inode.adds--
		if o.replaced != nil {
			o.replaced.savedLinks--
		}
	}
	o.done, o.kept, o.deps = true, false, nil
}

// in returns what the medium has of an inode: for real, or in the trial of that number. It is nil if it has none of it.
func (i *Inode) in(trial uint64) *state {
	if trial == 0 {
		return i.saved
	}
	if i.trialOf != trial {
		i.trialOf, i.trial = trial, nil
		if i.saved != nil {
			i.trial = i.saved.clone()
		}
	}
	return i.trial
}

// apply does the operation on the medium.
func (o *op) apply(d *Disk, trial uint64) {
	switch o.kind {
	case allocation:
		i := o.inode
		s := &state{mode: o.mode, uid: i.uid, size: o.size, mtime: o.mtime, target: i.target}
		if trial == 0 {
			i.saved = s
		} else {
			i.trialOf, i.trial = trial, s
		}
	case content:
		o.inode.in(trial).put(o.block*int64(d.options.Block), o.data)
	case described:
		s := o.inode.in(trial)
		s.mode, s.size = o.mode, o.size
		s.modify(o, o.mtime)
		if o.cut {
			s.trim()
		}
	case addition:
		s := o.dir.in(trial)
		s.set(o.name, o.inode)
		s.modify(o, o.now)
	case removal:
		s := o.dir.in(trial)
		s.unset(o.name)
		s.modify(o, o.now)
	case movement:
		from, to := o.dir.in(trial), o.dir2.in(trial)
		from.unset(o.name)
		to.set(o.name2, o.inode)
		from.modify(o, o.now)
		to.modify(o, o.now)
	}
}

// modify sets the time of modification, unless a later operation has set it: those on different names become durable in any order.
func (s *state) modify(o *op, mtime int64) {
	if o.order > s.modified {
		s.modified, s.mtime = o.order, mtime
	}
}
