package mutants

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// SearchCommand is the program that [Schedules] runs.
const SearchCommand = "./sim/mutants/search"

// Schedules are those of campaigns, searched by a program that was built from [SearchCommand].
type Schedules struct{}

// Search is that of [Searcher].
func (Schedules) Search(ctx context.Context, program string, needs []Need, first uint64, count int) (*Finding, error) {
	words := make([]string, len(needs))
	for i, n := range needs {
		words[i] = string(n)
	}
	var found *Finding
	_, err := ask(exec.CommandContext(ctx, program, "-needs", strings.Join(words, ","), "-first", strconv.FormatUint(first, 10), "-count", strconv.Itoa(count)), &found)
	return found, err
}

// Shrink is that of [Searcher].
func (Schedules) Shrink(ctx context.Context, program, scenario string) (*Small, error) {
	shrink := exec.CommandContext(ctx, program, "-shrink")
	shrink.Stdin = strings.NewReader(scenario)
	var small *Small
	cpu, err := ask(shrink, &small)
	if small != nil {
		small.CPU = cpu
	}
	return small, err
}

// Replay is that of [Searcher].
func (Schedules) Replay(ctx context.Context, program, scenario string) (*Finding, error) {
	replay := exec.CommandContext(ctx, program, "-replay")
	replay.Stdin = strings.NewReader(scenario)
	var found *Finding
	_, err := ask(replay, &found)
	return found, err
}

// ask runs the program, takes its answer, and returns the time of the processor that it took.
func ask(search *exec.Cmd, answer any) (time.Duration, error) {
	var failure bytes.Buffer
	search.Stderr = &failure
	out, err := search.Output()
	if err != nil {
		return 0, fmt.Errorf("the search failed: %w: %s", err, bytes.TrimSpace(failure.Bytes()))
	}
	if err := json.Unmarshal(out, answer); err != nil {
		return 0, fmt.Errorf("the search printed %q: %w", out, err)
	}
	return search.ProcessState.UserTime() + search.ProcessState.SystemTime(), nil
}
