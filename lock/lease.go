package lock

import (
	"encoding/hex"
	"fmt"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/lock/internal/marker"
	"github.com/holdfast-lock/holdfast/lock/internal/sidecar"
)

// NewLease returns a lock that ends with time unless its holder lives: that of Python's filelock.SoftFileLease. It is held by whoever made the file at path, as a soft lock is, see [NewSoft]. The
// holder refreshes the file by a heartbeat, and one that has not been refreshed for the [LeaseDuration] is taken by whoever waits for it. So a holder on another machine that is gone, of which a soft lock
// can say nothing, holds nobody up for longer.
//
// Its price: a holder that cannot refresh in time, because its process or its machine is stopped or the filesystem does not answer, loses the lease while it works. It is told ([Hold.Lost], the end of
// [Hold.Context], [OnLost]), by its own clock, and before anybody else can be inside that watches as Holdfast does: for the whole duration, on a clock that nobody sets. Python's SoftFileLease compares the file's time of modification with
// its machine's clock instead, and takes a lease too early if that is ahead. Use [Fencing] where what is protected can compare the numbers.
//
// All who share the path must use leases of the same duration. An empty file there is what a crash of a machine can leave of a marker, and is taken away when it has not changed for [MalformedGrace] and the duration. [Lifetime] and [OnAcquired] are refused with [ErrOption]. It does not work on Windows yet, see [NewSoft].
func NewLease(path string, opts ...Option) (*Lock, error) { return openKind(leaseKind, path, opts) }

// DefaultLeaseDuration is the [LeaseDuration] where none is given, as in Python.
const DefaultLeaseDuration = 30 * time.Second

// A holder heeds no more than nine tenths of the duration: the rest is for what its clock runs slow by beside that of a contender, and for a filesystem that rounds times.
const marginOfLease = 10

var leaseKind = kind{"lease", func(host fs.Host, path string) protocol { return newSoft(host, path, &leaseTerms) }, func(o *options) error {
	if err := o.noHook(); err != nil {
		return err
	}
	if o.lifetime != 0 {
		return fmt.Errorf("%w: Lifetime has no use in a lease, which ends by its LeaseDuration", ErrOption)
	}
	if o.lease == 0 {
		o.lease = DefaultLeaseDuration
	}
	if o.heartbeat == 0 {
		o.heartbeat = max(o.lease/3, 1)
	}
	if o.heartbeat >= heeded(o.lease) {
		return fmt.Errorf("%w: Heartbeat must be shorter than nine tenths of the LeaseDuration of %v, not %v", ErrOption, o.lease, o.heartbeat)
	}
	return nil
}}

// heeded is for how long after a heartbeat the holder of a lease relies on it.
func heeded(d time.Duration) time.Duration { return d - d/marginOfLease }

var leaseTerms = terms{
	contract: marker.Lease,
	record: func(host fs.Host, self fs.Identity, start marker.StartToken, o *options) marker.Record {
		var token [16]byte
		host.Random(token[:])
		return marker.Record{Kind: marker.Lease, PID: self.PID, Host: self.Host, Start: start, Token: hex.EncodeToString(token[:]), Duration: marker.Seconds(o.lease)}
	},
	objection: func(path string, r marker.Record, o *options) error {
		if r.Duration == marker.Seconds(o.lease) {
			return nil
		}
		found := time.Duration(r.Duration * float64(time.Second))
		return &SettingsError{Path: path, Differences: []Difference{{Option: "LeaseDuration", Have: found.String(), Want: o.lease.String()}}}
	},
	limit: func(r marker.Record, o *options) time.Duration {
		if r.Kind == marker.Lease {
			return o.lease
		}
		return 0
	},
	noEmpty: true,
	lasts:   "its lease",
	began: func(t *taken, o *options, since time.Duration) {
		t.expires, t.renewEvery = after(since, heeded(o.lease)), o.heartbeat
	},
}

// overdue reports whether the time of a hold that has to be renewed is over.
func (s *soft) overdue() bool { return s.began != nil && uptime(s.host) >= s.expires }

// errUnseen: the file's time did not change with a heartbeat.
var errUnseen = fmt.Errorf("the time of modification did not change: this filesystem's times are too coarse for so short a heartbeat")

// renew refreshes the marker. It must be done before the hold is over: whoever judges it later has seen that it was refreshed, and whoever has judged it before may just be evicting it.
func (s *soft) renew(o *options) (time.Duration, error) {
	since := uptime(s.host)
	if since >= s.expires {
		return 0, ErrExpired
	}
	if err := s.own.SetTimes(time.Time{}, time.Time{}); err != nil {
		return 0, err
	}
	info, err := s.own.Stat()
	if err != nil {
		return 0, err
	}
	same, err := sidecar.InPlace(s.host, s.path, s.id)
	switch {
	case err != nil:
		return 0, err
	case !same:
		return 0, errRobbed
	case info.Mtime.Equal(s.madeAt):
		return 0, errUnseen
	case uptime(s.host) >= s.expires:
		return 0, ErrExpired
	}
	s.madeAt, s.wroteAt = info.Mtime, since
	s.expires = s.hold(o).expires
	return s.expires, nil
}
