package scenario

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/sim"
	"github.com/holdfast-lock/holdfast/sim/disk"
	"pgregory.net/rapid"
)

// Every error says where it is and what was expected.
func TestErrorsOfTheParser(t *testing.T) {
	const lock = "lock k /data/k.lock\n"
	const peer = "lock p /data/p.lock kind=soft python=3.30.0\n"
	for _, row := range []struct{ text, want string }{
		{"disk", "x:1: expected posix or tmpfs, not the end of the line"},
		{"disk ntfs", `x:1: expected posix or tmpfs, not "ntfs"`},
		{"disk posix mtime=soon", `x:1: expected mtime=DURATION, not "mtime=soon"`},
		{"disk posix mtime=5", `x:1: expected mtime=DURATION with a unit, such as 5s, not "mtime=5"`},
		{"lock k -> ok", `x:1: expected a path, or the client that acquires before the line, as in: a lock k -> ok, not "->"`},
		{lock + "a lock k\nlock k -> ok", `x:3: expected the client that does it before "lock", as in: a lock k -> ok`},
		{lock + "advance 5", `x:2: expected a duration with a unit, such as 5s, not "5"`},
		{lock + "a lock k timeout=5 -> ok", `x:2: expected timeout=DURATION with a unit, such as 5s, not "timeout=5"`},
		{lock + "\ufeffa lock k", `x:2: expected a step, such as: a lock k, not "\ufeffa"`},
		{"disk posix fast", "x:1: expected one of mtime=DURATION, reuse-inodes, writeback=NUMBER, block=NUMBER, no-locks, "},
		{"disk posix no-locks no-locks", "x:1: expected one of mtime=DURATION, reuse-inodes, "},
		{"disk posix no-locks=1", "x:1: expected one of "},
		{"disk posix\ndisk tmpfs", `x:2: expected no second "disk"`},
		{"machine", "x:1: expected the name of a machine, not the end of the line"},
		{"machine 1m", `x:1: expected the name of a machine, not "1m"`},
		{"machine m1\nmachine m1", `x:2: expected no second machine "m1"`},
		{"machine m1 drift=2", `x:1: expected drift=FRACTION, not "drift=2"`},
		{"process a on", "x:1: expected the name of a machine, not the end of the line"},
		{"process a on m2", `x:1: expected a machine, not "m2"`},
		{"process a\nprocess a", `x:2: expected no second process "a"`},
		{"process kill", `x:1: expected another name than "kill", which a step can begin with`},
		{"process a hostname=h", `x:1: expected a container for the hostname "h"`},
		{"process a umask=7", `x:1: expected umask=MODE, not "umask=7"`},
		{"process a user=-1", `x:1: expected user=NUMBER, not "user=-1"`},
		{"lock", "x:1: expected the name of a lock, not the end of the line"},
		{"lock k", "x:1: expected the path of the lock file, not the end of the line"},
		{lock + lock, `x:2: expected no second lock "k"`},
		{"lock k /k lifetime=0", `x:1: expected lifetime=DURATION, not "lifetime=0"`},
		{"lock k /k lifetime=-1s", `x:1: expected lifetime=DURATION, not "lifetime=-1s"`},
		{"lock k /k lifetime", "x:1: expected one of kind=KIND, python=VERSION, timeout=DURATION, no-wait, poll=DURATION, lifetime=DURATION, "},
		{"lock k /k fallback=q", `x:1: expected a lock that stands above, not "q"`},
		{"slack soon", `x:1: expected a duration up to 1h or unbounded, not "soon"`},
		{"slack 61m", `x:1: expected a duration up to 1h or unbounded, not "61m"`},
		{"slack -1s", `x:1: expected a duration up to 1h or unbounded, not "-1s"`},
		{"slack 1ms 2ms", `x:1: expected the end of the line, not "2ms"`},
		{"limit -1s", `x:1: expected a duration, not "-1s"`},
		{"seed x", `x:1: expected a number, not "x"`},
		{"strategy", "x:1: no strategy given, want one of: first, random"},
		{"strategy best", `x:1: strategy "best": not known, want one of: first, random`},
		{"strategy random\nswitch a#1 b", "x:2: expected a strategy or switches, not both"},
		{"switch a", `x:1: expected a task and the number of its call, as in a#12, not "a"`},
		{"switch a#1", "x:1: expected the task that goes on, as in a.1, not the end of the line"},
		{"lock k /k python=3.8.0", `x:1: expected python=VERSION, not "python=3.8.0"`},
		{"lock k /k python=3.29", `x:1: expected python=VERSION, not "python=3.29"`},
		{"lock k /k kind=lease python=3.29.7", "x:1: python: filelock 3.29.7 has no SoftFileLease: write a version from 3.30.0 on"},
		{"lock k /k kind=soft lifetime=1s python=3.23.0", "x:1: python: filelock 3.23.0 has no lifetime: write a version from 3.24.0 on"},
		{"lock k k kind=soft python=3.23.0", `x:1: expected an absolute path without detours with python=3.23.0, not "k"`},
		{"lock k /k python=3.30.0 fencing", "x:1: expected none of fencing, shared, singleton, hook-fails and fallback with python=3.30.0: "},
		{peer + "lock q /q fallback=p", `x:2: expected a lock of Holdfast to fall back to, not "p"`},
		{peer + "lock k /k\na lock k\na lock p", "x:4: a lock p: expected a lock of Holdfast: a has some already, "},
		{peer + "lock k /k\na lock p\na.1 lock k", "x:4: a.1 lock k: expected a lock of filelock: a has some already, "},
		{peer + "a lock p\na status p", "x:3: a status p: expected lock, unlock or, of a lease, vouch: "},
		{peer + "a lock p\na vouch p", "x:3: a vouch p: expected a lease: "},
		{peer + "a lock p deadline=1s", "x:2: a lock p deadline=1s: expected neither in nor deadline: "},
		{peer + "a lock p as h\na lock p in h", "x:3: a lock p in h: expected neither in nor deadline: "},
		{peer + "cancel a\na lock p", "x:2: cancel a: expected a client of Holdfast: "},
		{"fault", "x:1: expected the name of a process, or *, not the end of the line"},
		{"fault a shut k #1 after kill", `x:1: expected a call such as open or trylock, or *, not "shut"`},
		{"fault a open", "x:1: expected a pattern of paths, or *, not the end of the line"},
		{"fault a open k 1 after kill", `x:1: expected the number of the call, as in #1, or every, not "1"`},
		{"fault a open k #1 during kill", `x:1: expected before or after, not "during"`},
		{"fault a open k #1 after hang", `x:1: expected one of error, delay, stop, kill, power, short, spurious, not "hang"`},
		{"fault a open k #1 after error", "x:1: expected the name of an error number, such as ENOSPC, not the end of the line"},
		{"fault a open k #1 after error EWHAT", `x:1: expected the name of an error number, such as ENOSPC, not "EWHAT"`},
		{"fault a open k #1 after delay", "x:1: expected how long the call takes, not the end of the line"},
		{"fault a unlock k #1 after error EIO", "x:1: expected before, or another call: a local disk reports no error for a call that has changed names or locks, such as unlock"},
		{"fault a link k #1 after error EIO", "x:1: expected before, or another call: a local disk reports no error for a call that has changed names or locks, such as link"},
		{"fault a * k #1 after error EIO", "x:1: expected before, or another call: a local disk reports no error for a call that has changed names or locks, such as unlock"},
		{"fault a open k #1 after kill now", `x:1: expected the end of the line, not "now"`},
		{"fault a open k #1 after kill", `x:1: expected a process, not "a"`},
		{lock + "a lock", "x:2: expected the name of a lock, not the end of the line"},
		{lock + "a lock q", `x:2: a lock q: expected a lock, not "q"`},
		{lock + "a lock k as", "x:2: expected the name of a hold, not the end of the line"},
		{lock + "a lock k as k", "x:2: a lock k as k: expected a name for the hold that no lock has"},
		{lock + "a lock k in h", `x:2: a lock k in h: expected a hold that the process acquires, not "h"`},
		{lock + "a lock k try timeout=1s", "x:2: a lock k try timeout=1s: expected one attempt or a bound, not both"},
		{lock + "a lock k timeout=0", `x:2: expected timeout=DURATION, not "timeout=0"`},
		{lock + "a lock k soon", `x:2: expected the end of the line, not "soon"`},
		{lock + "a lock k -> fine", `x:2: expected one of ok, timeout, canceled, deadlock, expired, closed, settings, unsupported, error, dead, nothing, not "fine"`},
		{lock + "a lock k ->", "x:2: expected one of ok, timeout, "},
		{lock + "a lock k -> error", "x:2: expected part of the error's text, or the name of an error number, not the end of the line"},
		{lock + "a lock k -> ok token=x", `x:2: expected token=NUMBER, not "token=x"`},
		{lock + "a lock k -> ok levels=2", "x:2: expected one of token=NUMBER, depth=NUMBER, within=DURATION, calls=NUMBER, the end of the line, not"},
		{lock + "a lock k & -> ok", "x:2: a lock k & -> ok: expected no outcome: a wait has it"},
		{lock + "a lock k &\na unlock k", "x:3: a unlock k: expected a wait: the step before is not done"},
		{lock + "a wait", "x:2: a wait: expected a step of a that ends in & before"},
		{lock + "a unlock k h", `x:2: a unlock k h: expected a hold that the process acquires, not "h"`},
		{lock + "lock q /data/q.lock\na lock k as h\na unlock q h", `x:4: a unlock q h: expected a hold of q, not "h"`},
		{lock + "lock q /data/q.lock\na lock k as h\na lock q as h", "x:4: a lock q as h: expected another name: a hold of another lock has this one"},
		{"a jump", "x:1: expected one of lock, unlock, unlock-all, wait, sleep, "},
		{"a.2 sleep 1s", "x:1: a.2 sleep 1s: expected a task a.1 before a.2"},
		{"a.x sleep 1s", `x:1: expected a step, such as: a lock k, not "a.x"`},
		{"a sleep", "x:1: expected a duration, not the end of the line"},
		{"kill a", `x:1: kill a: expected a process, not "a"`},
		{"suspend m2", `x:1: suspend m2: expected a machine, not "m2"`},
		{"clock m1 30s", `x:1: expected + or -, and a duration, not "30s"`},
		{"power m1 keep=some", `x:1: expected keep=none or keep=all, not "keep=some"`},
		{"cancel a.1", `x:1: cancel a.1: expected a client, not "a.1"`},
		{"await", "x:1: expected one of stopped, dead, blocked, held, not the end of the line"},
		{"await bored a", `x:1: expected one of stopped, dead, blocked, held, not "bored"`},
		{"check clean", `x:1: expected one of free, held, exists, missing, content, mode, leftovers, same, not "clean"`},
		{"check leftovers /data", `x:1: expected a number, not "/data"`},
		{"stranger lock k", "x:1: expected one of sleep, kill, stop, "},
		{"stranger check free k", `x:1: expected one of sleep, kill, stop, `},
		{"stranger chmod 644 /data", `x:1: expected permission bits such as 0644, not "644"`},
		{"stranger mkdir /data/d mode=777", `x:1: expected mode=MODE, such as mode=1777, not "mode=777"`},
		{"stranger remount rx", `x:1: expected ro or rw, not "rx"`},
		{"rename /a /b", `x:1: expected one of lock, unlock, `},
		{"concurrently\nconcurrently", `x:2: expected a step or end, not "concurrently": one block is open already`},
		{"concurrently now", `x:1: expected the end of the line, not "now"`},
		{"concurrently\na sleep 1s", "x:1: expected end after the steps that happen concurrently"},
		{"end", `x:1: expected a step, not "end": no block is open`},
		{lock + "concurrently\n\ta lock k &\nend", "x:3: a lock k &: expected neither & nor wait where everything happens concurrently"},
		{"a sleep 1s\nseed 4", `x:2: expected a step, not "seed": what is fixed for the whole run stands before the first step`},
		{"a write /data/x \"no end", `x:1: expected a closing quote, as in "a \"b\""`},
		{"a write /data/x \"a\"b", `x:1: expected white space after "a"`},
		{"a exec a2\na fork a2", "x:2: a fork a2: expected a new name for the child"},
		{"process b\na exec b", "x:2: a exec b: expected a new name for the child: a process has this one"},
		{"b sleep 1s\na fork b", "x:2: a fork b: expected a new name for the child: a process has this one"},
		{"a exec a", "x:1: a exec a: expected a new name for the child: a process has this one"},
		{"seed 1\n-- what --\n", `x:2: expected files/PATH or one expect, not a member "what"`},
		{"seed 1\n-- expect --\nx\n-- expect --\n", `x:4: expected files/PATH or one expect, not a member "expect"`},
	} {
		_, err := Parse("x", []byte(row.text))
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%q: no error", row.text)
			continue
		}
		if !strings.HasPrefix(err.Error(), row.want) {
			t.Errorf("%q:\n got %v\nwant %s", row.text, err, row.want)
		}
	}
}

