package fstest

import (
	"context"
	"os"
	"sync"

	"github.com/holdfast-lock/holdfast/fs"
)

type watches struct {
	fs.Host
	watch func(h fs.Host, path string) (fs.Watch, error)
}

func (h *watches) Watch(path string) (fs.Watch, error) { return h.watch(h.Host, path) }

func watching(watch func(h fs.Host, path string) (fs.Watch, error)) func(fs.Host) fs.Host {
	return func(h fs.Host) fs.Host { return &watches{h, watch} }
}

// nexts is a watch whose Next differs.
type nexts struct {
	fs.Watch
	next func(w fs.Watch, ctx context.Context) error
}

func (w *nexts) Next(ctx context.Context) error { return w.next(w.Watch, ctx) }

func watchingNext(next func(w fs.Watch, ctx context.Context) error) func(fs.Host) fs.Host {
	return watching(func(h fs.Host, path string) (fs.Watch, error) {
		w, err := h.Watch(path)
		return &nexts{w, next}, err
	})
}

// lateWatch begins when it is asked for the first time.
type lateWatch struct {
	begin func() (fs.Watch, error)
}

func (w lateWatch) Next(ctx context.Context) error {
	begun, err := w.begin()
	if err != nil {
		return err
	}
	return begun.Next(ctx)
}

func (w lateWatch) Close() error {
	begun, err := w.begin()
	if err != nil {
		return nil
	}
	return begun.Close()
}

var watchFaults = []fault{
	{"a watch begins when it is first asked", watching(func(h fs.Host, path string) (fs.Watch, error) {
		return lateWatch{sync.OnceValues(func() (fs.Watch, error) { return h.Watch(path) })}, nil
	}), []string{"WatchReportsAChangeOfAFile", "WatchReportsAChangeOfADirectory", "WatchOfAMissingNameIsErrNotExist"}},
	{"a watch reports nothing", watchingNext(func(_ fs.Watch, ctx context.Context) error {
		<-ctx.Done()
		return context.Cause(ctx)
	}), []string{"WatchReportsAChangeOfAFile", "WatchReportsAChangeOfADirectory", "WatchWakesOnAChange"}},
	{"a watch of a directory is one of the directory it lies in", watching(func(h fs.Host, path string) (fs.Watch, error) {
		return h.Watch(path + string(os.PathSeparator) + "..")
	}), []string{"WatchReportsAChangeOfADirectory"}},
	{"a wait for a change ends without the cause", watchingNext(func(w fs.Watch, ctx context.Context) error {
		if err := w.Next(ctx); err != nil && ctx.Err() != nil {
			return ctx.Err()
		}
		return nil
	}), []string{"WatchEndsWithItsContext"}},
	{"a watch is of no use after a wait that ended", watching(func(h fs.Host, path string) (fs.Watch, error) {
		w, err := h.Watch(path)
		var ended error
		return &nexts{w, func(w fs.Watch, ctx context.Context) error {
			if ended != nil && ctx.Err() == nil {
				return os.ErrDeadlineExceeded
			}
			ended = w.Next(ctx)
			return ended
		}}, err
	}), []string{"WatchLosesNothingToAnEndedWait"}},
}
