package main

import (
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/lock"
)

// statusJSON is what --json writes of a lock.
type statusJSON struct {
	Path       string      `json:"path"`
	State      string      `json:"state"` // free, held, unknown
	Holders    []ownerJSON `json:"holders"`
	Waiters    []ownerJSON `json:"waiters"`
	Token      uint64      `json:"token,omitempty"` // the last fencing number
	TokenError string      `json:"token_error,omitempty"`
	Record     *recordJSON `json:"record,omitempty"` // of a soft lock or lease, or the claim of who holds a strict lock
	Claims     []claimJSON `json:"claims,omitempty"` // to a strict lock
}

type ownerJSON struct {
	PID     int    `json:"pid"` // 0 if it cannot be seen from here
	Command string `json:"command,omitempty"`
	Mode    string `json:"mode"` // exclusive, shared
}

// claimJSON is a claim to a strict lock.
type claimJSON struct {
	Name  string `json:"name"`
	State string `json:"state,omitempty"` // intent, held
	recordJSON
}

// recordJSON is what lies at the path of a soft lock, or a claim.
type recordJSON struct {
	Kind     string    `json:"kind"` // soft, lease, exclusive, claim, strict, unknown, empty, malformed
	PID      int       `json:"pid,omitempty"`
	Command  string    `json:"command,omitempty"`
	Host     string    `json:"host,omitempty"`
	Start    string    `json:"start,omitempty"`
	Token    string    `json:"token,omitempty"` // of a lease
	Since    time.Time `json:"since"`
	Holder   string    `json:"holder,omitempty"` // alive, dead, unknown
	Evidence string    `json:"evidence,omitempty"`
	Own      bool      `json:"own,omitempty"`
	Duration float64   `json:"duration,omitempty"` // of a lease, in seconds
	Reason   string    `json:"reason,omitempty"`   // why it is malformed
}

func statusDoc(st lock.Status) statusJSON {
	doc := statusJSON{Path: st.Path, State: st.State.String(), Holders: ownersJSON(st.Holders), Waiters: ownersJSON(st.Waiters), Token: st.Token}
	if st.TokenErr != nil {
		doc.TokenError = oneLine(st.TokenErr)
	}
	if st.Record != nil {
		r := recordDoc(st.Record)
		doc.Record = &r
	}
	for _, c := range st.Claims {
		doc.Claims = append(doc.Claims, claimJSON{c.Name, c.State, recordDoc(&c.Record)})
	}
	return doc
}

func recordDoc(r *lock.Record) recordJSON {
	doc := recordJSON{Kind: r.Kind, PID: r.PID, Command: r.Command, Host: r.Host, Start: r.Start, Token: r.Token, Since: r.Since.UTC(), Evidence: r.Evidence,
		Own: r.Own, Duration: r.Duration.Seconds(), Reason: r.Reason}
	if r.PID != 0 {
		doc.Holder = r.Holder.String()
	}
	return doc
}

func ownersJSON(list []fs.LockOwner) []ownerJSON {
	rows := make([]ownerJSON, len(list))
	for i, o := range list {
		rows[i] = ownerJSON{o.PID, o.Command, o.Mode.String()}
	}
	return rows
}