// A file that was written on Windows is the same scenario.
func TestMarksOfWindowsSayNothing(t *testing.T) {
	const text = "# top\nlock k /data/k.lock\n\na lock k\n-- files/data/x --\nold\n-- expect --\nold\n"
	want, got := parsed(t, text), parsed(t, "\ufeff"+strings.ReplaceAll(text, "\n", "\r\n"))
	if !got.Equal(want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}

func TestCommentsAndBlankLinesSayNothing(t *testing.T) {
	s, err := Parse("x", []byte("# top\n#\n#  further\n\n# not the top\nlock k /data/k.lock\n\n  # in between\na lock k -> ok\n"))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"top", "", " further"}; !slices.Equal(s.Comment, want) {
		t.Errorf("the comment is %q, want %q", s.Comment, want)
	}
	if len(s.Steps) != 1 || s.Steps[0].Line != 9 {
		t.Errorf("the steps are %v", s.Steps)
	}
}

// drawn is a scenario that can be compiled. Its parts are drawn independently, so that every word of the language comes up.
func drawn(t *rapid.T) *Scenario {
	d := &drawing{t, rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))}
	s := &Scenario{Seed: d.Uint64N(3)}
	for range d.IntN(3) {
		s.Comment = append(s.Comment, d.pick("what", "", " went", "-- wrong --x", "a \"b\""))
	}
	if d.maybe() {
		s.Disk = disk.Options{Kind: disk.Kind(d.IntN(2)), Granularity: d.duration(), ReuseInodes: d.maybe(), Writeback: d.IntN(3), Block: d.IntN(3), NoLocks: d.maybe(), NoRegions: d.maybe(),
			NoKernelWait: d.maybe(), ProtectedRegular: d.maybe(), ProtectedSymlinks: d.maybe(), ProtectedHardlinks: d.maybe(), ReadOnly: d.maybe(), Capacity: d.Int64N(3)}
	}
	machines := []string{DefaultMachine}
	if d.maybe() {
		s.Machines = append(s.Machines, Machine{"m2", d.duration() - time.Second, float64(d.IntN(3)) / 1000, d.duration()})
		machines = append(machines, "m2")
	}
	processes := []string{"a", "b", "c-3"}
	for _, p := range processes {
		if d.maybe() {
			q := Process{Name: p, Machine: d.pick("", machines[len(machines)-1]), User: d.IntN(3), WorkDir: d.pick("", "/data"), Umask: uint32(d.IntN(3))}
			if d.maybe() {
				q.Container, q.Hostname = "box", d.pick("", "host")
			}
			s.Processes = append(s.Processes, q)
		}
	}
	for i, name := range []string{"k", "q"} {
		k := Lock{Name: name, Path: d.pick("/data/k.lock", "/data/a b", "k.lock", "/data/=#"), Timeout: d.duration(), Poll: d.duration(), Lifetime: d.duration(), Mode: uint32(d.IntN(512)), NoWait: d.maybe(),
			Fencing: d.maybe(), Shared: d.maybe(), Singleton: d.maybe(), HookFails: d.maybe()}
		if i > 0 && d.maybe() {
			k.Fallback = "k"
		}
		s.Locks = append(s.Locks, k)
	}
	s.Slack, s.Limit = min(d.duration()-1, MostSlack), d.duration()
	if s.Slack == -1 || d.maybe() {
		s.Slack = Unbounded
	}
	if d.maybe() {
		s.Strategy = d.pick("random", "sticky odds=3", "pct depth=4 length=7", "pos", "portfolio")
	} else {
		for range d.IntN(3) {
			s.Switches = append(s.Switches, sim.Deviation{Task: d.pick("a", "b.2", "", "world.1"), Calls: d.IntN(99), Next: d.pick("a.1", "c-3")})
		}
	}
	for range d.IntN(4) {
		f := sim.Fault{Process: d.pick("", "a"), Op: sim.Op(d.IntN(len(sim.Ops()) + 1)), Path: d.pick("", "k.lock*", "a b", "/x/*"), Nth: d.IntN(3), After: d.maybe(), Kind: sim.FaultKind(1 + d.IntN(int(sim.Spurious)))}
		switch f.Kind {
		case sim.Error:
			f.Err, _ = sim.ParseErrno(d.pick("EIO", "ENOSPC"))
		case sim.Delay, sim.Stop:
			f.For = d.duration()
		case sim.Short:
			f.Bytes = d.IntN(3)
		}
		f.After = f.After && (f.Kind != sim.Error || !slices.Contains(whole, f.Op))
		s.Faults = append(s.Faults, f)
	}
	for _, p := range processes { // all are there, and so are their tasks and holds
		for _, client := range []string{p, p + ".1"} {
			s.Steps = append(s.Steps, Step{Client: client, Verb: VerbLock, Lock: "k", Hold: "h"})
		}
	}
	for range d.IntN(12) {
		s.Steps = append(s.Steps, d.step(machines, processes, false))
		if d.IntN(4) == 0 {
			block := Step{Verb: VerbConcurrently}
			for range d.IntN(5) {
				block.Block = append(block.Block, d.step(machines, processes, true))
			}
			s.Steps = append(s.Steps, block)
		}
	}
	for i := range d.IntN(3) {
		s.Files = append(s.Files, File{"/data/" + string(rune('x'+i)), d.pick("", "text\n", "two\nlines\n")})
	}
	s.Expected = d.pick("", "      0.00s  a lock k -> ok\n")
	return s
}

