package main

import (
	"errors"
	"fmt"
	iofs "io/fs"
	"strconv"
	"strings"
	"syscall"
	"unicode/utf8"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/lock"
)

// The exit codes. Those from 75 on are of BSD's sysexits.h as far as it has them; 126 and up are the shell's.
const (
	exitFailed        = 1 // what was asked for did not turn out: a lock is held (status), does not exclude (verify)
	exitUsage         = 2
	exitTimeout       = 75
	exitProtocol      = 76
	exitPermission    = 77
	exitSettings      = 78
	exitDeadlock      = 79
	exitNotExecutable = 126
	exitNotFound      = 127
	exitSignal        = 128 // plus the signal's number
)

// exit ends the program with a code. A nil err has nothing to say.
type exit struct {
	code int
	err  error
}

func (e *exit) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exit) Unwrap() error { return e.err }

// exits says how an operation on a lock that failed ends the program, and what a person can do about it. The first that fits counts.
var exits = []struct {
	is     error
	code   int
	advice string
}{
	{lock.ErrOption, exitUsage, ""},
	{lock.ErrSettings, exitSettings, "use the same flags as the other side"},
	{lock.ErrDeadlock, exitDeadlock, "release the outer hold first, or bound the wait with --timeout"},
	{lock.ErrProtocol, exitProtocol, ""},
	{lock.ErrExpired, exitProtocol, "allow it more time with --lifetime"},
	{lock.ErrLost, exitProtocol, ""},
	{syscall.EROFS, exitPermission, "put the lock file on a filesystem that can be written to"},
	{iofs.ErrPermission, exitPermission, "allow this user to write to the file and to its directory, or name another file"},
	{fs.ErrSymlink, exitProtocol, "name the file that the link leads to"},
	{fs.ErrIsDirectory, exitProtocol, "name a file in it"},
	{syscall.ENOTDIR, exitProtocol, throughFile},
	{fs.ErrNotDirectory, exitProtocol, throughFile},
	{fs.ErrNotRegular, exitProtocol, "name a regular file, or one that does not exist yet"},
}

const throughFile = "the path goes through a file; name another one"

// lockExit is the exit after an operation on a lock that failed.
func lockExit(err error) error {
	for _, e := range exits {
		if !errors.Is(err, e.is) {
			continue
		}
		if e.advice != "" {
			err = fmt.Errorf("%w: %s", err, e.advice)
		}
		return &exit{e.code, err}
	}
	return &exit{exitProtocol, err}
}

// verdict returns the exit code of a command and what to say, in one line. An error without an exit code is about the command line.
func verdict(command string, err error) (int, string) {
	if err == nil {
		return 0, ""
	}
	e, ok := errors.AsType[*exit](err)
	if !ok {
		return exitUsage, oneLine(err) + "; see '" + command + " --help'"
	}
	if e.err == nil {
		return e.code, ""
	}
	return e.code, oneLine(e.err)
}

func oneLine(err error) string {
	text := strings.TrimPrefix(err.Error(), "lock: ")
	return printable(strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' || r == '\t' }), " "))
}

// printable returns a text in which what a terminal might take for a command is escaped, as in Go: names of files, hosts and processes can be anything.
func printable(text string) string {
	if utf8.ValidString(text) && !strings.ContainsFunc(text, isControl) {
		return text
	}
	var b strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, text[0])
		case isControl(r):
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		default:
			b.WriteRune(r)
		}
		text = text[size:]
	}
	return b.String()
}

func isControl(r rune) bool { return r != ' ' && !strconv.IsPrint(r) }
