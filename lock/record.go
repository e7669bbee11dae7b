package lock

import (
	"fmt"
	"strconv"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/lock/internal/fence"
	"github.com/holdfast-lock/holdfast/lock/internal/marker"
	"github.com/holdfast-lock/holdfast/lock/internal/sidecar"
)

// Record is what lies at the path of a soft lock.
type Record struct {
	// Kind is "claim" for one to a strict lock, see [Claim]; "soft", "lease", "exclusive" or "strict" for the record of such a lock, "unknown" for that of a later version, "empty" for a file without content, which versions of Python's filelock up to
	// 3.21 make, and "malformed".
	Kind    string
	PID     int    // 0 if unknown
	Command string // the process's short name, if known
	Host    string // as gethostname gave it to the holder; "" if unknown
	Start   string // tells the process from others of that number; "" if unknown
	Token   string // names the hold, of a lease; usually ""
	// Since is when the record was written or, of a lease, refreshed last, by the clock of the filesystem.
	Since    time.Time
	Holder   fs.Liveness   // of the process, as far as can be said from here
	Evidence string        // why that is said of it
	Own      bool          // the process is this one: its number, its machine and its start are those in the record
	Duration time.Duration // of a lease
	Reason   string        // why it is malformed

	// What the file was that it was read from.
	id      fs.FileID
	content string // all of it, or the beginning of what is longer than any record
	claim   string // the name, of a claim to a strict lock
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
	rec, err := readRecord(host, f)
	if err != nil {
		return Status{}, err
	}
	st.Record = rec
	if rec.Kind == marker.Strict.String() {
		st.State = StateUnknown // that is not said here
	} else {
		st.State = StateHeld
		if rec.Holder == fs.Alive {
			st.Holders = []fs.LockOwner{{PID: rec.PID, Mode: fs.LockExclusive}}
		}
	}
	if table, err := host.LockTable(path, rec.id); err == nil {
		for _, o := range table.Owners {
			switch {
			case o.Waiting:
				st.Waiters = append(st.Waiters, o)
			case len(st.Holders) > 0 && o.PID == st.Holders[0].PID:
				st.Holders[0].Command, rec.Command = o.Command, o.Command
			}
		}
	}
	return st, nil
}

// readRecord reads the marker f and judges its holder.
func readRecord(host fs.Host, f fs.File) (*Record, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	content, err := readMarker(f)
	if err != nil {
		return nil, err
	}
	r := marker.Parse(content)
	rec := &Record{Kind: r.Kind.String(), PID: r.PID, Host: r.Host, Start: string(r.Start), Token: r.Token, Since: info.Mtime, Reason: r.Reason,
		Duration: time.Duration(r.Duration * float64(time.Second)), id: info.ID, content: string(content)}
	if r.PID != 0 {
		rec.judge(host, r)
	}
	return rec, nil
}

// judge says of the process whether it lives, and why.
func (rec *Record) judge(host fs.Host, r marker.Record) {
	self := host.Self()
	holder := r.Identity(self)
	rec.Holder = host.Liveness(holder)
	rec.Own = r.PID == self.PID && r.Host == self.Host && r.Start == marker.StartOf(self)
	switch rec.Holder {
	case fs.Alive:
		rec.Evidence = "a process of this number runs here, and began when the record says"
		if r.Start == "" || self.Start == 0 {
			rec.Evidence = "a process of this number runs here; whether it is the one that wrote the record cannot be told, since its start is not known"
		}
	case fs.Dead:
		switch {
		case holder.Boot != "" && self.Boot != "" && holder.Boot != self.Boot:
			rec.Evidence = "the machine has been started anew since"
		case r.Start == "":
			rec.Evidence = "no process of this number runs here"
		default:
			rec.Evidence = "no process of this number that began when the record says runs here"
		}
	default:
		switch {
		case r.Host == "":
			rec.Evidence = "the record does not say on which machine it ran"
		case r.Host != self.Host:
			rec.Evidence = "it ran on another machine than this, which is " + strconv.Quote(self.Host)
		default:
			rec.Evidence = "it may be in a container whose processes cannot be seen from here, or in none while this one is"
		}
	}
}

// isStill reports whether the open file is the one that the record was read from, and nothing was written to it, nor was it refreshed, since.
func (rec *Record) isStill(f fs.File) (bool, error) {
	info, err := f.Stat()
	if err != nil || info.ID != rec.id || !info.Mtime.Equal(rec.Since) {
		return false, err
	}
	content, err := readMarker(f)
	return string(content) == rec.content, err
}

// String says who holds the lock and since when, as "pid 4711 (backup) on web-3 since 2026-05-03T12:04:05Z", or what else lies there.
func (rec *Record) String() string {
	since := rec.Since.UTC().Format(time.RFC3339)
	switch {
	case rec.Kind == marker.Strict.String():
		return "a strict lock"
	case rec.claim != "" && rec.Kind != claimKind:
		return fmt.Sprintf("the claim %s, which cannot be understood (%s), made %s", printable(rec.claim), rec.Reason, since)
	case rec.Kind == marker.Malformed.String():
		return fmt.Sprintf("a marker that is no record (%s), written %s", rec.Reason, since)
	case rec.Kind == marker.Empty.String():
		return "an empty marker, made " + since
	case rec.PID == 0:
		return "a holder whose record was cut off, written " + since
	}
	process := describeProcess(rec.PID, rec.Command)
	if rec.Kind == marker.Lease.String() {
		return fmt.Sprintf("%s on %s by a lease of %v, refreshed %s", process, printable(rec.Host), rec.Duration, since)
	}
	return fmt.Sprintf("%s on %s since %s", process, printable(rec.Host), since)
}

// printable quotes a name that would not show as it is: others have written it.
func printable(name string) string {
	if quoted := strconv.Quote(name); name == "" || quoted != `"`+name+`"` {
		return quoted
	}
	return name
}