type drawing struct {
	*rapid.T
	*rand.Rand
}

func (d *drawing) maybe() bool                { return d.IntN(2) == 0 }
func (d *drawing) pick(from ...string) string { return from[d.IntN(len(from))] }
func (d *drawing) duration() time.Duration {
	return []time.Duration{0, 1, 90 * time.Minute, 1500 * time.Millisecond, time.Minute, time.Hour}[d.IntN(6)]
}

// step draws a step from the table of forms: of each argument, whatever it can be.
func (d *drawing) step(machines, processes []string, inBlock bool) Step {
	for {
		f := &forms[d.IntN(len(forms))]
		s := Step{Verb: f.verb}
		switch {
		case f.by&byClient != 0:
			s.Client = d.pick(processes...) + d.pick("", ".1")
		case f.by&byStranger != 0 && (f.by&byWorld == 0 || d.maybe()):
			s.Client = d.pick("stranger", "stranger.1")
		}
		if f.verb == VerbWait || f.verb == VerbExec || f.verb == VerbFork { // they need others before them, or names that nobody has
			continue
		}
		for _, a := range f.args {
			d.argument(&s, a, machines, processes)
		}
		if f.want != nil && d.maybe() {
			s.Want = Want{Outcome: f.want[d.IntN(len(f.want))], Token: d.Uint64N(2), Depth: d.IntN(2), Within: d.duration(), Calls: d.IntN(2)}
			if s.Want.Outcome == Failed {
				s.Want.Text = d.pick("EIO", "is a directory", "->")
			}
		}
		return s
	}
}

