package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/spf13/cobra"

	"github.com/holdfast-lock/holdfast/cmd/holdfast/internal/kind"
	"github.com/holdfast-lock/holdfast/lock"
)

func newHold(kinds kind.Table) *cobra.Command {
	var f lockFlags
	cmd := &cobra.Command{
		Use:   "hold [flags] LOCKFILE",
		Short: "Hold a lock until standard input closes",
		Long: `Waits until it holds the lock on LOCKFILE, and releases it when its standard input is closed: for programs in any language that start holdfast, read its events, and close
the pipe when they are done, or die. The exit code is then 0. What is written to standard input is ignored.

Standard input that closes while holdfast waits ends the wait, with exit code 75. So does a signal, and the hold as well, with exit code 128+n. When the hold expires (--lifetime),
holdfast ends at once, with exit code 76.

` + eventsHelp,
		Example: `  holdfast hold work.lock
  holdfast hold --timeout 10s --fencing --json events.jsonl /var/lock/work.lock`,
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := oneLockFile(args)
			if err != nil {
				return err
			}
			return f.hold(cmd, path)
		},
	}
	f.add(cmd, kinds)
	cmd.Flags().StringVar(&f.json, "json", "-", "write the events to this file, - for standard output")
	return cmd
}

// oneLockFile is the argument of a command that has no other.
func oneLockFile(args []string) (string, error) {
	if len(args) != 1 {
		return "", fmt.Errorf("name one LOCKFILE, not %d", len(args))
	}
	return args[0], nil
}

var errInputClosed = errors.New("standard input was closed")

func (f *lockFlags) hold(cmd *cobra.Command, path string) error {
	// Standard input is looked at when there is something to end: a single attempt on a free lock succeeds whatever it is.
	ctx, end := context.WithCancelCause(cmd.Context())
	watchInput := sync.OnceFunc(func() {
		go func() { // ends with the process: reading cannot be interrupted
			io.Copy(io.Discard, cmd.InOrStdin())
			end(errInputClosed)
		}()
	})
	out := events{onWait: watchInput}
	return f.withLock(cmd, path, &out, func(l kind.Lock, signals <-chan os.Signal) error {
		h, err := f.take(ctx, cmd, l, &out, signals)
		if errors.Is(err, errInputClosed) {
			return &exit{exitTimeout, fmt.Errorf("acquire %s: %w while others held it: keep it open for as long as the lock is wanted", l.Path(), errInputClosed)}
		}
		if err != nil {
			return err
		}
		watchInput()
		how := untilOver(ctx, h, &out, signals)
		if err := out.release(h); err != nil {
			return lockExit(err)
		}
		return how
	})
}

// untilOver returns when the hold is to be released or was lost, and with what the program then ends.
func untilOver(ctx context.Context, h *lock.Hold, out *events, signals <-chan os.Signal) error {
	if err := out.failed(); err != nil {
		return err // nobody knows that the lock is held
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-h.Context().Done():
			return nil // releasing it will tell why
		case s := <-signals:
			if ends(s) {
				caught := &signalled{s}
				return caught.exitOf(fmt.Errorf("hold %s: %w: it is released", h.Path(), caught))
			}
		}
	}
}
