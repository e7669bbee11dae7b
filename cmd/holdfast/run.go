package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/spf13/cobra"

	"github.com/holdfast-lock/holdfast/cmd/holdfast/internal/kind"
	"github.com/holdfast-lock/holdfast/lock"
)

// defaultKillAfter is what init systems and container runtimes give a program to clean up.
const defaultKillAfter = 10 * time.Second

type runFlags struct {
	lockFlags
	killAfter time.Duration
}

func newRun(kinds kind.Table) *cobra.Command {
	f := runFlags{killAfter: defaultKillAfter}
	cmd := &cobra.Command{
		Use:   "run [flags] LOCKFILE -- COMMAND [ARGUMENT...]",
		Short: "Run a command while holding a lock",
		Long: `Waits until it holds the lock on LOCKFILE, runs COMMAND, and releases the lock when COMMAND ends. LOCKFILE is created if it is missing, and stays. Other processes that lock
it exclude this one, and are excluded: Holdfast, Python's filelock, flock(1).

COMMAND has the standard input, output and error of holdfast, and finds the path of the lock in ` + lockVariable + ` and, with --fencing, the number of the hold in ` + tokenVariable + `. It does
not inherit the lock: what it leaves running in the background runs without.

The exit code is that of COMMAND, 128+n if signal n killed it, 127 if it was not found and 126 if it could not be executed; 75, or that of -E, if the lock could not be had in time.
'holdfast --help' has the others. For cron, -n -E 0 skips a turn without a word if the last one still runs; name COMMAND and holdfast by their whole paths there.

Signals: SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH and SIGCONT are passed on to COMMAND. While holdfast waits for the lock, those of them that would end a program
end the wait, with exit code 128+n. A terminal sends ^C and ^\ to COMMAND itself, so holdfast in the foreground of a terminal does not pass on SIGINT and SIGQUIT, whoever sent them.

If holdfast is killed (SIGKILL), the kernel frees the lock and kills COMMAND: on Linux and FreeBSD, and not the processes that COMMAND has started, nor a COMMAND that changes its user
(sudo, setuid). Elsewhere COMMAND runs on without the lock.

With --lifetime, or --kind lease: when the hold expires, COMMAND gets SIGTERM, and SIGKILL if it has not ended after --kill-after; the exit code is 76. Others may hold the lock from the moment it
expired. A holdfast that is itself stopped cannot end COMMAND; --fencing lets what COMMAND writes to refuse a late writer.

--json writes the events of the lock. ` + eventsHelp,
		Example: `  holdfast run /var/lock/backup.lock -- backup --all
  holdfast run --no-wait tests.lock -- go test ./...
  holdfast run -n -E 0 /run/lock/nightly.lock -- /usr/local/bin/nightly
  holdfast run --timeout 30s --json events.jsonl deploy.lock -- make deploy
  holdfast run --lifetime 1h --kill-after 30s --fencing report.lock -- sh -c 'report --token "$HOLDFAST_TOKEN"'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			path, command, err := splitArgs(args, cmd.ArgsLenAtDash())
			if err != nil {
				return err
			}
			if cmd.Flags().Changed("kill-after") && !cmd.Flags().Changed("lifetime") && f.kind != "lease" {
				return errors.New("--kill-after needs --lifetime or --kind lease: a hold that does not expire does not end the command")
			}
			return f.run(cmd, path, command)
		},
	}
	f.add(cmd, kinds)
	cmd.Flags().Var((*durationValue)(&f.killAfter), "kill-after", "with --lifetime or --kind lease: how long after SIGTERM the command is killed")
	cmd.Flags().StringVar(&f.json, "json", "", "also write the events to this file, - for standard output")
	return cmd
}

// splitArgs takes the arguments apart, of which the first n stand before the "--".
func splitArgs(args []string, n int) (path string, command []string, err error) {
	switch {
	case len(args) == 0:
		return "", nil, errors.New("name a LOCKFILE and, after --, a COMMAND")
	case n < 0:
		return "", nil, errors.New("put -- before the command: holdfast run LOCKFILE -- COMMAND")
	case n == 0:
		return "", nil, errors.New("LOCKFILE is missing before the --")
	case n > 1:
		return "", nil, fmt.Errorf("one LOCKFILE stands before the --, not %d arguments", n)
	case n == len(args):
		return "", nil, errors.New("COMMAND is missing after the --")
	}
	return args[0], args[1:], nil
}

func (f *runFlags) run(cmd *cobra.Command, path string, command []string) error {
	var out events
	return f.withLock(cmd, path, &out, func(l kind.Lock, signals <-chan os.Signal) error {
		h, err := f.take(cmd.Context(), cmd, l, &out, signals)
		if err != nil {
			return err
		}
		return f.runInside(command, h, &out, signals)
	})
}

// runInside runs the command and releases the hold.
func (f *runFlags) runInside(command []string, h *lock.Hold, out *events, signals <-chan os.Signal) error {
	c, ended, err := startCommand(command, h)
	if err != nil {
		if released := out.release(h); released != nil {
			return lockExit(released)
		}
		return err
	}
	err = f.attend(c.Process, h, signals, ended)
	if c.ProcessState == nil {
		return &exit{exitProtocol, fmt.Errorf("wait for %s: %w", command[0], err)} // no system call of ours should fail so
	}
	if err := out.release(h); err != nil {
		if errors.Is(err, lock.ErrLost) {
			err = fmt.Errorf("%w, and the command ended with %v", err, c.ProcessState)
		}
		return lockExit(err)
	}
	if code := codeOf(c.ProcessState); code != 0 {
		return &exit{code, nil}
	}
	return nil
}

// attend passes signals on to the command until it has ended, and ends it if the hold is lost.
func (f *runFlags) attend(p *os.Process, h *lock.Hold, signals <-chan os.Signal, ended <-chan error) error {
	lost := h.Context().Done()
	var kill <-chan time.Time
	for {
		select {
		case err := <-ended:
			if _, bad := errors.AsType[*exec.ExitError](err); bad {
				return nil
			}
			return err
		case s := <-signals:
			passOn(p, s)
		case <-lost:
			lost = nil
			askToEnd(p)
			kill = time.After(f.killAfter)
		case <-kill:
			p.Kill()
		}
	}
}
