package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/holdfast-lock/holdfast/lock"
)

// eventsHelp describes what --json writes, for people.
const eventsHelp = `Each event is one JSON object on a line of its own, written at once:
  event   waiting, acquired, released, lost, failed, or broke (the hold of another process was ended)
  path    the lock file       pid    the process that holds or waits: holdfast itself
  time    when, RFC 3339      waited seconds that the acquisition waited
  token   fencing number, with --fencing
  error   why it failed or was lost; holders are the pids then in the way
  evidence  on which another's hold was ended`

// events writes what happens to a lock as lines of JSON. It writes nothing until it is open.
type events struct {
	onWait func() // called when an acquisition begins to wait

	mu   sync.Mutex // observers are called on several goroutines
	out  io.WriteCloser
	lost bool  // told that the hold was lost
	err  error // the first line that could not be written
}

// event is one line. Absent fields say nothing.
type event struct {
	Event    string    `json:"event"`
	Path     string    `json:"path"`
	PID      int       `json:"pid"`
	Time     time.Time `json:"time"`
	Waited   *float64  `json:"waited,omitempty"` // seconds
	Token    uint64    `json:"token,omitempty"`
	Error    string    `json:"error,omitempty"`
	Holders  []int     `json:"holders,omitempty"`
	Evidence string    `json:"evidence,omitempty"`
}

// open begins to write to what --json names. For "" nobody wants events.
func (w *events) open(cmd *cobra.Command, name string) (err error) {
	if name != "" {
		w.out, err = openJSON(cmd, name)
	}
	return err
}

var eventNames = map[lock.EventKind]string{
	lock.EventWait: "waiting", lock.EventAcquired: "acquired", lock.EventReleased: "released", lock.EventLost: "lost",
	lock.EventFailed: "failed", lock.EventBroke: "broke", lock.EventHeartbeatMissed: "heartbeat missed",
}

// Observe implements lock.Observer.
func (w *events) Observe(e lock.Event) {
	if e.Kind == lock.EventWait && w.onWait != nil {
		w.onWait()
	}
	name, told := eventNames[e.Kind]
	if !told {
		return
	}
	line := event{Event: name, Path: e.Path, PID: os.Getpid(), Time: e.Time.UTC(), Token: e.Token, Evidence: e.Evidence}
	if e.Kind == lock.EventAcquired || e.Kind == lock.EventFailed {
		waited := e.Wait.Seconds()
		line.Waited = &waited
	}
	if e.Err != nil {
		line.Error = oneLine(e.Err)
	}
	if timeout, ok := errors.AsType[*lock.TimeoutError](e.Err); ok {
		for _, h := range timeout.Holders {
			line.Holders = append(line.Holders, h.PID)
		}
	}
	w.write(line)
}

func (w *events) write(line event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	lost := line.Event == eventNames[lock.EventLost]
	if w.out == nil || w.err != nil || lost && w.lost {
		return
	}
	w.lost = w.lost || lost
	w.err = json.NewEncoder(w.out).Encode(line)
}

// release releases the hold. If it was lost, that is told before this process ends: the engine may not have come to it.
func (w *events) release(h *lock.Hold) error {
	err := h.Release()
	if errors.Is(err, lock.ErrLost) {
		w.Observe(lock.Event{Kind: lock.EventLost, Path: h.Path(), Time: time.Now(), Token: h.Token(), Err: h.Lost()})
	}
	return err
}

// failed returns the error that kept events from being written, as the end of the program.
func (w *events) failed() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		return nil
	}
	return &exit{exitFailed, fmt.Errorf("--json: %w: events are missing", w.err)}
}

// close ends the file, and reports whether everything was written.
func (w *events) close() error {
	w.mu.Lock()
	if w.out != nil {
		if err := w.out.Close(); w.err == nil {
			w.err = err
		}
		w.out = nil
	}
	w.mu.Unlock()
	return w.failed()
}
