package campaign

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Shard is a part of a campaign: every Of-th plan, from the Number-th on. Numbers count from 1. The zero Shard is all of it.
type Shard struct{ Number, Of int }

// String returns "2/8".
func (s Shard) String() string { return fmt.Sprintf("%d/%d", s.Number, s.Of) }

// whole returns s, or the one shard that is everything.
func (s Shard) whole() Shard {
	if s.Of == 0 {
		return Shard{1, 1}
	}
	return s
}

// has reports whether a plan belongs to the shard.
func (s Shard) has(plan uint64) bool { return plan%uint64(s.Of) == uint64(s.Number-1) }

// schedulers say in which variables a batch system tells a job which of how many it is, and from which number it counts. The count of an indexed job of Kubernetes is the
// completions that the job asks for, which its pods are not told: the manifest sets the last variable.
var schedulers = []struct {
	name, number, first, count string
}{
	{"Slurm", "SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_COUNT"},
	{"Kubernetes", "JOB_COMPLETION_INDEX", "", "JOB_COMPLETIONS"},
}

// ParseShard reads "I/N", or "auto" for what the batch system says, whose variables lookup returns.
func ParseShard(text string, lookup func(string) (string, bool)) (Shard, error) {
	if text == "auto" {
		return shardOfJob(lookup)
	}
	number, of, _ := strings.Cut(text, "/")
	var s Shard
	var err1, err2 error
	s.Number, err1 = strconv.Atoi(number)
	s.Of, err2 = strconv.Atoi(of)
	if err1 != nil || err2 != nil || s.Of < 1 || s.Number < 1 || s.Number > s.Of {
		return Shard{}, fmt.Errorf("a shard is written I/N, as in 1/8 to 8/8, or auto; not %q", text)
	}
	return s, nil
}

func shardOfJob(lookup func(string) (string, bool)) (Shard, error) {
	for _, b := range schedulers {
		number, ok := lookup(b.number)
		if !ok {
			continue
		}
		count, ok := lookup(b.count)
		if !ok {
			return Shard{}, fmt.Errorf("this is a job of %s, but %s is not set: set it to the number of jobs, or write --shard I/N", b.name, b.count)
		}
		first := "0"
		if b.first != "" {
			if v, ok := lookup(b.first); ok {
				first = v
			}
		}
		i, err1 := strconv.Atoi(number)
		low, err2 := strconv.Atoi(first)
		n, err3 := strconv.Atoi(count)
		if err1 != nil || err2 != nil || err3 != nil || i-low < 0 || i-low >= n {
			return Shard{}, fmt.Errorf("job %s of %s, counted from %s, is no shard: %s numbers its jobs in steps of 1, or write --shard I/N", number, count, first, b.name)
		}
		return Shard{i - low + 1, n}, nil
	}
	return Shard{}, errors.New("no batch system says which shard this is (SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX): write --shard I/N")
}

// ParseSeed reads a seed: a number, or the hash of a commit, so that every commit is tried with seeds of its own that anybody can find again.
func ParseSeed(text string) (uint64, error) {
	if n, err := strconv.ParseUint(text, 10, 64); err == nil {
		return n, nil
	}
	// Of a hash the first digits count, so that it can be shortened; 7 is what git shows at least.
	if len(text) >= 7 && len(text) <= 64 {
		if n, err := strconv.ParseUint(text[:7], 16, 64); err == nil && isHex(text) {
			return n << 32, nil // leaves room for a campaign
		}
	}
	return 0, fmt.Errorf("a seed is a number, or the hash of a commit with 7 digits or more; not %q", text)
}

func isHex(text string) bool {
	return strings.Trim(text, "0123456789abcdef") == ""
}

// ParseSeeds reads a range of seeds, "A-B", or one seed, with which all from there on are meant.
func ParseSeeds(text string) (first, last uint64, err error) {
	from, to, isRange := strings.Cut(text, "-")
	if first, err = ParseSeed(from); err != nil {
		return 0, 0, err
	}
	if !isRange {
		return first, 1<<64 - 1, nil
	}
	if last, err = ParseSeed(to); err != nil {
		return 0, 0, err
	}
	if last < first {
		return 0, 0, fmt.Errorf("the seeds %s end before they begin: write the lower one first", text)
	}
	return first, last, nil
}
