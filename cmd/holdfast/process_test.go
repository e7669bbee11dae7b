//go:build linux

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/fs/osfs"
)

// patience is how long a test waits for what must happen, before it takes it for a failure.
const patience = time.Minute

// testProgram is what both holdfast and the programs that it runs are, see TestMain.
var testProgram, _ = os.Executable()

// process is a holdfast that a test has started.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	in     io.WriteCloser
	lines  <-chan string // of standard output; closed when nobody has it open any more
	stderr *os.File
	exited chan struct{}
}

// prepare makes the command line of a holdfast that runs in dir, in a session of its own: the signals of a terminal in which the tests run are not meant for it.
func prepare(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(testProgram, args...)
	cmd.Dir = dir
	// The race detector's pause before a process ends is for reports that other threads are about to make.
	cmd.Env = append(os.Environ(), roleVariable+"=holdfast", "GORACE=atexit_sleep_ms=0 "+os.Getenv("GORACE"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return cmd
}

// start starts holdfast with pipes for its standard files.
func start(t *testing.T, dir string, args ...string) *process {
	t.Helper()
	return launch(t, prepare(t, dir, args...))
}

func launch(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{t: t, cmd: cmd, exited: make(chan struct{})}
	// Pipes and files of our own: those that exec.Cmd makes end when holdfast does, and its command may be alive.
	if cmd.Stdin == nil {
		r, in, err := os.Pipe()
		must(t, err)
		defer r.Close()
		cmd.Stdin, p.in = r, in
	}
	var out, w *os.File
	var err error
	if cmd.Stdout == nil {
		out, w, err = os.Pipe()
		must(t, err)
		cmd.Stdout = w
	}
	p.stderr, err = os.Create(filepath.Join(t.TempDir(), "stderr"))
	must(t, err)
	cmd.Stderr = p.stderr
	must(t, cmd.Start())
	if w != nil {
		w.Close()
		lines := make(chan string, 1000)
		p.lines = lines
		go func() { // ends with the last process that has the pipe open
			defer close(lines)
			for in := bufio.NewScanner(out); in.Scan(); {
				lines <- in.Text()
			}
			out.Close()
		}()
	}
	go func() {
		cmd.Wait()
		close(p.exited)
	}()
	t.Cleanup(func() {
		if p.in != nil {
			p.in.Close()
		}
		cmd.Process.Kill()
		<-p.exited
		p.stderr.Close()
	})
	return p
}

func (p *process) String() string { return strings.Join(p.cmd.Args[1:], " ") }

func (p *process) pid() int { return p.cmd.Process.Pid }

// next returns the next line of standard output, and false after the last.
func (p *process) next() (string, bool) {
	p.t.Helper()
	select {
	case line, ok := <-p.lines:
		return line, ok
	case <-time.After(patience):
		p.t.Fatalf("%v: says nothing; standard error: %q", p, p.errors())
		return "", false
	}
}

// expect fails the test unless the next line begins with the prefix.
func (p *process) expect(prefix string) string {
	p.t.Helper()
	line, ok := p.next()
	if !ok || !strings.HasPrefix(line, prefix) {
		p.t.Fatalf("%v: says %q, want %q; standard error: %q", p, line, prefix, p.errors())
	}
	return line
}

// event fails the test unless the next line is an event of that name.
func (p *process) event(name string) event {
	p.t.Helper()
	line := p.expect("{")
	var e event
	if err := json.Unmarshal([]byte(line), &e); err != nil || e.Event != name {
		p.t.Fatalf("%v: says %q, want the event %q; standard error: %q", p, line, name, p.errors())
	}
	return e
}

// eventsIn reads what --json has written.
func eventsIn(t *testing.T, file string) []event {
	t.Helper()
	f, err := os.Open(file)
	must(t, err)
	defer f.Close()
	var all []event
	for lines := json.NewDecoder(f); lines.More(); {
		var e event
		must(t, lines.Decode(&e))
		all = append(all, e)
	}
	return all
}

func eventNamesOf(all []event) []string {
	var names []string
	for _, e := range all {
		names = append(names, e.Event)
	}
	return names
}

// silent fails the test unless nobody has standard output open any more and nothing more came.
func (p *process) silent() {
	p.t.Helper()
	if line, ok := p.next(); ok {
		p.t.Errorf("%v: says %q at the end", p, line)
	}
}

func (p *process) tell(format string, args ...any) {
	p.t.Helper()
	_, err := fmt.Fprintf(p.in, format+"\n", args...)
	must(p.t, err)
}

func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	must(p.t, p.cmd.Process.Signal(s))
}

// code waits for the end and returns the exit code: -1 if a signal ended it.
func (p *process) code() int {
	p.t.Helper()
	select {
	case <-p.exited:
	case <-time.After(patience):
		p.t.Fatalf("%v: does not end; standard error: %q", p, p.errors())
	}
	return p.cmd.ProcessState.ExitCode()
}

// ends fails the test unless the process ends with that code, and with what it should say about it: one line that contains the text, or nothing for "".
func (p *process) ends(code int, text string) {
	p.t.Helper()
	got, said := p.code(), p.errors()
	oneLine := strings.HasPrefix(said, "holdfast: ") && strings.Count(said, "\n") == 1 && strings.HasSuffix(said, "\n")
	if got != code || text == "" && said != "" || text != "" && !(oneLine && strings.Contains(said, text)) {
		p.t.Errorf("%v: exit code %d, standard error %q; want %d and one line with %q", p, got, said, code, text)
	}
}

func (p *process) errors() string {
	b, err := os.ReadFile(p.stderr.Name())
	must(p.t, err)
	return string(b)
}

// holdLock starts a holdfast that holds the lock until the test ends or closes its input.
func holdLock(t *testing.T, dir, path string) *process {
	t.Helper()
	p := start(t, dir, "hold", path)
	p.event("acquired")
	return p
}

// status asks holdfast.
func status(t *testing.T, dir, path string) (doc statusJSON, code int) {
	t.Helper()
	p := start(t, dir, "status", "--json", "status.json", path)
	code = p.code()
	b, err := os.ReadFile(filepath.Join(dir, "status.json"))
	must(t, err)
	must(t, json.Unmarshal(b, &doc))
	return doc, code
}

// untilWaiting returns when the process waits for the lock in the kernel.
func untilWaiting(t *testing.T, path string, p *process) {
	t.Helper()
	host := osfs.Default()
	eventually(t, fmt.Sprintf("%v waits", p), func() bool {
		info, err := host.Lstat(path)
		must(t, err)
		table, err := host.LockTable(path, info.ID)
		must(t, err)
		return slices.ContainsFunc(table.Owners, func(o fs.LockOwner) bool { return o.Waiting && o.PID == p.pid() })
	})
}

// eventually looks until it is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !so(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not seen in %v: %s", patience, what)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
