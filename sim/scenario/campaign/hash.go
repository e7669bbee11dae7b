package campaign

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/holdfast-lock/holdfast/sim/scenario"
)

// Hash tells what happened in one schedule, call by call, or in those of a campaign: campaigns with the same hash ran the same seeds, and each took the same course, call by call, to the same finding. It is a sum with a
// term for each schedule, so it does not matter in which order they were run, by which goroutine, or in which shard.
type Hash uint64

// add adds the schedule of a seed.
func (h *Hash) add(seed uint64, r *scenario.Result) {
	var room [128]byte
	b := room[:0]
	for _, n := range [...]uint64{seed, r.Hash, uint64(r.Steps), uint64(r.Time), uint64(r.Seen)} {
		b = binary.BigEndian.AppendUint64(b, n)
	}
	if r.Finding != nil && !r.Finding.Again() { // which depends on where it was looked again, and on the real clock
		b = append(b, r.Finding.Error()...)
	}
	sum := sha256.Sum256(b)
	*h += Hash(binary.BigEndian.Uint64(sum[:]))
}

// String returns 16 hexadecimal digits.
func (h Hash) String() string { return fmt.Sprintf("%016x", uint64(h)) }

// MarshalText writes what String returns: in JSON a number of 64 bits is not safe with every reader.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (h *Hash) UnmarshalText(text []byte) error {
	n, err := strconv.ParseUint(string(text), 16, 64)
	if err != nil || len(text) != 16 {
		return fmt.Errorf("the hash %q is not of 16 hexadecimal digits", text)
	}
	*h = Hash(n)
	return nil
}