func (d *drawing) argument(s *Step, a arg, machines, processes []string) {
	switch a.means {
	case aLock:
		s.Lock = "k"
	case aSecondLock:
		s.Hold = "q"
	case aHold:
		s.Hold = d.pick("", "h")
	case anOuterHold:
		s.In = d.pick("", "h", "k", "q")
	case aProcess:
		s.Who = d.pick(processes...)
	case aClient:
		s.Who = d.pick(processes...) + d.pick("", ".1")
	case aHolder:
		s.Who = d.pick("", "a", "b.1")
	case aMachine:
		s.Who = d.pick(machines...)
	}
	switch text := a.text; {
	case text == tryArg.text:
		s.Try = d.maybe()
	case text == boundArg.text && !s.Try:
		s.For = d.duration()
		s.Deadline = s.For > 0 && d.maybe()
	case text == forArg.text:
		s.For = d.duration()
	case text == stepArg.text:
		s.For = d.duration() - time.Second
	case text == fromArg.text && s.Path == "":
		s.Path = d.pick("/data/x", "/data/a b", "/data/\"")
		if s.Verb == VerbSymlink {
			s.Text = d.pick("target", "/a b")
		}
		if s.Verb == VerbRename || s.Verb == VerbLink {
			s.To = d.pick("/data/y", "->")
		}
	case text == contentArg.text:
		s.Text = d.pick("", "text\n", "\x00\"")
	case text == modeArg.text:
		s.Mode = uint32(d.IntN(512))
	case text == dirModeArg.text:
		s.Mode = uint32(d.IntN(1024))
	case text == countArg.text:
		s.Count = d.IntN(4)
	case text == opArg.text:
		s.Op = sim.Op(d.IntN(len(sim.Ops())))
	case text == keepArg.text:
		s.Keep = Keep(d.IntN(3))
	case text == mountArg.text:
		s.Text = d.pick("ro", "rw")
	}
}

