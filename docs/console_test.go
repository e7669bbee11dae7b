package docs_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"
)

// A block whose language is console is a session with a shell: a line that begins with "$ " is typed, and what follows must be printed, on either output. An ellipsis (…) stands
// for anything, line ends included. The sessions of a page run in one directory, one after the other.

// programs returns a directory with the command line in it.
func programs(t *testing.T) string {
	t.Helper()
	dir := t.TempDir() + string(filepath.Separator)
	build := exec.Command("go", "build", "-o", dir, "./cmd/holdfast")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return dir
}

func TestSessionsAreTrue(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the sessions are of Linux")
	}
	bin := programs(t)
	found := 0
	for _, p := range pages(t) {
		dir := t.TempDir()
		for _, b := range p.blocks(t) {
			if b.info != "console" {
				continue
			}
			found++
			steps := session(t, b)
			for i, got := range play(t, bin, dir, steps) {
				if !matches(got, steps[i].output) {
					t.Errorf("%s:%d: $ %s\nprinted\n%swhere the page says\n%s", b.page, b.line, steps[i].command, got, steps[i].output)
				}
			}
		}
	}
	if found == 0 {
		t.Fatal("no session was found: the search is wrong")
	}
}

func TestWrongSessionsAreFound(t *testing.T) {
	for _, row := range []struct {
		printed, said string
		same          bool
	}{
		{"a\n", "a\n", true},
		{"a\n", "b\n", false},
		{"a\nb\n", "a\n", false},
		{"pid 4711 (x)\n", "pid … (x)\n", true},
		{"pid 4711 (y)\n", "pid … (x)\n", false},
		{"a\nb\nPASSED\n", "…\nPASSED\n", true},
		{"a.c\n", "a…\n", true},
		{"abc\n", "a.c\n", false},
	} {
		if got := matches(row.printed, row.said); got != row.same {
			t.Errorf("printed %q, said %q: %t", row.printed, row.said, got)
		}
	}
}

func matches(got, want string) bool {
	pattern := strings.ReplaceAll(regexp.QuoteMeta(want), "…", ".*")
	return regexp.MustCompile(`(?s)\A` + pattern + `\z`).MatchString(got)
}

type typed struct{ command, output string }

// session takes a block apart.
func session(t *testing.T, b block) []typed {
	t.Helper()
	var steps []typed
	for line := range strings.Lines(b.text) {
		command, isCommand := strings.CutPrefix(line, "$ ")
		switch {
		case isCommand:
			steps = append(steps, typed{command: strings.TrimSuffix(command, "\n")})
		case len(steps) == 0:
			t.Fatalf("%s:%d: a session that does not begin with a command", b.page, b.line)
		default:
			steps[len(steps)-1].output += line
		}
	}
	return steps
}

// end is printed after each command, and leaves its exit code as it is.
const end = "\x01"

// play runs the commands in one shell and returns what each printed.
func play(t *testing.T, bin, dir string, steps []typed) []string {
	t.Helper()
	var script strings.Builder
	for _, s := range steps {
		fmt.Fprintf(&script, "%s\n{ code=$?; printf '%s'; (exit $code); }\n", s.command, end)
	}
	file := filepath.Join(t.TempDir(), "session.sh")
	if err := os.WriteFile(file, []byte(script.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	shell := exec.Command("sh", file)
	shell.Dir = dir
	shell.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
	shell.WaitDelay = time.Minute
	out, err := shell.CombinedOutput()
	outputs := strings.Split(string(out), end)
	if len(outputs) != len(steps)+1 {
		t.Fatalf("the shell ended in the middle (%v):\n%s", err, out)
	}
	return outputs[:len(steps)]
}
