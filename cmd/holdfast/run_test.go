//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// runPuppet starts a holdfast that runs the test's program, and returns when that is ready.
func runPuppet(t *testing.T, dir, kindOfPuppet string, flags ...string) (*process, int) {
	t.Helper()
	p := start(t, dir, puppetArgs(kindOfPuppet, flags...)...)
	return p, p.ready()
}

func puppetArgs(kindOfPuppet string, flags ...string) []string {
	return slices.Concat([]string{"run"}, flags, []string{"l", "--", testProgram, puppetName, kindOfPuppet})
}

// ready returns the number of the puppet.
func (p *process) ready() int {
	p.t.Helper()
	pid, err := strconv.Atoi(strings.TrimPrefix(p.expect("ready "), "ready "))
	must(p.t, err)
	return pid
}

func TestRunsExcludeEachOther(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, _ := runPuppet(t, dir, "obey")
	second := start(t, dir, puppetArgs("obey", "--json", "events")...)
	untilWaiting(t, filepath.Join(dir, "l"), second)
	select {
	case line := <-second.lines:
		t.Errorf("the second command runs beside the first: %q", line)
	default:
	}
	first.tell("exit 0")
	first.ends(0, "")
	second.ready()
	second.tell("exit 5")
	second.ends(5, "")
}

func TestManyRunsDoNotOverlap(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const runs = 12
	var all []*process
	for range runs {
		all = append(all, start(t, dir, "run", "l", "--", testProgram, puppetName, "alone", "work"))
	}
	for _, p := range all {
		p.ends(0, "")
	}
	b, err := os.ReadFile(filepath.Join(dir, "work"))
	must(t, err)
	if string(b) != strconv.Itoa(runs) {
		t.Errorf("%s of %d have done their work", b, runs)
	}
}

// TestRunPassesSignalsOn to a command that handles them, and to one that does not.
func TestRunPassesSignalsOn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, _ := runPuppet(t, dir, "obey")
	for _, s := range caught {
		p.signal(s.(syscall.Signal))
		p.expect("got " + s.String())
	}
	p.tell("exit 4")
	p.silent()
	p.ends(4, "")
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		p, _ := runPuppet(t, dir, "meek")
		p.signal(s)
		p.silent()
		p.ends(128+int(s), "")
	}
}

// TestRunLeavesIgnoredSignalsIgnored: as under nohup(1).
func TestRunLeavesIgnoredSignalsIgnored(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := prepare(t, dir, puppetArgs("meek")...)
	cmd.Args = slices.Concat([]string{"sh", "-c", `trap "" HUP; exec "$0" "$@"`, cmd.Path}, cmd.Args[1:])
	cmd.Path = "/bin/sh"
	p := launch(t, cmd)
	p.ready()
	p.signal(syscall.SIGHUP)
	p.tell("hup?")
	p.expect("ignored true")
	p.tell("exit 0")
	p.ends(0, "")
}

// TestKeysOfTheTerminalReachTheCommandOnce: the terminal sends ^C to the command itself.
func TestKeysOfTheTerminalReachTheCommandOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	keyboard, terminal := openTerminal(t)
	cmd := prepare(t, dir, puppetArgs("obey")...)
	cmd.Stdin = terminal
	cmd.SysProcAttr.Setctty = true // of standard input
	p := launch(t, cmd)
	p.ready()
	for key, s := range map[string]syscall.Signal{"\x03": syscall.SIGINT, "\x1c": syscall.SIGQUIT} {
		_, err := keyboard.WriteString(key)
		must(t, err)
		p.expect("got " + s.String())
		// SIGTERM comes last of those that are waiting, both here and there.
		p.signal(syscall.SIGTERM)
		p.expect("got terminated")
	}
	keyboard.WriteString("exit 0\n")
	p.ends(0, "")
}

// openTerminal makes a terminal, and returns its two ends.
func openTerminal(t *testing.T) (keyboard, terminal *os.File) {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no terminal can be made here: %v", err)
	}
	t.Cleanup(func() { keyboard.Close() })
	must(t, unix.IoctlSetPointerInt(int(keyboard.Fd()), unix.TIOCSPTLCK, 0))
	n, err := unix.IoctlGetInt(int(keyboard.Fd()), unix.TIOCGPTN)
	must(t, err)
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	must(t, err)
	t.Cleanup(func() { terminal.Close() })
	return keyboard, terminal
}

