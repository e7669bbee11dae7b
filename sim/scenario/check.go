package scenario

// holder returns the number of a hold of a step's lock file, by the client or any task of the process that the step names, 0 if there is none.
func (r *Runner) holder(o *op) int32 {
	path := r.program.setup.Locks[o.lock].Path
	for i := len(r.holds) - 1; i > 0; i-- {
		h := &r.holds[i]
		if !h.live || r.program.setup.Locks[h.lock].Path != path || h.Hold != nil && h.Depth() == 0 {
			continue
		}
		if o.target < 0 || h.client == o.target || r.program.clients[o.target].name == r.program.processes[h.process].Name {
			return int32(i)
		}
	}
	return 0
}

// check looks whether something is as it must be.
func (r *Runner) check(o *op) {
	d := r.disk()
	switch o.Verb {
	case VerbCheckFree:
		if n := r.holder(o); n > 0 {
			r.fail(o.Step, "%s holds it since %v", r.program.clients[r.holds[n].client].name, r.holds[n].since)
		} else if info, err := d.Lstat(rootUser, r.program.paths[r.program.setup.Locks[o.lock].Path-1]); err == nil && len(d.Holders(info.ID)) > 0 {
			r.fail(o.Step, "the file is locked")
		}
	case VerbCheckHeld:
		if r.holder(o) == 0 {
			r.fail(o.Step, "it is not")
		}
	case VerbCheckExists, VerbCheckMissing:
		if _, err := d.Lstat(rootUser, o.Path); (err == nil) != (o.Verb == VerbCheckExists) {
			if err == nil {
				r.fail(o.Step, "it is there")
			} else {
				r.fail(o.Step, "%v", err)
			}
		}
	case VerbCheckContent:
		if got, err := d.ReadFile(rootUser, o.Path); err != nil {
			r.fail(o.Step, "%v", err)
		} else if string(got) != o.Text {
			r.fail(o.Step, "it contains %q", got)
		}
	case VerbCheckMode:
		if info, err := d.Lstat(rootUser, o.Path); err != nil {
			r.fail(o.Step, "%v", err)
		} else if uint32(info.Mode.Perm()) != o.Mode {
			r.fail(o.Step, "it is %s", printMode(uint32(info.Mode.Perm())))
		}
	case VerbCheckLeftovers:
		if names := r.leftovers(o.Path); len(names) != o.Count {
			r.fail(o.Step, "there are %d: %q", len(names), names)
		}
	case VerbCheckSame:
		p := &r.processes[o.process]
		if a, b := p.locks[o.lock], p.locks[o.slot]; a == nil || a != b {
			r.fail(o.Step, "they are not")
		}
	}
	r.tell(o.Step, result{})
}
