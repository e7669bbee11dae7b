package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/holdfast-lock/holdfast/cmd/holdfast/internal/kind"
	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/lock"
)

func newStatus(kinds kind.Table) *cobra.Command {
	var name, jsonFile string
	cmd := &cobra.Command{
		Use:   "status [flags] LOCKFILE",
		Short: "Say whether a lock is held, by whom, and who waits",
		Long: `Says whether somebody holds the lock on LOCKFILE, without disturbing it: it takes no lock and creates nothing. What it says can be out of date as soon as it is said.

The exit code is 0 if the lock is free, or LOCKFILE does not exist, and 1 if the lock is held. It is 76 if that is not known: where the system does not list its file
locks (only Linux does), and in a container for a lock that nobody inside holds. Processes on other machines, and waiters that poll, are not seen.`,
		Example: `  holdfast status /var/lock/backup.lock
  holdfast status --json - work.lock`,
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := oneLockFile(args)
			if err != nil {
				return err
			}
			l, err := openLock(kinds, name, path)
			if err != nil {
				return err
			}
			defer l.Close()
			st, err := l.Status()
			if err != nil {
				return lockExit(err)
			}
			return report(cmd, st, jsonFile)
		},
	}
	cmd.Flags().SortFlags = false
	addKind(cmd, kinds, &name)
	cmd.Flags().StringVar(&jsonFile, "json", "", "also write the answer as JSON to this file, - for standard output instead of the text")
	return cmd
}

// report tells what was seen, and ends the program accordingly.
func report(cmd *cobra.Command, st lock.Status, jsonFile string) error {
	if jsonFile != "-" {
		fmt.Fprintln(cmd.OutOrStdout(), describe(st))
	}
	if jsonFile != "" {
		out, err := openJSON(cmd, jsonFile)
		if err != nil {
			return err
		}
		if err := writeStatus(out, st); err != nil {
			return &exit{exitFailed, fmt.Errorf("--json: %w", err)}
		}
	}
	switch st.State {
	case lock.StateFree:
		return nil
	case lock.StateHeld:
		return &exit{exitFailed, nil}
	}
	return &exit{exitProtocol, fmt.Errorf("inspect %s: this system does not list its file locks, or not those of processes outside this container: "+
		"look from where all of them are seen, or try the lock with 'holdfast run --no-wait'", st.Path)}
}

// describe puts a status in one line.
func describe(st lock.Status) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %v", st.Path, st.State)
	if len(st.Holders) > 0 {
		b.WriteString(" by " + owners(st.Holders))
	}
	switch n := len(st.Waiters); {
	case n == 1:
		b.WriteString("; 1 waits: " + owners(st.Waiters))
	case n > 1:
		fmt.Fprintf(&b, "; %d wait: %s", n, owners(st.Waiters))
	}
	if st.Token != 0 {
		fmt.Fprintf(&b, "; last fencing number %d", st.Token)
	}
	return b.String()
}

func owners(list []fs.LockOwner) string {
	var names []string
	for _, o := range list {
		name := "a process that cannot be seen from here"
		if o.PID != 0 {
			name = fmt.Sprintf("pid %d", o.PID)
		}
		if o.Command != "" {
			name += " (" + o.Command + ")"
		}
		names = append(names, name+" "+o.Mode.String())
	}
	return strings.Join(names, ", ")
}

// statusJSON is what --json writes.
type statusJSON struct {
	Path    string      `json:"path"`
	State   string      `json:"state"` // free, held, unknown
	Holders []ownerJSON `json:"holders"`
	Waiters []ownerJSON `json:"waiters"`
	Token   uint64      `json:"token,omitempty"` // the last fencing number
}

type ownerJSON struct {
	PID     int    `json:"pid"` // 0 if it cannot be seen from here
	Command string `json:"command,omitempty"`
	Mode    string `json:"mode"` // exclusive, shared
}

func writeStatus(out io.WriteCloser, st lock.Status) error {
	doc := statusJSON{Path: st.Path, State: st.State.String(), Holders: ownersJSON(st.Holders), Waiters: ownersJSON(st.Waiters), Token: st.Token}
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	if err := enc.Encode(doc); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

func ownersJSON(list []fs.LockOwner) []ownerJSON {
	rows := make([]ownerJSON, len(list))
	for i, o := range list {
		rows[i] = ownerJSON{o.PID, o.Command, o.Mode.String()}
	}
	return rows
}
