package lock

import (
	"errors"
	iofs "io/fs"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/lock/internal/fence"
	"github.com/holdfast-lock/holdfast/lock/internal/marker"
	"github.com/holdfast-lock/holdfast/lock/internal/sidecar"
)

// Status is what can be seen of a lock from outside. It may be out of date as soon as it is known.
type Status struct {
	Path    string
	State   State
	Holders []fs.LockOwner
	Waiters []fs.LockOwner // those that wait in the kernel, one per process; who polls is not seen
	Token   uint64         // the last fencing number, 0 if there is none or it is not known
	Record  *Record        // what the holder of a soft lock wrote about itself; nil if there is none
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

// Record is what lies at the path of a soft lock.
type Record struct {
	// Kind is "soft", "lease", "exclusive" or "strict" for the record of such a lock, "unknown" for that of a later version, "empty" for a file without content, which versions of Python's filelock up to
	// 3.21 make, and "malformed".
	Kind  string
	PID   int    // 0 if unknown
	Host  string // as gethostname gave it to the holder; "" if unknown
	Start string // tells the process from others of that number; "" if unknown
	// Since is when the record was written or, of a lease, refreshed last, by the clock of the filesystem.
	Since    time.Time
	Holder   fs.Liveness   // of the process, as far as can be said from here
	Duration time.Duration // of a lease
	Reason   string        // why it is malformed
}

// inspectMarker reads the marker at path.
func inspectMarker(host fs.Host, path string) (Status, error) {
	st := Status{Path: path, State: StateFree}
	st.Token, st.TokenErr = fence.Last(host, path)
	f, err := sidecar.Read(host, path)
	if f == nil || err != nil {
		return st, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return Status{}, err
	}
	content, err := readMarker(f)
	if err != nil {
		return Status{}, err
	}
	r := marker.Parse(content)
	rec := &Record{Kind: r.Kind.String(), PID: r.PID, Host: r.Host, Start: string(r.Start), Since: info.Mtime, Reason: r.Reason,
		Duration: time.Duration(r.Duration * float64(time.Second))}
	if r.PID != 0 {
		rec.Holder = host.Liveness(r.Identity(host.Self()))
	}
	st.Record = rec
	if r.Kind != marker.Strict {
		st.State = StateHeld
		if rec.Holder == fs.Alive {
			st.Holders = []fs.LockOwner{{PID: r.PID, Mode: fs.LockExclusive}}
		}
	}
	if table, err := host.LockTable(path, info.ID); err == nil {
		for _, o := range table.Owners {
			switch {
			case o.Waiting:
				st.Waiters = append(st.Waiters, o)
			case len(st.Holders) > 0 && o.PID == st.Holders[0].PID:
				st.Holders[0].Command = o.Command
			}
		}
	}
	return st, nil
}
