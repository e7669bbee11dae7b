package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/holdfast-lock/holdfast/cmd/holdfast/internal/kind"
)

// TestExamplesInHelp: each command shows how it is called, in ways that it accepts.
func TestExamplesInHelp(t *testing.T) {
	commands := newRoot(kind.All).Commands()
	for _, cmd := range commands {
		commands = append(commands, cmd.Commands()...)
	}
	for _, cmd := range commands {
		if cmd.Hidden || cmd.Name() == "help" || cmd.Name() == "completion" {
			continue
		}
		t.Run(cmd.CommandPath(), func(t *testing.T) {
			if cmd.Long == "" || cmd.Example == "" {
				t.Error("is not explained")
			}
			for line := range strings.Lines(cmd.Example) {
				checkExample(t, cmd.CommandPath(), strings.TrimSpace(line))
			}
		})
	}
}

func checkExample(t *testing.T, name, line string) {
	t.Helper()
	args := strings.Fields(strings.ReplaceAll(line, `"pct depth=4"`, "pct")) // the only one that is quoted
	if !strings.HasPrefix(line, name+" ") && line != name {
		t.Errorf("%q does not show the command", line)
		return
	}
	// A fresh one, whose flags are not set yet.
	cmd, rest, err := newRoot(kind.All).Find(args[1:])
	if err == nil {
		err = cmd.ParseFlags(rest)
	}
	if err == nil {
		err = cmd.ValidateArgs(cmd.Flags().Args())
	}
	if err == nil {
		err = checkArgs(cmd)
	}
	if err != nil {
		t.Errorf("%q: %v", line, err)
	}
}

// checkArgs checks what a command checks of its arguments when it runs.
func checkArgs(cmd *cobra.Command) (err error) {
	switch args := cmd.Flags().Args(); cmd.CommandPath() {
	case "holdfast run":
		_, _, err = splitArgs(args, cmd.ArgsLenAtDash())
	case "holdfast hold", "holdfast status", "holdfast break":
		_, err = oneLockFile(args)
	}
	return err
}
