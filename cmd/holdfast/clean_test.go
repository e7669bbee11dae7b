//go:build linux

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// leaveBehind makes a directory with a file that nobody owns, one that somebody may, and a lock's own.
func leaveBehind(t *testing.T) (dir, nobodys, doubtful string) {
	t.Helper()
	dir = t.TempDir()
	nobodys, doubtful = filepath.Join(dir, "gone.lock.lifetime"), filepath.Join(dir, ".holdfast-0123456789abcdef")
	for path, content := range map[string]string{nobodys: "", doubtful: elsewhere, filepath.Join(dir, "work.lock"): "", filepath.Join(dir, "work.lock.lifetime"): "", filepath.Join(dir, "gone.lock.fence"): ""} {
		must(t, os.WriteFile(path, []byte(content), 0o666))
	}
	return dir, nobodys, doubtful
}

// left fails the test unless so many files are left.
func left(t *testing.T, dir string, want int) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	if len(entries) != want {
		t.Errorf("%d files are left, want %d", len(entries), want)
	}
}

func TestCleanForScripts(t *testing.T) {
	t.Parallel()
	dir, nobodys, doubtful := leaveBehind(t)
	for _, args := range [][]string{{"clean", dir}, {"clean", "-n", dir}} {
		p := start(t, dir, args...)
		p.expect("keep    " + doubtful + ": a marker or lock file of Holdfast that has not got its name, or has lost it: it cannot be told whether pid 4711 on web-3, which it names, is alive")
		p.expect("remove  " + nobodys + ": the record of lifetimes of a lock file that does not exist")
		p.silent()
		p.ends(0, "")
		left(t, dir, 5)
	}
	start(t, dir, "clean", "--yes", "--json", "../cleaned.json", dir).ends(0, "")
	b, err := os.ReadFile(filepath.Join(dir, "../cleaned.json"))
	must(t, err)
	var doc cleanJSON
	must(t, json.Unmarshal(b, &doc))
	if doc.Dir != dir || len(doc.Leftovers) != 2 || doc.Leftovers[0].Removed || doc.Leftovers[0].Keep == "" || !doc.Leftovers[1].Removed || doc.Leftovers[1].Path != nobodys {
		t.Errorf("%s", b)
	}
	left(t, dir, 4)
	p := start(t, dir, "clean", "--yes", ".")
	p.expect("keep    ")
	p.expect("there is nothing to remove")
	p.ends(0, "")
}

func TestCleanAsks(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]int{"y\n": 4, "n\n": 5, "\x04": 5} {
		dir, _, _ := leaveBehind(t)
		ours, theirs := terminal(t)
		cmd := prepare(t, dir, "clean", dir)
		cmd.Stdin = theirs
		p := launch(t, cmd)
		eventually(t, "it asks", func() bool { return strings.HasSuffix(p.errors(), "Remove 1 of 2? [y/N] ") })
		_, err := ours.WriteString(answer)
		must(t, err)
		if code := p.code(); code != 0 {
			t.Errorf("exit code %d, %s", code, p.errors())
		}
		left(t, dir, want)
	}
}

func TestCleanRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "plain"), nil, 0o666))
	for args, row := range map[string]struct {
		code int
		says string
	}{
		"":                {2, "name one DIR"},
		"a b":             {2, "name one DIR"},
		"--yes -n .":      {2, "either --yes or --dry-run"},
		"nowhere":         {76, "nowhere"},
		"plain":           {76, "the path goes through a file"},
		"--json nosuch/f": {2, "name one DIR"},
	} {
		start(t, dir, append([]string{"clean"}, strings.Fields(args)...)...).ends(row.code, row.says)
	}
}
