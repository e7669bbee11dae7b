package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// terminalOf returns the terminal that a command can ask on, if there is one.
func terminalOf(cmd *cobra.Command) (*os.File, bool) {
	in, ok := cmd.InOrStdin().(*os.File)
	return in, ok && term.IsTerminal(int(in.Fd()))
}

// ask asks a question on the terminal and reports whether the answer is yes.
func ask(cmd *cobra.Command, terminal *os.File, question string) (bool, error) {
	fmt.Fprint(cmd.ErrOrStderr(), question)
	answer, err := bufio.NewReader(terminal).ReadString('\n')
	if err != nil && err != io.EOF {
		return false, &exit{exitFailed, fmt.Errorf("nothing was done: standard input: %w", err)}
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return true, nil
	}
	return false, nil
}
