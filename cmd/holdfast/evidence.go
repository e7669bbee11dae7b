package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/lock"
)

// evidence says what there is to judge by whether the hold of a soft lock or lease may be ended.
func evidence(st lock.Status, now time.Time) string {
	r := st.Record
	var b strings.Builder
	row := func(name, text string) { fmt.Fprintf(&b, "%-10s%s\n", name, text) }
	row("lock", printable(st.Path))
	row("kind", contractOf(st))
	if r.PID != 0 {
		row("holder", holderOf(r))
		row("alive", aliveOf(r))
	}
	since := map[string]string{"lease": "refreshed", "empty": "made", "malformed": "written"}[r.Kind]
	if since == "" {
		since = "since"
	}
	row(since, r.Since.UTC().Format(time.RFC3339)+", "+ago(now.Sub(r.Since)))
	for _, c := range st.Claims {
		row("claim", printable(c.Name)+", by "+claimantOf(&c))
	}
	if len(st.Waiters) > 0 {
		row("waiting", owners(st.Waiters))
	}
	return b.String()
}

// contractOf says what kind of lock it is, and what ends a hold.
func contractOf(st lock.Status) string {
	r := st.Record
	switch r.Kind {
	case "soft", "exclusive":
		return r.Kind + " lock, until it is released or its process has ended"
	case "lease":
		return fmt.Sprintf("lease, until it is released or has not been refreshed for %v", r.Duration)
	case "empty":
		return "an empty file: the soft lock of filelock up to 3.21, or a native lock that nobody holds"
	case "malformed":
		if st.Claims != nil {
			return "strict lock, with a claim that cannot be understood: " + printable(r.Reason)
		}
		return "a file that is no record: " + printable(r.Reason)
	case "claim":
		return "strict lock, until it is released: that its process has ended is no release"
	}
	return "lock of a mode that this version does not know"
}

// claimantOf says who has made a claim.
func claimantOf(c *lock.Claim) string {
	if c.PID == 0 {
		return "nobody who is known: " + printable(c.Reason)
	}
	return fmt.Sprintf("%s, alive: %s", holderOf(&c.Record), map[fs.Liveness]string{fs.Alive: "yes", fs.Dead: "no", fs.Unknown: "cannot be told"}[c.Holder])
}

func holderOf(r *lock.Record) string {
	text := fmt.Sprintf("pid %d", r.PID)
	if r.Command != "" {
		text += " (" + printable(r.Command) + ")"
	}
	if r.Host == "" {
		return text
	}
	return text + " on " + printable(r.Host)
}

func aliveOf(r *lock.Record) string {
	answer := map[fs.Liveness]string{fs.Alive: "yes", fs.Dead: "no", fs.Unknown: "cannot be told"}[r.Holder]
	return answer + ": " + printable(r.Evidence)
}

// ago says how long ago something was, by a clock that need not be that which was asked then.
func ago(d time.Duration) string {
	switch {
	case d < 0:
		return "which is in the future for this machine's clock"
	case d < time.Minute:
		return d.Round(100*time.Millisecond).String() + " ago"
	}
	return strings.TrimSuffix(d.Round(time.Minute).String(), "0s") + " ago"
}