// TestStoppedJobGoesOn: a terminal's ^Z stops the whole job; SIGCONT to holdfast alone continues the command as well.
func TestStoppedJobGoesOn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := prepare(t, dir, puppetArgs("meek")...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a group with a parent in its session, or the kernel would not stop it
	p := launch(t, cmd)
	puppet := p.ready()
	must(t, syscall.Kill(-p.pid(), syscall.SIGTSTP))
	for _, pid := range []int{p.pid(), puppet} {
		eventually(t, fmt.Sprintf("%d is stopped", pid), func() bool { return stateOf(t, pid) == "T" })
	}
	if doc, code := status(t, dir, "l"); code != 1 || doc.Holders[0].PID != p.pid() {
		t.Errorf("a stopped job does not hold its lock: %+v", doc)
	}
	p.signal(syscall.SIGCONT)
	p.tell("exit 0")
	p.ends(0, "")
}

// stateOf is the letter that /proc has for what a process does.
func stateOf(t *testing.T, pid int) string {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	must(t, err)
	return strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))[0]
}

// TestSignalEndsTheWait, and leaves nothing behind.
func TestSignalEndsTheWait(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	holder := holdLock(t, dir, "l")
	for _, command := range []string{"run", "hold"} {
		for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2} {
			args := []string{"hold", "l"}
			if command == "run" {
				args = puppetArgs("meek", "--json", "-")
			}
			p := start(t, dir, args...)
			p.event("waiting")
			p.signal(syscall.SIGWINCH) // does not
			p.signal(s)
			if e := p.event("failed"); !strings.Contains(e.Error, s.String()) {
				t.Errorf("failed for %q", e.Error)
			}
			p.silent()
			p.ends(128+int(s), "ended by a signal: "+s.String())
		}
	}
	if doc, code := status(t, dir, "l"); code != 1 || len(doc.Holders) != 1 || doc.Holders[0].PID != holder.pid() || len(doc.Waiters) != 0 {
		t.Errorf("afterwards: %+v", doc)
	}
}

// TestKilledRunTakesItsCommandAlong: it would run on without the lock.
func TestKilledRunTakesItsCommandAlong(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, _ := runPuppet(t, dir, "obey")
	next := start(t, dir, puppetArgs("meek")...)
	untilWaiting(t, filepath.Join(dir, "l"), next)
	p.signal(syscall.SIGKILL)
	p.silent() // the command was the last that could have said something
	next.ready()
	next.tell("exit 0")
	next.ends(0, "")
}

func TestCommandDoesNotInheritTheLock(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, puppet := runPuppet(t, dir, "meek", "--fencing", "--lifetime", "1h", "--json", "events")
	p.tell("files")
	files, _ := p.next()
	for name := range strings.FieldsSeq(files) {
		if strings.HasPrefix(name, dir) {
			t.Errorf("the command has %s open", name)
		}
	}
	p.tell("spawn")
	child := p.ready()
	p.ends(0, "")
	if child == puppet || syscall.Kill(child, 0) != nil {
		t.Fatal("what the command left behind has ended, so that this shows nothing")
	}
	if doc, code := status(t, dir, "l"); code != 0 {
		t.Errorf("the lock is not free: %+v", doc)
	}
	p.tell("exit 0")
	p.silent()
}

func TestCommandFindsLockAndToken(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := filepath.Join(dir, "l")
	for n := range 2 {
		p, _ := runPuppet(t, dir, "meek", "--fencing")
		p.tell("environment")
		p.expect(fmt.Sprintf("%s %d", l, n+1))
		p.tell("exit 0")
		p.ends(0, "")
	}
	// The number of a lock outside is not that of the lock inside.
	outer := start(t, dir, slices.Concat([]string{"run", "--fencing", "outer", "--", testProgram}, puppetArgs("meek"))...)
	outer.ready()
	outer.tell("environment")
	if line := outer.expect(l); line != l+" " {
		t.Errorf("the command finds %q", line)
	}
}

