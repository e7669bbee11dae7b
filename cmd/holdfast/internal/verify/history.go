package verify

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/holdfast-lock/holdfast/bench/contend"
	"github.com/holdfast-lock/holdfast/linearize"
)

// historyOf puts down what was recorded for the checkers, in times since the beginning.
func historyOf(o contend.Outcome) linearize.History {
	since := func(t time.Duration) time.Duration { return max(0, t-o.Began) } // 0 stays what did not happen
	var holds []linearize.Hold
	for _, i := range o.Intervals {
		// A hold that was lost has its last good moment for the time of its release, so that the release took effect at some time between that and the next request.
		holds = append(holds, linearize.Hold{Client: linearize.Client{Process: i.Lane}, Requested: since(i.Requested), Acquired: since(i.Acquired),
			Releasing: since(i.Releasing), Released: since(i.Released), Token: i.Token})
	}
	h := linearize.FromHolds(holds)
	for _, f := range o.Faults {
		if f.What == contend.Killed {
			h.Killed(f.Lane, f.Begin-o.Began)
		} else {
			h.Stopped(f.Lane, f.Begin-o.Began, f.End-o.Began)
		}
	}
	return h
}

// line is one line of a history in a file: an acquisition, or something that was done to a process. Times are since the beginning of the run.
type line struct {
	Process   int               `json:"process"`
	Requested time.Duration     `json:"requested_ns,omitempty"`
	Acquired  time.Duration     `json:"acquired_ns,omitempty"`
	Releasing time.Duration     `json:"releasing_ns,omitempty"`
	Released  time.Duration     `json:"released_ns,omitempty"`
	Token     uint64            `json:"token,omitempty"`
	Fault     contend.FaultKind `json:"fault,omitempty"`
	Begin     time.Duration     `json:"begin_ns,omitempty"`
	End       time.Duration     `json:"end_ns,omitempty"`
}

// makeKeep makes the directory for histories.
func (o Options) makeKeep() (string, error) {
	if o.Keep == "" {
		return os.MkdirTemp("", "holdfast-verify-")
	}
	return o.Keep, os.MkdirAll(o.Keep, 0o777)
}

// keep writes the history to two files: a page to look at, and the records.
func (v *verifier) keep(o contend.Outcome, order linearize.Result) error {
	dir, err := v.keepIn()
	if err != nil {
		return err
	}
	file := func(ext string) string {
		name := filepath.Join(dir, v.kind.Name+ext)
		v.result.History = append(v.result.History, name)
		return name
	}
	if order.Calls > 0 { // else there is nothing to look at
		err = order.WriteHTML(file(".html"))
	}
	return errors.Join(err, writeRecords(file(".jsonl"), o))
}

func writeRecords(name string, o contend.Outcome) (err error) {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	defer func() { err = errors.Join(err, w.Flush(), f.Close()) }()
	since := func(t time.Duration) time.Duration { return max(0, t-o.Began) }
	enc := json.NewEncoder(w)
	for _, i := range o.Intervals {
		if err := enc.Encode(line{Process: i.Lane, Requested: since(i.Requested), Acquired: since(i.Acquired), Releasing: since(i.Releasing), Released: since(i.Released), Token: i.Token}); err != nil {
			return err
		}
	}
	for _, f := range o.Faults {
		if err := enc.Encode(line{Process: f.Lane, Fault: f.What, Begin: since(f.Begin), End: since(f.End)}); err != nil {
			return err
		}
	}
	return nil
}
