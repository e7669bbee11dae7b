package bench

import (
	"time"

	"github.com/holdfast-lock/holdfast/bench/contend"
)

// Report is what was measured.
type Report struct {
	Time         time.Time                `json:"time"`
	OS           string                   `json:"os"`
	Arch         string                   `json:"arch"`
	Go           string                   `json:"go"`
	CPUs         int                      `json:"cpus"`
	Filesystem   string                   `json:"filesystem"`
	MountOptions string                   `json:"mount_options"`
	Hold         time.Duration            `json:"hold_ns"`
	For          time.Duration            `json:"for_ns"`
	Rounds       int                      `json:"rounds"`
	Uncontended  []Row[Solo]              `json:"uncontended"`
	Reentrant    []Row[Solo]              `json:"reentrant"`
	Calls        []Row[Calls]             `json:"calls"` // of this module's locks
	Turns        []Row[contend.Quantiles] `json:"turns"` // hand-off between two processes that take turns
	HandOff      []Row[contend.Figures]   `json:"hand_off"`
	Goroutines   []Row[Crowd]             `json:"goroutines"`
	Disturbance  []Row[Disturbance]       `json:"disturbance"`
	Takeover     []Row[Takeover]          `json:"takeover"`
	Cancellation []Row[Cancellation]      `json:"cancellation"`
	Idle         []Row[Idle]              `json:"idle"`
	Claims       []Claim                  `json:"claims"`
}

// Row is a measurement of one lock.
type Row[T any] struct {
	Lock   string `json:"lock"`
	Result T      `json:"result"`
}

// find returns the result of a lock among rows that match.
func find[T any](rows []Row[T], lock string, matches func(T) bool) (T, bool) {
	for _, r := range rows {
		if r.Lock == lock && matches(r.Result) {
			return r.Result, true
		}
	}
	var none T
	return none, false
}

func whatever[T any](T) bool { return true }

// Overlaps returns how many holds of Holdfast's own locks overlapped. None must.
func (r *Report) Overlaps() int64 {
	var n int64
	for _, row := range r.HandOff {
		if isOurs(row.Lock) {
			n += int64(row.Result.Overlaps)
		}
	}
	for _, row := range r.Goroutines {
		if isOurs(row.Lock) {
			n += row.Result.Overlaps
		}
	}
	return n
}
