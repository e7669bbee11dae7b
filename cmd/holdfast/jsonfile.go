package main

import (
	"errors"
	"fmt"
	"io"
	iofs "io/fs"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// openJSON opens what --json names: a file, which is created or emptied, or standard output for "-".
func openJSON(cmd *cobra.Command, name string) (io.WriteCloser, error) {
	if name == "-" {
		// A reader that goes away is an error like a full disk, and not the end of this process.
		signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
		return keepOpen{cmd.OutOrStdout()}, nil
	}
	f, err := os.Create(name)
	switch {
	case errors.Is(err, iofs.ErrPermission):
		return nil, &exit{exitPermission, fmt.Errorf("--json: %w: allow this user to write to it, or name another file", err)}
	case err != nil:
		return nil, fmt.Errorf("--json: %w: name a file that can be written, or - for standard output", err)
	}
	return f, nil
}

type keepOpen struct{ io.Writer }

func (keepOpen) Close() error { return nil }
