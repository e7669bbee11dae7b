package fstest

import (
	"context"
	"errors"
	"sync"

	"github.com/holdfast-lock/holdfast/fs"
)

// change is something that a watch must report.
type change struct {
	name string
	make func(*probe)
}

var fileChanges = []change{
	{"a write", func(p *probe) { p.write(p.open("file"), "new", 0) }},
	{"a truncation", func(p *probe) { p.ok(Truncate, p.open("file").Truncate(1)) }},
	{"a removal", func(p *probe) { p.ok(Remove, p.notBusy(func() error { return p.Remove(p.path("file")) })) }},
	{"a rename", func(p *probe) {
		p.ok(Rename, p.notBusy(func() error { return p.Rename(p.path("file"), p.path("moved")) }))
	}},
}

var directoryChanges = []change{
	{"a new file", func(p *probe) { p.create("directory/new", "") }},
	{"a removal", func(p *probe) { p.ok(Remove, p.Remove(p.path("directory", "file"))) }},
	{"a rename into it", func(p *probe) { p.ok(Rename, p.Rename(p.path("file"), p.path("directory", "new"))) }},
	{"a rename out of it", func(p *probe) { p.ok(Rename, p.Rename(p.path("directory", "file"), p.path("new"))) }},
	{"a rename in it", func(p *probe) {
		p.ok(Rename, p.Rename(p.path("directory", "file"), p.path("directory", "new")))
	}},
}

var errWatchEnds = errors.New("the wait for a change ended")

var watchChecks = []check{
	{"WatchReportsAChangeOfAFile", func(p *probe) { p.reports("file", fileChanges) }},
	{"WatchReportsAChangeOfADirectory", func(p *probe) { p.reports("directory", directoryChanges) }},
	{"WatchWakesOnAChange", func(p *probe) {
		w := p.watch("file")
		waiter := p.start("waiter", func() { p.must(w.Next(p.ctx)) })
		p.write(p.open("file"), "new", 0)
		p.wait(waiter)
	}},
	{"WatchEndsWithItsContext", func(p *probe) {
		w := p.watch("file")
		p.endsWith(errWatchEnds, func(ctx context.Context) error {
			for { // it may report what did not happen
				if err := w.Next(ctx); err != nil {
					return err
				}
			}
		})
	}},
	{"WatchLosesNothingToAnEndedWait", func(p *probe) {
		w := p.watch("file")
		f := p.open("file")
		for i := range 300 {
			ctx, cancel := p.WithCancel(p.ctx)
			ender := p.start("ender", func() {
				if i%2 == 0 {
					p.write(f, "x", 0) // a change and the end at once
				}
				cancel(errWatchEnds)
			})
			for {
				err := w.Next(ctx)
				if errors.Is(err, errWatchEnds) {
					break
				}
				p.must(err)
				if i%2 == 0 {
					break
				}
			}
			p.write(f, "y", 0)
			if err := w.Next(p.ctx); err != nil {
				p.fatalf("Next after a wait that was ended, and a change: %v", err)
			}
			p.wait(ender)
		}
	}},
	{"WatchOfAMissingNameIsErrNotExist", func(p *probe) {
		p.watch("file")
		w, err := p.Watch(p.path("missing"))
		if err == nil {
			w.Close()
		}
		p.wantError(Watch, "Watch of a missing name", err, errNotExist)
	}},
}

// reports makes each change in turn before it asks for it, and while nobody waits.
func (p *probe) reports(name string, changes []change) {
	p.Helper()
	for _, c := range changes {
		w := p.watch(name)
		c.make(p)
		if err := w.Next(p.ctx); err != nil {
			p.fatalf("Next after %s: %v", c.name, err)
		}
		p.must(w.Close())
		for _, left := range []string{"directory/file", "directory/new", "directory", "file", "moved", "new"} {
			p.notBusy(func() error { return p.Remove(p.path(left)) })
		}
	}
}

// watch makes the file and the directory and watches one of them.
func (p *probe) watch(name string) fs.Watch {
	p.Helper()
	p.mkdir("directory")
	p.create("directory/file", "content")
	p.create("file", "content")
	w, err := p.Watch(p.path(name))
	p.ok(Watch, err)
	open := &openWatch{Watch: w}
	p.atEnd(open.Close)
	return open
}

// openWatch is a watch that is closed when the check ends, unless the check did so itself.
type openWatch struct {
	fs.Watch
	once sync.Once
	err  error
}

func (w *openWatch) Close() error {
	w.once.Do(func() { w.err = w.Watch.Close() })
	return w.err
}

// endsWith demands that a wait ends with the cause of its context: before it began, while it waits, and at a deadline.
func (p *probe) endsWith(cause error, wait func(context.Context) error) {
	p.Helper()
	ended, end := p.WithCancel(p.ctx)
	end(cause)
	if err := wait(ended); !errors.Is(err, cause) {
		p.Errorf("a wait with a context that had ended: %v, want its cause %q", err, cause)
	}
	ctx, cancel := p.WithCancel(p.ctx)
	waiter := p.start("waiter", func() {
		if err := wait(ctx); !errors.Is(err, cause) {
			p.Errorf("a wait whose context ended: %v, want its cause %q", err, cause)
		}
	})
	p.Sleep(p.ctx, moment) // so that mostly it waits; what is demanded is the same if it does not yet
	cancel(cause)
	p.wait(waiter)
	ctx, stop := p.WithTimeout(p.ctx, moment, cause)
	defer stop()
	if err := wait(ctx); !errors.Is(err, cause) {
		p.Errorf("a wait whose context reached its deadline: %v, want its cause %q", err, cause)
	}
}