func TestWhatIsPrintedIsReadAsTheSame(t *testing.T) {
	seen := make(map[Verb]bool)
	rapid.Check(t, func(t *rapid.T) {
		s := drawn(t)
		text := s.String()
		again, err := Parse("x", []byte(text))
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if !s.Equal(again) {
			t.Fatalf("comes back as another one:\n%s\nwas\n%s", again, text)
		}
		if second := again.String(); second != text {
			t.Fatalf("is printed differently the second time:\n%s\nwas\n%s", second, text)
		}
		for _, step := range s.Steps {
			seen[step.Verb] = true
		}
	})
	for _, f := range forms {
		if !seen[f.verb] && f.verb != VerbWait && f.verb != VerbExec && f.verb != VerbFork {
			t.Errorf("%v was never drawn", f.verb)
		}
	}
}

func TestCloneSharesNothing(t *testing.T) {
	s := &Scenario{Comment: []string{"c"}, Machines: []Machine{{Name: "m2"}}, Processes: []Process{{Name: "a"}}, Locks: []Lock{{Name: "k", Path: "/k"}}, Switches: []sim.Deviation{{Task: "a"}},
		Faults: []sim.Fault{{Process: "a"}}, Files: []File{{Path: "/f"}}, Steps: []Step{{Verb: VerbConcurrently, Block: []Step{{Client: "a", Verb: VerbSleep}}}}}
	c := s.Clone()
	if !c.Equal(s) {
		t.Fatal("the copy is another one")
	}
	c.Comment[0], c.Machines[0].Name, c.Processes[0].Name, c.Locks[0].Name, c.Switches[0].Task, c.Faults[0].Process, c.Files[0].Path, c.Steps[0].Block[0].Client = "", "", "", "", "", "", "", ""
	if s.Comment[0] == "" || s.Machines[0].Name == "" || s.Processes[0].Name == "" || s.Locks[0].Name == "" || s.Switches[0].Task == "" || s.Faults[0].Process == "" || s.Files[0].Path == "" ||
		s.Steps[0].Block[0].Client == "" {
		t.Error("the copy shares something with the original")
	}
}

func TestExpectedOutputIsReplacedAndNothingElse(t *testing.T) {
	text := "# top\nlock k /data/k.lock\n\n# b comes\nb lock   k\n-- files/data/x --\nold\n-- expect --\nold\n"
	want := "# top\nlock k /data/k.lock\n\n# b comes\nb lock   k\n-- files/data/x --\nold\n-- expect --\nnew\n"
	if got := string(WithExpected([]byte(text), "new\n")); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
