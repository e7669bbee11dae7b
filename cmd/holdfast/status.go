package main

import (
	"fmt"
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

Without --kind, a file that contains the record of a holder is taken for what that says: a soft lock, say. Any other file is that of a native lock. Of a soft lock or lease it also says whether its holder is alive, and
why that is known, or not.

The exit code is 0 if the lock is free, or LOCKFILE does not exist, and 1 if the lock is held. It is 76 if that is not known: of native locks, where the system does not list its file
locks (only Linux does), and in a container for a lock that nobody inside holds. Processes on other machines, and waiters that poll, are not seen.`,
		Example: `  holdfast status /var/lock/backup.lock
  holdfast status --json - work.lock`,
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := oneLockFile(args)
			if err != nil {
				return err
			}
			st, err := statusOf(kinds, name, cmd.Flags().Changed("kind"), path)
			if err != nil {
				return err
			}
			return report(cmd, st, jsonFile)
		},
	}
	cmd.Flags().SortFlags = false
	addKind(cmd, kinds, &name)
	cmd.Flags().StringVar(&jsonFile, "json", "", "also write the answer as JSON to this file, - for standard output instead of the text")
	return cmd
}

// statusOf looks at a lock of the given kind, or else of the one that the file is of.
func statusOf(kinds kind.Table, name string, given bool, path string) (lock.Status, error) {
	if !given {
		if l, st, err := recordOf(path); err == nil {
			l.Close()
			if st.Claims != nil || recorded(st.Record) {
				return st, nil
			}
		}
	}
	l, err := openLock(kinds, name, path)
	if err != nil {
		return lock.Status{}, err
	}
	defer l.Close()
	st, err := l.Status()
	if err != nil {
		return lock.Status{}, lockExit(err)
	}
	return st, nil
}

// recordOf looks at a file as at the marker of a soft lock or, if that says so, at that of a strict one. The caller closes the lock.
func recordOf(path string) (*lock.Lock, lock.Status, error) {
	l, st, err := lookThrough(lock.NewSoft, path)
	if err == nil && st.Record != nil && st.Record.Kind == "strict" {
		l.Close()
		l, st, err = lookThrough(lock.NewStrict, path)
		if st.Claims == nil {
			st.Claims = []lock.Claim{} // that it is strict is known, and that nobody claims it
		}
	}
	if r := st.Record; r != nil && r.Command == "" && r.Holder == fs.Alive {
		r.Command = commandOf(r.PID)
	}
	return l, st, err
}

func lookThrough(open func(string, ...lock.Option) (*lock.Lock, error), path string) (*lock.Lock, lock.Status, error) {
	l, err := open(path)
	if err != nil {
		return nil, lock.Status{}, err
	}
	st, err := l.Status()
	if err != nil {
		l.Close()
	}
	return l, st, err
}

// recorded reports whether a file that has a record can be nothing else than the file of a lock that has one.
func recorded(r *lock.Record) bool { return r != nil && r.Kind != "empty" && r.Kind != "malformed" }

// report tells what was seen, and ends the program accordingly.
func report(cmd *cobra.Command, st lock.Status, jsonFile string) error {
	if jsonFile != "-" {
		fmt.Fprintln(cmd.OutOrStdout(), describe(st))
	}
	out, err := openReport(cmd, jsonFile)
	if err != nil {
		return err
	}
	if err := out.write(statusDoc(st)); err != nil {
		return err
	}
	switch {
	case st.State == lock.StateFree:
		return nil
	case st.State == lock.StateHeld:
		return &exit{exitFailed, nil}
	}
	return &exit{exitProtocol, fmt.Errorf("inspect %s: this system does not list its file locks, or not those of processes outside this container: "+
		"look from where all of them are seen, or try the lock with 'holdfast run --no-wait'", st.Path)}
}

// describe puts a status in one line.
func describe(st lock.Status) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %v", printable(st.Path), st.State)
	switch r := st.Record; {
	case r != nil:
		fmt.Fprintf(&b, " by %v", r)
		if r.PID != 0 {
			b.WriteString("; alive: " + aliveOf(r))
		}
	case len(st.Holders) > 0:
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
	if st.TokenErr != nil {
		b.WriteString("; the last fencing number is not known: " + oneLine(st.TokenErr))
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
			name += " (" + printable(o.Command) + ")"
		}
		names = append(names, name+" "+o.Mode.String())
	}
	return strings.Join(names, ", ")
}
