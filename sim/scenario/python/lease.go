package python

import (
	"context"
	"errors"
	"fmt"
	iofs "io/fs"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
)

// protocol2 is the first line of a lease's record.
const protocol2 = "filelock/2"

func leaseRecord(self fs.Identity, start, token string, duration float64) []byte {
	seconds := strconv.FormatFloat(duration, 'f', -1, 64)
	if !strings.Contains(seconds, ".") {
		seconds += ".0"
	}
	text := fmt.Sprintf("%s\npid=%d\nhost=%s\nmode=lease\ntoken=%s\nduration=%s\n", protocol2, self.PID, self.Host, token, seconds)
	if start != "" {
		text += "start=" + start + "\n"
	}
	return []byte(text)
}

// leaseHolder is what the record of a lease says.
type leaseHolder struct {
	record
	mode     string
	duration float64
}

// parseLease reads the record of a lease, or of another mode.
func parseLease(seen sighting) (h leaseHolder, ok bool) {
	if !seen.regular || len(seen.content) > maxRecord {
		return h, false
	}
	lines := splitLines(seen.content)
	if lines[0] != protocol2 {
		return h, false
	}
	fields := make(map[string]string)
	for _, line := range lines[1:] {
		key, value, found := strings.Cut(line, "=")
		if !found {
			return h, false
		}
		fields[key] = value
	}
	pid, ok := parseInt(fields["pid"])
	if !ok || !pid.IsInt64() || pid.Int64() < 1 || pid.Int64() > 1<<31-1 || fields["host"] == "" || fields["mode"] == "" {
		return h, false
	}
	h = leaseHolder{record: record{pid: pid.Int64(), host: fields["host"]}, mode: fields["mode"]}
	if start, given := fields["start"]; given {
		if h.start, ok = parseInt(start); !ok {
			return h, false
		}
	}
	if text, given := fields["duration"]; given {
		var err error
		if h.duration, err = strconv.ParseFloat(text, 64); err != nil {
			return h, false
		}
	}
	valid := h.mode != "lease" || fields["token"] != "" && h.duration > 0 && !math.IsInf(h.duration, 0)
	return h, valid
}

// isStaleLease judges a marker as SoftFileLease does.
func (l *Lock) isStaleLease(seen sighting) (bool, error) {
	h, ok := parseLease(seen)
	switch {
	case !ok:
		return l.isStale(seen)
	case h.mode != "lease":
		return false, nil
	case h.duration != l.Lifetime.Seconds():
		return false, ErrMismatch
	case h.host == l.host.Self().Host && l.isGone(h.record):
		return true, nil
	}
	return l.age(seen.mtime).Seconds() >= h.duration, nil
}

// heartbeat refreshes the marker of a lease until it is ended, or finds that the lease is lost.
type heartbeat struct {
	token    string
	interval time.Duration
	stop     fs.Event
	ended    fs.Event
	why      string // the lease is lost; "" if nothing is known of that
}

var errBeat = errors.New("it is time for a heartbeat")

// startBeat starts the heartbeat of the marker that is held now.
func (l *Lock) startBeat(token string) *heartbeat {
	b := &heartbeat{token: token, interval: l.Lifetime / 3, stop: l.host.NewEvent(), ended: l.host.NewEvent()}
	host, name, f, id, patience := l.host, l.Path, l.file, l.id, l.Lifetime-l.Lifetime/3
	host.Go("heartbeat", func() {
		for last := host.Monotonic(); b.why == "" && b.pause(host, b.stop); {
			why, err := refresh(host, name, f, id)
			switch now := host.Monotonic(); {
			case why != "":
				b.why = why
			case err == nil:
				last = now
			case now-last >= patience:
				b.why = "refresh-failed"
			}
		}
		b.ended.Set()
	})
	return b
}

// pause waits for an event no longer than until the next beat, and reports whether it has not come.
func (b *heartbeat) pause(host fs.Host, e fs.Event) bool {
	ctx, cancel := host.WithTimeout(context.Background(), b.interval, errBeat)
	defer cancel()
	return e.Wait(ctx) != nil
}

// refresh sets the time of a marker anew. An error passes, maybe.
func refresh(host fs.Host, name string, f fs.File, id fs.FileID) (lost string, err error) {
	info, err := host.Lstat(name)
	switch {
	case errors.Is(err, iofs.ErrNotExist):
		return "marker-missing", nil
	case err != nil:
		return "", err
	case info.ID != id:
		return "owner-changed", nil
	}
	now := host.Now()
	return "", f.SetTimes(now, now)
}

// end stops the heartbeat, and waits for it as long as a beat.
func (b *heartbeat) end(host fs.Host) {
	b.stop.Set()
	b.pause(host, b.ended)
}
