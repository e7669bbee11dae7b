package bench

import "github.com/holdfast-lock/holdfast/bench/contend"

// The system calls are measured on Unix only.
const (
	rawName        = "flock(2)"
	rawSafeName    = "flock(2)+fstat+stat"
	rawFairName    = "flock(2)+pause"
	markerPollName = "marker, polled every 50ms"
)

var raw, markers contend.Subjects
