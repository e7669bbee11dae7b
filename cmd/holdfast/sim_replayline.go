package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/holdfast-lock/holdfast/sim/scenario/campaign"
)

// replayLine returns what to paste where this program was called to see a finding again.
func replayLine(r *campaign.Report, f *campaign.Finding) string {
	self, _ := os.Executable()
	return replayWith(program(os.Args[0], self), r, f)
}

func replayWith(program string, r *campaign.Report, f *campaign.Finding) string {
	switch {
	case f.Folder != "":
		return program + " sim replay " + pasted(filepath.ToSlash(filepath.Join(f.Folder, campaign.ScenarioFile)))
	case r.Bound == nil:
		return program + " sim replay " + r.Profile + " " + strconv.FormatUint(f.Seed, 10)
	}
	return "" // no seed makes it; the report has its scenario
}

// program returns how this program was called. One that "go run" built is gone when it ends.
func program(called, executable string) string {
	if strings.Contains(filepath.ToSlash(executable), "/go-build") {
		return "go run ./cmd/holdfast"
	}
	return pasted(called)
}

// pasted writes a word for a shell.
func pasted(word string) string {
	special := func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-./:=@%+,", r) || r == os.PathSeparator)
	}
	switch {
	case word != "" && !strings.ContainsFunc(word, special):
		return word
	case os.PathSeparator == '\\':
		return `"` + word + `"` // a name has no such mark on Windows
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
