//go:build linux

package main

import (
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
)

func TestHoldEndsWithItsInput(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := holdLock(t, dir, "l")
	p.tell("whatever")
	if _, code := status(t, dir, "l"); code != 1 {
		t.Errorf("status says %d", code)
	}
	must(t, p.in.Close())
	p.event("released")
	p.silent()
	p.ends(0, "")
	if _, code := status(t, dir, "l"); code != 0 {
		t.Errorf("status says %d afterwards", code)
	}
}

func TestHoldWaitsItsTurn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	holder := holdLock(t, dir, "l")
	p := start(t, dir, "hold", "--fencing", "--json", "-", "l")
	for _, name := range []string{"waiting", "acquired", "released"} {
		e := p.event(name)
		if e.Path != filepath.Join(dir, "l") || e.PID != p.pid() || time.Since(e.Time).Abs() > time.Hour {
			t.Errorf("%+v", e)
		}
		switch name {
		case "waiting":
			must(t, holder.in.Close())
		case "acquired":
			if e.Token != 1 || e.Waited == nil || *e.Waited <= 0 {
				t.Errorf("%+v", e)
			}
			must(t, p.in.Close())
		}
	}
	p.silent()
	p.ends(0, "")
}

func TestHoldGivesUpWithItsInput(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	holdLock(t, dir, "l")
	p := start(t, dir, "hold", "l")
	p.event("waiting")
	must(t, p.in.Close())
	p.event("failed")
	p.ends(75, "standard input was closed while others held it")
}

// TestHoldOfAFreeLockDoesNotDependOnItsInput: it is taken even if there is none.
func TestHoldOfAFreeLockDoesNotDependOnItsInput(t *testing.T) {
	t.Parallel()
	null, err := os.Open(os.DevNull)
	must(t, err)
	defer null.Close()
	cmd := prepare(t, t.TempDir(), "hold", "l")
	cmd.Stdin = null
	p := launch(t, cmd)
	p.event("acquired")
	p.event("released")
	p.ends(0, "")
}

func TestSignalReleasesTheHold(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		p := holdLock(t, dir, "l")
		p.signal(syscall.SIGWINCH)
		p.signal(s)
		p.event("released")
		p.silent()
		p.ends(128+int(s), "ended by a signal")
	}
}

// TestExpiredHoldEnds although its input is open.
func TestExpiredHoldEnds(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir(), "hold", "--lifetime", "50ms", "l")
	p.event("acquired")
	if e := p.event("lost"); e.Error != "the hold was lost: its time is over" {
		t.Errorf("%+v", e)
	}
	p.silent()
	p.ends(76, "allow it more time with --lifetime")
}

func TestHoldThatTimesOut(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	holder := holdLock(t, dir, "l")
	p := start(t, dir, "hold", "--timeout", "20ms", "l")
	p.event("waiting")
	if e := p.event("failed"); !slices.Equal(e.Holders, []int{holder.pid()}) || e.Waited == nil || *e.Waited < 0.02 {
		t.Errorf("%+v", e)
	}
	p.ends(75, "held by pid")
}

func TestHoldTellsAFileInstead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := start(t, dir, "hold", "--json", "events", "l")
	must(t, p.in.Close())
	p.silent()
	p.ends(0, "")
	if told := eventNamesOf(eventsIn(t, filepath.Join(dir, "events"))); !slices.Equal(told, []string{"acquired", "released"}) {
		t.Errorf("told %q", told)
	}
}

// TestHoldWithoutListenerEnds: nobody knows that it holds.
func TestHoldWithoutListenerEnds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r, w, err := os.Pipe()
	must(t, err)
	r.Close()
	defer w.Close()
	cmd := prepare(t, dir, "hold", "l")
	cmd.Stdout = w
	launch(t, cmd).ends(1, "broken pipe: events are missing")
	if _, code := status(t, dir, "l"); code != 0 {
		t.Errorf("status says %d afterwards", code)
	}
}