// TestTimeoutNamesTheHolder, on standard error and among the events.
func TestTimeoutNamesTheHolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	holder := holdLock(t, dir, "l")
	for _, flags := range [][]string{{"--no-wait"}, {"--timeout", "20ms"}} {
		p := start(t, dir, puppetArgs("meek", append(flags, "--json", "-")...)...)
		if flags[0] == "--timeout" {
			p.event("waiting")
		}
		if e := p.event("failed"); !slices.Equal(e.Holders, []int{holder.pid()}) {
			t.Errorf("%v: the event names %v as holders, want %d", flags, e.Holders, holder.pid())
		}
		p.silent()
		p.ends(75, fmt.Sprintf("held by pid %d (", holder.pid()))
	}
}

func TestRunTellsEvents(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, _ := runPuppet(t, dir, "meek", "--fencing", "--json", "events")
	p.tell("exit 3")
	p.silent()
	p.ends(3, "")
	told := eventsIn(t, filepath.Join(dir, "events"))
	if !slices.Equal(eventNamesOf(told), []string{"acquired", "released"}) {
		t.Fatalf("%+v", told)
	}
	for _, e := range told {
		if e.Path != filepath.Join(dir, "l") || e.PID != p.pid() || e.Time.IsZero() || e.Token != 1 || (e.Waited != nil) != (e.Event == "acquired") {
			t.Errorf("%+v", e)
		}
	}
}

// enoughToStart is a lifetime that passes during a test, and not before the command is ready on a machine that has much else to do.
const enoughToStart = "4s"

// TestExpiredRunEndsItsCommand: politely, and then not.
func TestExpiredRunEndsItsCommand(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, puppet, killAfter string
		stop                    bool
		ended                   string
	}{
		{"that goes", "meek", "1h", false, "terminated"},
		{"that does not", "obey", "1ms", false, "killed"},
		{"that is stopped", "meek", "1h", true, "terminated"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			p, puppet := runPuppet(t, dir, row.puppet, "--lifetime", enoughToStart, "--kill-after", row.killAfter, "--json", "events")
			if row.stop {
				must(t, syscall.Kill(puppet, syscall.SIGSTOP))
			}
			if row.puppet == "obey" {
				// Two signals sent one after the other can be taken in the other order, by two threads, and the process be killed before it tells of either.
				expected := []string{"got terminated", "got continued"}
				for line, ok := p.next(); ok; line, ok = p.next() {
					i := slices.Index(expected, line)
					if i < 0 {
						t.Fatalf("says %q, of which only %q were left to say", line, expected)
					}
					expected = slices.Delete(expected, i, i+1)
				}
			}
			p.silent()
			p.ends(76, "the hold was lost: its time is over, and the command ended with signal: "+row.ended)
			if told := eventNamesOf(eventsIn(t, filepath.Join(dir, "events"))); !slices.Equal(told, []string{"acquired", "lost"}) {
				t.Errorf("told %q", told)
			}
		})
	}
}

// TestCommandThatOutlivesTheHold: the lock is another's meanwhile, and a command that succeeds in the end has not done so inside.
func TestCommandThatOutlivesTheHold(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, _ := runPuppet(t, dir, "obey", "--lifetime", enoughToStart, "--kill-after", "1h")
	p.expect("got ")
	p.expect("got ")
	start(t, dir, "run", "--no-wait", "l", "--", "true").ends(0, "")
	p.tell("exit 0")
	p.ends(76, "and the command ended with exit status 0: allow it more time with --lifetime")
}

// TestLostEventsAreAnError, of a command that has succeeded; one that has not has its own.
func TestLostEventsAreAnError(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	start(t, dir, "run", "--json", "/dev/full", "l", "--", "true").ends(1, "events are missing")
	start(t, dir, "run", "--json", "/dev/full", "l", "--", "sh", "-c", "exit 9").ends(9, "")
	start(t, dir, "hold", "--json", "/dev/full", "l").ends(1, "events are missing")
}
