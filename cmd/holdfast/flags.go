package main

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/holdfast-lock/holdfast/cmd/holdfast/internal/kind"
	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/lock"
)

// lockFlags are the flags of the commands that take a lock.
type lockFlags struct {
	kinds     kind.Table
	kind      string
	timeout   time.Duration
	noWait    bool
	conflict  int // exit code if the lock could not be had in time
	poll      time.Duration
	lifetime  time.Duration
	lease     time.Duration
	heartbeat time.Duration
	mode      string // octal
	fencing   bool
	json      string
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
	fl.VarP((*durationValue)(&f.timeout), "timeout", "w", "give up after this time (default: wait without end)")
	fl.BoolVarP(&f.noWait, "no-wait", "n", false, "make one attempt only")
	fl.IntVarP(&f.conflict, "conflict-exit-code", "E", exitTimeout, "exit code if the lock could not be had in time; with 0 nothing is said either")
	fl.Var((*durationValue)(&f.poll), "poll", "longest pause between two attempts where the kernel cannot be waited in")
	fl.Var((*durationValue)(&f.lifetime), "lifetime", "let the hold expire after this time (default: never)")
	fl.Var((*durationValue)(&f.lease), "lease", "with --kind lease: how long the hold lasts from one heartbeat to the next (default: "+lock.DefaultLeaseDuration.String()+")")
	fl.Var((*durationValue)(&f.heartbeat), "heartbeat", "with --kind lease: time between heartbeats (default: a third of --lease)")
	fl.Var((*modeValue)(&f.mode), "mode", "permission bits of the lock file, octal (default: 666 less the umask)")
	fl.BoolVar(&f.fencing, "fencing", false, "number the holds, in a file beside the lock file")
}

// check refuses values that the lock would refuse in words of its own, and flags that contradict each other.
func (f *lockFlags) check(cmd *cobra.Command) error {
	changed := cmd.Flags().Changed
	switch {
	case f.noWait && changed("timeout"):
		return errors.New("give either --no-wait or --timeout")
	case f.conflict < 0 || f.conflict > 255:
		return fmt.Errorf("--conflict-exit-code must be from 0 to 255, not %d", f.conflict)
	case f.poll <= 0:
		return errors.New("--poll must be positive")
	case changed("lifetime") && f.lifetime <= 0:
		return errors.New("--lifetime must be positive: leave it out for holds that do not expire")
	case (changed("lease") || changed("heartbeat")) && f.kind != "lease":
		return errors.New("--lease and --heartbeat go with --kind lease")
	case changed("lifetime") && f.kind == "lease":
		return errors.New("a lease has no --lifetime: give --lease, how long it lasts from one heartbeat to the next")
	case changed("lease") && f.lease <= 0 || changed("heartbeat") && f.heartbeat <= 0:
		return errors.New("--lease and --heartbeat must be positive")
	}
	return nil
}

// late is the end of the program if the lock could not be had in time.
func (f *lockFlags) late(err error) error {
	advice := "wait longer with --timeout"
	switch {
	case f.conflict == 0:
		return &exit{0, nil}
	case f.noWait:
		advice = "leave out --no-wait to wait"
	}
	return &exit{f.conflict, fmt.Errorf("%w: try again later, or %s", err, advice)}
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
	if f.lifetime != 0 {
		opts = append(opts, lock.Lifetime(f.lifetime))
	}
	if f.lease != 0 {
		opts = append(opts, lock.LeaseDuration(f.lease))
	}
	if f.heartbeat != 0 {
		opts = append(opts, lock.Heartbeat(f.heartbeat))
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

// howToWrite says what values flags take whose own errors name functions of Go, by the type of the flag.
var howToWrite = map[string]string{
	"bool": "write true or false", "int": "write a whole number", "uint64": "write a whole number, not negative", "intSlice": "write whole numbers with commas between them",
	"duration": writeTime,
}

// flagError says in words for people why the command line cannot be read.
func flagError(_ *cobra.Command, err error) error {
	e, ok := errors.AsType[*pflag.InvalidValueError](err)
	if !ok {
		return err
	}
	how, ok := howToWrite[e.GetFlag().Value.Type()]
	if _, ours := e.GetFlag().Value.(*durationValue); ours || !ok {
		return err
	}
	return fmt.Errorf("invalid argument %q for --%s: %s", e.GetValue(), e.GetFlag().Name, how)
}

const writeTime = "write a time with its unit, such as 500ms, 10s or 2h"

// durationValue is a flag that takes a time, and says how to write one.
type durationValue time.Duration

func (v *durationValue) Set(s string) error {
	d, err := time.ParseDuration(s)
	switch {
	case err != nil:
		return errors.New(writeTime)
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
