package lock

import (
	"context"
	"log/slog"
	"time"
)

// Observer is told what a lock does. Observe is called on the goroutine that did it, possibly on several at once; it must return soon and must not use the lock.
// If it panics or ends the goroutine, the acquisition that it was told of took nothing, and the release is done. The same holds for the handler of a [Logger].
type Observer interface{ Observe(Event) }

// Event is one thing that happened to a lock. Fields that say nothing about the kind are zero.
type Event struct {
	Kind     EventKind
	Path     string
	Time     time.Time     // the host's wall clock
	Depth    int           // level of the hold, 1 for the outermost
	Token    uint64        // fencing number of the hold
	Wait     time.Duration // how long the acquisition has waited
	Err      error         // why an attempt failed or a hold was lost
	Evidence string        // on which a hold was broken
}

// EventKind says what happened.
type EventKind uint8

// What an observer is told of.
const (
	EventAttempt         EventKind = iota + 1 // an acquisition begins
	EventWait                                 // the first attempt did not take the lock, and the acquisition waits
	EventFailed                               // the acquisition ended without the lock; Err says why
	EventAcquired                             // the lock is held, Depth levels deep
	EventReleased                             // one level was released; the lock is free if Depth is 0
	EventBroke                                // the hold of another process was ended, on the Evidence given
	EventHeartbeatMissed                      // a heartbeat of a lease failed; Err says why
	EventLost                                 // the hold ended without being released; Err says why
)

var eventNames = [...]string{"", "attempt", "wait", "failed", "acquired", "released", "broke", "heartbeat missed", "lost"}

// String returns the name as it appears in logs.
func (k EventKind) String() string {
	if int(k) < len(eventNames) {
		return eventNames[k]
	}
	return "unknown"
}

// watched reports whether anybody wants events; it keeps the unobserved path free of them.
func (o *options) watched() bool { return o.observer != nil || o.logger != nil }

func (o *options) emit(e Event) {
	if o.observer != nil {
		e.Time = o.host.Now()
		o.observer.Observe(e)
	}
	if o.logger == nil || !o.logger.Enabled(context.Background(), slog.LevelDebug) {
		return
	}
	attrs := []slog.Attr{slog.String("path", e.Path)}
	if e.Depth != 0 {
		attrs = append(attrs, slog.Int("depth", e.Depth))
	}
	if e.Token != 0 {
		attrs = append(attrs, slog.Uint64("token", e.Token))
	}
	if e.Wait != 0 {
		attrs = append(attrs, slog.Duration("wait", e.Wait))
	}
	if e.Err != nil {
		attrs = append(attrs, slog.Any("err", e.Err))
	}
	if e.Evidence != "" {
		attrs = append(attrs, slog.String("evidence", e.Evidence))
	}
	o.logger.LogAttrs(context.Background(), slog.LevelDebug, "lock "+e.Kind.String(), attrs...)
}

// warn reports what a person should know although nobody asked.
func (o *options) warn(msg string, attrs ...slog.Attr) {
	l := o.logger
	if l == nil {
		l = slog.Default()
	}
	l.LogAttrs(context.Background(), slog.LevelWarn, msg, attrs...)
}
