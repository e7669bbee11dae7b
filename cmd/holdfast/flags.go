package main

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/holdfast-lock/holdfast/cmd/holdfast/internal/kind"
	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/lock"
)

// lockFlags are the flags of the commands that take a lock.
type lockFlags struct {
	kinds    kind.Table
	kind     string
	timeout  time.Duration
	noWait   bool
	poll     time.Duration
	lifetime time.Duration
	mode     string // octal
	fencing  bool
	json     string
}

func addKind(cmd *cobra.Command, kinds kind.Table, name *string) {
	cmd.Flags().StringVar(name, "kind", kinds[0].Name, "kind of lock")
	cmd.RegisterFlagCompletionFunc("kind", cobra.FixedCompletions(kinds.Names(), cobra.ShellCompDirectiveNoFileComp))
}

func (f *lockFlags) add(cmd *cobra.Command, kinds kind.Table) {
	f.kinds = kinds
	f.poll = lock.DefaultPollInterval
	fl := cmd.Flags()
	fl.SortFlags = false
	addKind(cmd, kinds, &f.kind)
	fl.Var((*durationValue)(&f.timeout), "timeout", "give up after this time, exit code 75 (default: wait without end)")
	fl.BoolVar(&f.noWait, "no-wait", false, "make one attempt only, whatever --timeout says")
	fl.Var((*durationValue)(&f.poll), "poll", "longest pause between two attempts where the kernel cannot be waited in")
	fl.Var((*durationValue)(&f.lifetime), "lifetime", "let the hold expire after this time (default: never)")
	fl.Var((*modeValue)(&f.mode), "mode", "permission bits of the lock file, octal (default: 666 less the umask)")
	fl.BoolVar(&f.fencing, "fencing", false, "number the holds, in a file beside the lock file")
}

// open makes the lock that the flags describe.
func (f *lockFlags) open(cmd *cobra.Command, path string, more ...lock.Option) (kind.Lock, error) {
	opts := append([]lock.Option{lock.PollInterval(f.poll)}, more...)
	changed := cmd.Flags().Changed
	if changed("timeout") {
		opts = append(opts, lock.Timeout(f.timeout))
	}
	if f.noWait {
		opts = append(opts, lock.NoWait())
	}
	if changed("lifetime") {
		opts = append(opts, lock.Lifetime(f.lifetime))
	}
	if changed("mode") {
		perm, err := parseMode(f.mode)
		if err != nil {
			return nil, fmt.Errorf("--mode %s: %w", f.mode, err)
		}
		opts = append(opts, lock.Mode(perm))
	}
	if f.fencing {
		opts = append(opts, lock.Fencing())
	}
	return openLock(f.kinds, f.kind, path, opts...)
}

func openLock(kinds kind.Table, name, path string, opts ...lock.Option) (kind.Lock, error) {
	k, err := kinds.Find(name)
	if err != nil {
		return nil, err
	}
	if path == "" {
		return nil, errors.New("LOCKFILE is empty: name the file to lock")
	}
	l, err := k.Open(path, opts...)
	if err != nil {
		return nil, lockExit(err)
	}
	return l, nil
}

// endless reports whether the wait that the flags ask for has no bound.
func (f *lockFlags) endless(cmd *cobra.Command) bool {
	return !f.noWait && !cmd.Flags().Changed("timeout")
}

// durationValue is a flag that takes a time, and says how to write one.
type durationValue time.Duration

func (v *durationValue) Set(s string) error {
	d, err := time.ParseDuration(s)
	switch {
	case err != nil:
		return errors.New("write a time with its unit, such as 500ms, 10s or 2h")
	case d < 0:
		return errors.New("a time must not be negative")
	}
	*v = durationValue(d)
	return nil
}

// String is empty for no time, so that the help states no default.
func (v *durationValue) String() string {
	if *v == 0 {
		return ""
	}
	return time.Duration(*v).String()
}

func (v *durationValue) Type() string { return "duration" }

// modeValue is a flag that takes permission bits.
type modeValue string

func (v *modeValue) Set(s string) error {
	_, err := parseMode(s)
	*v = modeValue(s)
	return err
}

func (v *modeValue) String() string { return string(*v) }
func (v *modeValue) Type() string   { return "bits" }

func parseMode(s string) (fs.FileMode, error) {
	bits, err := strconv.ParseUint(s, 8, 32)
	if err != nil || bits > 0o777 || bits&0o200 == 0 {
		return 0, errors.New("write permission bits in octal, the owner's write bit among them, such as 660")
	}
	return fs.FileMode(bits), nil
}
