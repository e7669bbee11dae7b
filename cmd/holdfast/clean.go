package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/holdfast-lock/holdfast/lock"
)

type cleanFlags struct {
	recursive bool
	yes       bool
	dryRun    bool
	json      string
}

func newClean() *cobra.Command {
	var f cleanFlags
	cmd := &cobra.Command{
		Use:   "clean [flags] DIR",
		Short: "Remove what crashes have left behind beside lock files",
		Long: `Lists the files in DIR that processes make for a moment when they take, release or break a lock, and that were not removed because of a crash: private files of Holdfast and of Python's StrictSoftFileLock, markers that
Python's soft locks have moved aside (.break.), and files beside native locks that are not there any more. On a terminal it asks then whether to remove those that nothing can own any more.

A file whose process may be alive stays, and so does whatever is in doubt, with the reason. A file that names no process is watched for ten seconds. Fencing numbers, lock files and markers are
no leftovers: a marker whose holder is gone is for 'holdfast break'. Symbolic links and directories are never touched.

The exit code is 0, and 1 if a file that was to be removed was not.`,
		Example: `  holdfast clean /shared/locks
  holdfast clean --dry-run -r /shared
  holdfast clean --yes --json - /shared/locks`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("name one DIR, not %d", len(args))
			}
			return f.run(cmd, args[0])
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().BoolVarP(&f.recursive, "recursive", "r", false, "also in the directories below DIR")
	cmd.Flags().BoolVarP(&f.dryRun, "dry-run", "n", false, "list only (default where there is no terminal to ask on)")
	cmd.Flags().BoolVarP(&f.yes, "yes", "y", false, "do not ask")
	cmd.Flags().StringVar(&f.json, "json", "", "also write what was found and done as JSON to this file, - for standard output instead of the text")
	return cmd
}

// cleanJSON is what --json writes.
type cleanJSON struct {
	Dir       string         `json:"dir"`
	Leftovers []leftoverJSON `json:"leftovers"`
}

type leftoverJSON struct {
	Path    string `json:"path"`
	What    string `json:"what"`
	Keep    string `json:"keep,omitempty"` // why it stays
	Removed bool   `json:"removed"`
	Error   string `json:"error,omitempty"` // why it was not removed
}

func (f *cleanFlags) run(cmd *cobra.Command, dir string) error {
	if f.yes && f.dryRun {
		return errors.New("give either --yes or --dry-run")
	}
	if dir == "" {
		return errors.New("DIR is empty: name a directory")
	}
	out, err := openReport(cmd, f.json)
	if err != nil {
		return err
	}
	found, err := lock.Leftovers(cmd.Context(), dir, f.recursive)
	if err != nil {
		return lockExit(err)
	}
	doc := cleanJSON{dir, make([]leftoverJSON, len(found))}
	for i, l := range found {
		doc.Leftovers[i] = leftoverJSON{Path: l.Path, What: l.What, Keep: l.Keep}
	}
	err = f.clean(cmd, found, &doc)
	if failed := out.write(doc); failed != nil {
		return allOf(err, failed)
	}
	return err
}

// clean shows what was found, asks, and removes it.
func (f *cleanFlags) clean(cmd *cobra.Command, found []lock.Leftover, doc *cleanJSON) error {
	text := cmd.OutOrStdout()
	if f.json == "-" {
		text = cmd.ErrOrStderr()
	}
	in, asks := terminalOf(cmd)
	asks = asks && !f.yes && !f.dryRun
	many := 0
	for _, l := range found {
		if l.Keep == "" {
			many++
		}
		switch {
		case f.json == "-" && !asks:
		case l.Keep == "":
			fmt.Fprintf(text, "remove  %s: %s\n", printable(l.Path), l.What)
		default:
			fmt.Fprintf(text, "keep    %s: %s: %s\n", printable(l.Path), l.What, printable(l.Keep))
		}
	}
	switch {
	case many == 0:
		if f.json != "-" {
			fmt.Fprintln(text, "there is nothing to remove")
		}
		return nil
	case f.dryRun || !f.yes && !asks:
		return nil
	case asks:
		yes, err := ask(cmd, in, fmt.Sprintf("Remove %d of %d? [y/N] ", many, len(found)))
		if !yes || err != nil {
			return err
		}
	}
	return f.remove(cmd, found, doc)
}

func (f *cleanFlags) remove(cmd *cobra.Command, found []lock.Leftover, doc *cleanJSON) error {
	var failures []error
	removed := 0
	for i := range found {
		if found[i].Keep != "" {
			continue
		}
		if err := found[i].Remove(); err != nil {
			doc.Leftovers[i].Error = oneLine(err)
			failures = append(failures, err)
			continue
		}
		doc.Leftovers[i].Removed = true
		removed++
	}
	if f.json != "-" {
		fmt.Fprintf(cmd.OutOrStdout(), "removed %d\n", removed)
	}
	if len(failures) == 0 {
		return nil
	}
	return &exit{exitFailed, fmt.Errorf("%d of %d files were not removed, the first of them: %w", len(failures), removed+len(failures), failures[0])}
}
