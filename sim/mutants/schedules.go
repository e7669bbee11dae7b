package mutants

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
)

// SearchCommand is the program that [Schedules] runs.
const SearchCommand = "./sim/mutants/search"

// Schedules is the [Search] among the schedules of campaigns, by a program that was built from [SearchCommand].
func Schedules(ctx context.Context, program string, needs []Need, first uint64, count int) (*Finding, error) {
	words := make([]string, len(needs))
	for i, n := range needs {
		words[i] = string(n)
	}
	search := exec.CommandContext(ctx, program, "-needs", strings.Join(words, ","), "-first", strconv.FormatUint(first, 10), "-count", strconv.Itoa(count))
	var failure bytes.Buffer
	search.Stderr = &failure
	out, err := search.Output()
	if err != nil {
		return nil, fmt.Errorf("the search failed: %w: %s", err, bytes.TrimSpace(failure.Bytes()))
	}
	var found *Finding
	if err := json.Unmarshal(out, &found); err != nil {
		return nil, fmt.Errorf("the search printed %q: %w", out, err)
	}
	return found, nil
}
