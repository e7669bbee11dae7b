package main

import (
	"encoding/json"
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

// jsonReport is where a report goes as JSON besides, nowhere if it is the zero value.
type jsonReport struct{ out io.WriteCloser }

// openReport opens what --json names, before the work whose report it is to hold; nothing for "".
func openReport(cmd *cobra.Command, name string) (jsonReport, error) {
	if name == "" {
		return jsonReport{}, nil
	}
	out, err := openJSON(cmd, name)
	return jsonReport{out}, err
}

// write writes the report and closes the file.
func (r jsonReport) write(report any) error {
	if r.out == nil {
		return nil
	}
	enc := json.NewEncoder(r.out)
	enc.SetIndent("", "  ")
	if err := errors.Join(enc.Encode(report), r.out.Close()); err != nil {
		return &exit{exitFailed, fmt.Errorf("--json: %w", err)}
	}
	return nil
}

type keepOpen struct{ io.Writer }

func (keepOpen) Close() error { return nil }
