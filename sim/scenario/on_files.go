package scenario

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/holdfast-lock/holdfast/fs"
)

// real returns the path of the machine for one of the scenario.
func (r *onRun) real(name string) string {
	if name == "" || !path.IsAbs(name) {
		return name
	}
	return filepath.Join(r.dir, filepath.FromSlash(name))
}

func (r *onRun) prepare() error {
	work := r.real(WorkDir)
	if err := os.Mkdir(work, 0o777); err != nil {
		return err
	}
	if err := os.Chmod(work, 0o777); err != nil {
		return err
	}
	for _, f := range r.program.scenario.Files {
		name := r.real(f.Path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o777), os.WriteFile(name, []byte(f.Data), 0o666)); err != nil {
			return err
		}
	}
	r.processes = make([]*realProcess, len(r.program.processes))
	return nil
}

// holder reports whether the client or process that a step names, or anybody, holds the lock file.
func (r *onRun) holder(o *op) bool {
	now := r.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.holds, func(h realHold) bool {
		return r.program.setup.Locks[h.lock].Path == r.program.setup.Locks[o.lock].Path && now < r.until(h, h.acquired) && (o.target < 0 || h.client == o.target || r.program.clients[o.target].name == r.program.processes[h.process].Name)
	})
}

// disturb does something to the files.
func (r *onRun) disturb(o *op) error {
	name, to := r.real(o.Path), r.real(o.To)
	switch o.Verb {
	case VerbRename:
		return os.Rename(name, to)
	case VerbRemove:
		return os.RemoveAll(name)
	case VerbCreate:
		return errors.Join(os.MkdirAll(filepath.Dir(name), 0o777), os.WriteFile(name, []byte(o.Text), 0o666), os.Chmod(name, 0o666))
	case VerbLink:
		return os.Link(name, to)
	case VerbSymlink:
		return os.Symlink(r.real(o.Text), name)
	case VerbMkdir:
		mode := fs.FileMode(0o777)
		if o.Mode != 0 {
			mode = dirMode(o.Mode)
		}
		return errors.Join(os.MkdirAll(filepath.Dir(name), 0o777), os.Mkdir(name, mode), os.Chmod(name, mode))
	case VerbMkfifo:
		return mkfifo(name)
	}
	return os.Chmod(name, fs.FileMode(o.Mode))
}

// check says what is not as it must be, "" if all is well.
func (r *onRun) check(o *op) string {
	name := r.real(o.Path)
	switch o.Verb {
	case VerbCheckFree:
		owners := slices.DeleteFunc(r.owners(r.program.paths[r.program.setup.Locks[o.lock].Path-1]), func(l fs.LockOwner) bool { return l.Waiting })
		if r.holder(o) || len(owners) > 0 {
			return fmt.Sprintf("it is held, by %v as the kernel has it", owners)
		}
	case VerbCheckHeld:
		if !r.holder(o) {
			return "it is not"
		}
	case VerbCheckExists:
		if _, err := os.Lstat(name); err != nil {
			return err.Error()
		}
	case VerbCheckMissing:
		if _, err := os.Lstat(name); err == nil {
			return "it is there"
		}
	case VerbCheckContent:
		if got, err := os.ReadFile(name); err != nil || string(got) != o.Text {
			return fmt.Sprintf("it contains %q (%v)", got, err)
		}
	case VerbCheckMode:
		if info, err := os.Lstat(name); err != nil {
			return err.Error()
		} else if uint32(info.Mode().Perm()) != o.Mode {
			return "it is " + printMode(uint32(info.Mode().Perm()))
		}
	case VerbCheckLeftovers:
		entries, err := os.ReadDir(name)
		var left []string
		for _, e := range entries {
			if full := path.Join(o.Path, e.Name()); !e.IsDir() && !r.program.isRecord(full) && !slices.Contains(r.program.named, full) {
				left = append(left, e.Name())
			}
		}
		if err != nil || len(left) != o.Count {
			return fmt.Sprintf("there are %d: %q (%v)", len(left), left, err)
		}
	case VerbCheckSame:
		p := r.processes[o.process]
		s := *o.Step
		select {
		case a := <-r.ask(o.process, o.Who, o, s):
			return a.Text
		case <-p.dead:
			return o.Who + " is dead"
		case <-r.ctx.Done():
		}
	}
	return ""
}
