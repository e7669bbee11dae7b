package lock

import (
	"errors"
	iofs "io/fs"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/lock/internal/fence"
)

// Status is what can be seen of a lock from outside. It may be out of date as soon as it is known.
type Status struct {
	Path    string
	State   State
	Holders []fs.LockOwner
	Waiters []fs.LockOwner // those that wait in the kernel, one per process; who polls is not seen
	Token   uint64         // the last fencing number, 0 if there is none or it is not known
	Record  *Record        // what the holder of a soft lock wrote about itself; nil if there is none
	Claims  []Claim        // to a strict lock, see [Lock.Claims]
	// TokenErr says why the number is not known: something else lies in the place of its file, or the file is damaged or, on Windows, just being
	// used, which is [fs.ErrBusy].
	TokenErr error
}

// State says whether a lock is held.
type State uint8

// The states of a lock.
const (
	// StateUnknown: the host cannot see who holds the lock, or not everybody who might.
	StateUnknown State = iota
	// StateFree: nobody on this machine holds the lock.
	StateFree
	// StateHeld: somebody does.
	StateHeld
)

// String returns "unknown", "free" or "held".
func (s State) String() string { return [...]string{"unknown", "free", "held"}[s] }

// inspectFile asks the host's lock table about the file at path.
func inspectFile(host fs.Host, path string) (Status, error) {
	info, err := host.Lstat(path)
	switch {
	case errors.Is(err, iofs.ErrNotExist):
		st := Status{Path: path, State: StateFree}
		st.Token, st.TokenErr = fence.Last(host, path) // it is counted on from there
		return st, nil
	case err != nil:
		return Status{}, err
	case info.Mode.Type() == iofs.ModeSymlink:
		return Status{}, &iofs.PathError{Op: "lstat", Path: path, Err: fs.ErrSymlink}
	case !info.Mode.IsRegular():
		return Status{}, &iofs.PathError{Op: "lstat", Path: path, Err: fs.ErrNotRegular}
	}
	st, err := inspectID(host, path, info.ID)
	if err == nil {
		st.Token, st.TokenErr = fence.Last(host, path)
	}
	return st, err
}

// inspectID asks about the file id, which lies on the volume that path leads to.
func inspectID(host fs.Host, path string, id fs.FileID) (Status, error) {
	st := Status{Path: path}
	table, err := host.LockTable(path, id)
	if errors.Is(err, fs.ErrUnsupported) {
		return st, nil
	}
	if err != nil {
		return Status{}, err
	}
	for _, o := range table.Owners {
		if o.Waiting {
			st.Waiters = append(st.Waiters, o)
		} else {
			st.Holders = append(st.Holders, o)
		}
	}
	switch {
	case len(st.Holders) > 0:
		st.State = StateHeld
	case table.Complete:
		st.State = StateFree
	}
	return st, nil
}

// PID returns the number of the process that holds the lock: what its marker says or, of a lock without one, the kernel. It is 0 if nobody holds the lock, or that is not known. [Lock.Status] says
// more: the number means nothing on another machine.
func (l *Lock) PID() int {
	st, err := l.site.proto.inspect()
	switch {
	case err != nil:
		return 0
	case st.Record != nil && st.Record.PID != 0:
		return st.Record.PID
	case len(st.Holders) > 0:
		return st.Holders[0].PID
	}
	return 0
}

// HeldByThisProcess reports whether the marker of the lock is this process's: it names its number, its machine, and its start where that can be known. [Lock.HeldHere] asks the memory of the
// process, and this the file: it is false for a hold whose marker was taken away, and true for one that the process began before it executed another program. Of a lock without marker it says the same as HeldHere.
func (l *Lock) HeldByThisProcess() bool {
	st, err := l.site.proto.inspect()
	if err == nil && st.Record != nil {
		return st.Record.Own
	}
	return err == nil && st.State != StateFree && l.HeldHere()
}
