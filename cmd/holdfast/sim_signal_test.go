//go:build linux

package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/holdfast-lock/holdfast/sim/scenario/campaign"
)

// TestSimExploreIsEndedBySignals: what was done until a batch system, the terminal or a person ends a campaign is told.
func TestSimExploreIsEndedBySignals(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(s.String(), func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, "r.json")
			p := start(t, dir, "sim", "explore", "--only", "--seeds", "0", "--for", "1h", "--json", file)
			eventually(t, "the campaign begins", func() bool { _, err := os.Stat(file); return err == nil }) // signals are heeded by then
			p.signal(s)
			p.ends(0, "")
			r, err := readReport(file)
			if err != nil || !slices.Equal(r.Ended, []campaign.Ending{campaign.ByInterrupt}) {
				t.Errorf("%v, %+v", err, r)
			}
			said := false
			for line := range p.lines {
				said = said || strings.Contains(line, "ended by: interrupt")
			}
			if !said {
				t.Error("the summary does not say what ended the campaign")
			}
		})
	}
}
