package main

import (
	"errors"
	"fmt"
	iofs "io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/holdfast-lock/holdfast/lock"
)

type breakFlags struct {
	yes    bool
	claims []string
	json   string
}

func newBreak() *cobra.Command {
	var f breakFlags
	cmd := &cobra.Command{
		Use:   "break [flags] LOCKFILE",
		Short: "End by force the hold of a soft lock, strict lock or lease",
		Long: `Shows who holds the soft lock, strict lock or lease on LOCKFILE, since when, and whether the holder is alive as far as that can be told, asks, and removes the marker, or the holder's claims to a strict lock. For scripts,
--yes is the answer.

Holders that are proven dead need nobody to break their locks, but for strict ones: the next contender does it. This is for a holder of which nothing can be proven, such as one on a machine that is gone. One that
lives goes on without the lock, until its release tells it: end it first.

A process that was killed while it tried to get a strict lock leaves a claim too, which keeps everybody out: --claim removes it by its name, and so it does one that is not understood.

What was shown is broken, and nothing else: if the holder releases the lock meanwhile, or refreshes it, or another one takes it, nothing is. Native locks cannot be broken: the kernel
frees them when their holder ends.

The exit code is 0 if the lock is free afterwards, broken or because it was free, 1 if nothing was broken because the answer was no or the lock has changed, 2 if there is nobody to ask and no --yes, and
76 if it cannot be broken.`,
		Example: `  holdfast break /shared/nightly.lock
  holdfast break --yes --json - /shared/nightly.lock
  holdfast break --claim intent-v1-0123456789abcdef0123456789abcdef.claim /shared/strict.lock`,
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := oneLockFile(args)
			if err != nil {
				return err
			}
			return f.run(cmd, path)
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().BoolVarP(&f.yes, "yes", "y", false, "do not ask")
	cmd.Flags().StringArrayVar(&f.claims, "claim", nil, "remove this claim to a strict lock, instead of the holder's; can be given several times")
	cmd.Flags().StringVar(&f.json, "json", "", "also write what was seen and done as JSON to this file, - for standard output instead of the text")
	return cmd
}

// brokenJSON is what --json writes.
type brokenJSON struct {
	statusJSON
	Broken bool   `json:"broken"`
	Error  string `json:"error,omitempty"` // why not
}

// beside are the ends of the names of files that lie beside a lock file.
var beside = []string{".fence", ".lifetime", ".guard"}

func (f *breakFlags) run(cmd *cobra.Command, path string) error {
	if path == "" {
		return errors.New("LOCKFILE is empty: name the file of the lock")
	}
	for _, suffix := range beside {
		if filepath.Ext(path) == suffix {
			return fmt.Errorf("%s is kept beside a lock file: name that, %s", path, strings.TrimSuffix(path, suffix))
		}
	}
	out, err := openReport(cmd, f.json)
	if err != nil {
		return err
	}
	l, st, err := recordOf(path)
	if err != nil {
		return lockExit(err)
	}
	defer l.Close()
	broken, err := f.breakShown(cmd, l, st)
	doc := brokenJSON{statusDoc(st), broken, ""}
	if err != nil {
		doc.Error = oneLine(err)
	}
	if failed := out.write(doc); failed != nil {
		return allOf(err, failed)
	}
	return err
}

// breakShown shows what there is, asks, and breaks it.
func (f *breakFlags) breakShown(cmd *cobra.Command, l *lock.Lock, st lock.Status) (broken bool, err error) {
	text := cmd.OutOrStdout()
	if f.json == "-" {
		text = cmd.ErrOrStderr()
	}
	if st.Record == nil {
		if f.json != "-" {
			fmt.Fprintf(text, "%s: free, there is nothing to break\n", printable(st.Path))
		}
		return false, nil
	}
	if err := f.knownClaims(st); err != nil {
		return false, err
	}
	if !f.yes || f.json != "-" {
		fmt.Fprint(text, evidence(st, time.Now()))
	}
	if !f.yes {
		if err := confirm(cmd, st.Record); err != nil {
			return false, err
		}
	}
	err = f.breakIt(l, st.Record)
	switch {
	case errors.Is(err, lock.ErrChanged), errors.Is(err, iofs.ErrNotExist):
		return false, &exit{exitFailed, err}
	case err != nil:
		return false, lockExit(err)
	}
	if f.json != "-" {
		fmt.Fprintln(text, "broken")
	}
	return true, nil
}

// knownClaims refuses names of claims that there are not.
func (f *breakFlags) knownClaims(st lock.Status) error {
	for _, name := range f.claims {
		if !slices.ContainsFunc(st.Claims, func(c lock.Claim) bool { return c.Name == name }) {
			return &exit{exitFailed, fmt.Errorf("nothing was broken: there is no claim %q to %s: 'holdfast status --json -' lists those that there are", name, st.Path)}
		}
	}
	return nil
}

// breakIt breaks what was shown.
func (f *breakFlags) breakIt(l *lock.Lock, shown *lock.Record) error {
	for _, name := range f.claims {
		if err := l.ForceBreak(name); err != nil {
			return err
		}
	}
	if len(f.claims) > 0 {
		return nil
	}
	return l.Break(shown)
}

// confirm asks on the terminal.
func confirm(cmd *cobra.Command, r *lock.Record) error {
	in, ok := terminalOf(cmd)
	if !ok {
		return errors.New("nothing was broken: standard input is no terminal to ask on: look at what was shown, and say --yes")
	}
	question := "Break it? [y/N] "
	if r.PID != 0 {
		question = "If its holder lives, it goes on without the lock. " + question
	}
	yes, err := ask(cmd, in, question)
	if !yes && err == nil {
		err = &exit{exitFailed, errors.New("nothing was broken: the answer was no")}
	}
	return err
}
