package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// wholeOutput has a command fail if what it prints cannot be written: half a result must not pass for all of it.
func wholeOutput(cmd *cobra.Command) *cobra.Command {
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		out := &remembering{to: cmd.OutOrStdout()}
		cmd.SetOut(out)
		err := run(cmd, args)
		switch e, ok := errors.AsType[*exit](err); {
		case out.err == nil || errors.Is(err, out.err):
			return err
		case ok && e.err == nil: // the output was to say it
			err = nil
		}
		return allOf(err, &exit{exitFailed, fmt.Errorf("standard output: %w", out.err)})
	}
	return cmd
}

// remembering is a writer that remembers its first error, and writes nothing after it.
type remembering struct {
	to  io.Writer
	err error
}

func (r *remembering) Write(p []byte) (n int, err error) {
	if r.err == nil {
		n, r.err = r.to.Write(p)
	}
	return n, r.err
}
