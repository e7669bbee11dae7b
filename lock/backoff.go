package lock

import (
	"encoding/binary"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
)

// minPoll is the pause after the first failed attempt of a polling contender.
const minPoll = time.Millisecond

// backoff is the pauses of a polling contender: they double, and vary at random so that contenders do not keep step.
type backoff struct {
	host fs.Random
	step time.Duration
}

func newBackoff(host fs.Random) *backoff { return &backoff{host: host, step: minPoll} }

// next returns a pause between half of the current step and all of it; no step is longer than most.
func (b *backoff) next(most time.Duration) time.Duration {
	step := min(b.step, most)
	b.step = min(2*step, most)
	var r [8]byte
	b.host.Random(r[:])
	half := max(step/2, 1)
	return half + time.Duration(binary.LittleEndian.Uint64(r[:])%uint64(half))
}
