package scenario

import (
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/linearize"
	"github.com/holdfast-lock/holdfast/model"
	"github.com/holdfast-lock/holdfast/sim"
	"github.com/holdfast-lock/holdfast/sim/scenario/property"
)

func parsed(t testing.TB, text string) *Scenario {
	t.Helper()
	s, err := Parse("x", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What each step does, seen by what comes of others, and what is found where something is not as it must be.
func TestSteps(t *testing.T) {
	const lock = "lock k /data/k.lock\n"
	used := make(map[Verb]bool)
	for _, row := range []struct{ name, text, finding string }{
		{"lock and unlock", lock + "a lock k -> ok\ncheck held k\ncheck held k by a\na unlock k -> ok\ncheck free k", ""},
		{"an outcome that does not come", lock + "a lock k -> timeout", "a lock k -> timeout: came to ok (a holds k since "},
		{"a number that does not come", "lock k /data/k.lock fencing\na lock k -> ok token=2", "has the fencing number 1"},
		{"a depth that does not come", lock + "a lock k -> ok depth=2", "is 1 levels deep"},
		{"too slow", lock + "a lock k -> ok\nb lock k timeout=1s -> timeout within=10ms", "within=10ms: took 1.0"},
		{"too many calls", lock + "a lock k -> ok calls=2", "calls=2: made "},
		{"another error", lock + "fault a open k.lock #1 before error EMFILE\na lock k -> error ENFILE", "came to error lock: acquire /data/k.lock: open: too many open files"},
		{"part of a text", lock + "fault a open k.lock #1 before error EMFILE\na lock k -> error \"too many open\"", ""},
		{"the holder is another", lock + "a lock k -> ok\ncheck held k by b\nb lock k try", "check held k by b: it is not"},
		{"any task of the holder", lock + "a.1 lock k -> ok\ncheck held k by a\ncheck held k by a.1\na sleep 1s", ""},
		{"not the first task", lock + "a lock k -> ok\ncheck held k by a.1\na.1 sleep 1s", "check held k by a.1: it is not"},
		{"held and not free", lock + "a lock k -> ok\ncheck free k", "check free k: a holds it since "},
		{"locked by nobody known", lock + "p flock /data/k.lock -> ok\np fork child\np funlock /data/k.lock -> ok\ncheck free k", ""},
		{"asynchronous", lock + "a lock k -> ok\nb lock k &\nawait blocked b in waitlock\na unlock k -> ok\nb wait -> ok\nb unlock k -> ok", ""},
		{"waiting for a client that has died", lock + "a lock k -> ok\nb lock k &\nawait blocked b\nkill b\nb wait -> dead\nb unlock k -> dead\na unlock k", ""},
		{"dead without being told", lock + "kill a\na lock k -> ok", "a lock k -> ok: came to dead"},
		{"started anew", lock + "a lock k -> ok\nkill a\nstart a\na unlock k -> nothing\na lock k -> ok", ""},
		{"start of who lives does nothing", lock + "a lock k -> ok\nstart a\na unlock k -> ok", ""},
		{"sleep", lock + "a lock k -> ok\nb lock k timeout=2s &\na sleep 1s\na unlock k -> ok\nb wait -> ok within=1001ms", ""},
		{"work makes no call", lock + "a lock k -> ok\na work 1s\na vouch k -> ok\na unlock k", ""},
		{"advance", "lock k /data/k.lock lifetime=2s\na lock k -> ok\nadvance 1s\na vouch k -> ok\nadvance 1s\na vouch k -> expired\na unlock k", ""},
		{"clock", lock + "a lock k\nclock m1 +1h\nclock m1 -2h\na unlock k -> ok", ""},
		{"status", lock + "a status k -> free\nb lock k -> ok\na status k -> held\nb unlock k", ""},
		{"status in a container", "process a container=c\n" + lock + "b lock k -> ok\na status k -> unknown\nb unlock k", ""},
		{"close and use", lock + "a close k -> ok\na lock k -> closed", ""},
		{"open", "lock k /data/k.lock singleton\nlock q /data/k.lock singleton\na open k -> ok\na open q -> ok\ncheck same k q in a", ""},
		{"not the same", lock + "lock q /data/k.lock\na open k -> ok\na open q -> ok\ncheck same k q in a", "check same k q in a: they are not"},
		{"shared by a child", lock + "a lock k -> ok\na fork c\nkill a\nb lock k try -> timeout\nkill c\nb lock k try -> ok\nb unlock k", ""},
		{"exec inherits nothing", lock + "a lock k -> ok\na exec c\nkill a\nb lock k try -> ok\nb unlock k", ""},
		{"children stop", lock + "a fork c\nstop c\ncontinue c\nkill c", ""},
		{"a child that is not there yet", "a sleep 1s\nkill c\na fork c", "kill c: there is no such child yet"},
		{"write and content", "a write /data/x \"one\\n\" -> ok\ncheck content /data/x \"one\\n\"\na write /data/x \"\" -> ok\ncheck content /data/x \"\"", ""},
		{"another content", "a write /data/x \"one\"\ncheck content /data/x \"two\"", `it contains "one"`},
		{"no content", "check content /data/x \"two\"", "no such file or directory"},
		{"write where there is nothing", "a write /nowhere/x \"one\" -> error ENOENT", ""},
		{"flock", "a flock /data/x -> ok\nb flock /data/x try -> busy\na funlock /data/x -> ok\nb flock /data/x try -> ok\na funlock /data/x -> nothing", ""},
		{"flock where there is nothing", "a flock /nowhere/x -> error ENOENT", ""},
		{"stop and continue", lock + "a lock k\nstop a\nawait stopped a\nb lock k timeout=1s -> timeout\ncontinue a\na unlock k -> ok", ""},
		{"a step of who is stopped", lock + "stop a\na lock k -> ok", "a is stopped, and nobody is there to continue it"},
		{"suspend and resume", lock + "a lock k\nb lock k timeout=10s &\nawait blocked b in waitlock\nsuspend m1\nadvance 1h\nresume m1\ncancel b\nb wait -> canceled\na unlock k -> ok", ""},
		{"a step on a machine that sleeps", lock + "suspend m1\na lock k -> ok", "a is stopped, and nobody is there to continue it"},
		{"power", "a write /data/x \"one\" -> ok\npower m1 keep=none\nawait dead a\ncheck missing /data/x\nstart a\na write /data/x \"two\" -> ok\npower m1 keep=all\ncheck exists /data/x", ""},
		{"a machine beside others loses nothing", "machine m2\nprocess a on m2\na write /data/x \"one\" -> ok\npower m2 keep=none\ncheck exists /data/x", ""},
		{"a machine beside others breaks no lock of theirs", "machine m2\nprocess b on m2\n" + lock + "a lock k -> ok\nb lock k try -> timeout\npower m2\nstart b\nb lock k try -> timeout\na unlock k -> ok", ""},
		{"cancel", lock + "a lock k\nb lock k &\nawait blocked b\ncancel b\nb wait -> canceled\na unlock k", ""},
		{"cancel of who calls nothing", lock + "cancel a\na lock k -> ok", ""},
		{"deadline", lock + "a lock k -> ok\nb lock k deadline=1s -> timeout\na unlock k", ""},
		{"rename and remove", "stranger create /data/d/x \"1\"\nstranger rename /data/d /data/e\ncheck content /data/e/x \"1\"\nstranger remove /data/e\ncheck missing /data/e", ""},
		{"advance takes no time of the limit", "advance 1h\nadvance 1h", ""},
		{"rename of nothing", "stranger rename /data/d /data/e", "stranger rename /data/d /data/e: rename /data/d /data/e: no such file or directory"},
		{"link", "stranger create /data/x \"1\"\nstranger link /data/x /data/y\nstranger remove /data/x\ncheck content /data/y \"1\"", ""},
		{"symlink", "stranger symlink /data/x /data/y\na write /data/y \"1\" -> ok\ncheck content /data/x \"1\"", ""},
		{"mkdir and mkfifo", "stranger mkdir /data/d\ncheck mode 0777 /data/d\nstranger mkdir /data/e mode=0700\ncheck mode 0700 /data/e\nstranger mkfifo /data/f\ncheck exists /data/f", ""},
		{"chmod", "a write /data/x \"1\"\nstranger chmod 0600 /data/x\ncheck mode 0600 /data/x", ""},
		{"another mode", "a write /data/x \"1\"\ncheck mode 0600 /data/x", "check mode 0600 /data/x: it is 0666"},
		{"remount", "stranger remount ro\na write /data/x \"1\" -> error EROFS\nstranger remount rw\na write /data/x \"1\" -> ok", ""},
		{"await held", lock + "a lock k &\nawait held k by a\na wait -> ok", ""},
		{"await in vain", lock + "limit 1s\na lock k\nawait held k by b\nb unlock k", "limit at step "},
		{"exists and not", "check exists /data/x", "check exists /data/x: lstat /data/x: no such file or directory"},
		{"missing and not", "check missing /data", "check missing /data: it is there"},
		{"leftovers", lock + "a write /data/k.lock.new \"\"\na lock k\na unlock k\ncheck leftovers 0 /data", ""},
		{"a file of the engine's", "lock k /data/k.lock lifetime=1s\nfault b rename k.lock #1 before kill\na lock k\nstop a\nb lock k -> dead\ncheck leftovers 0 /data", "check leftovers 0 /data: there are 2: [\"/data/.holdfast-"},
		{"fixtures", lock + "check content /data/d/x \"1\\n\"\n-- files/data/d/x --\n1\n", ""},
		{"an output that differs", lock + "a lock k\n-- expect --\n      0.00s  a lock k -> timeout\n", ": line 1 of the output is"},
		{"concurrently", lock + "concurrently\n\ta lock k -> ok\n\ta work 1ms\n\ta unlock k -> ok\n\tb lock k -> ok within=2ms\n\tb unlock k -> ok\nend\ncheck free k", ""},
		{"strangers beside clients", lock + "concurrently\n\ta lock k -> ok\n\ta sleep 1s\n\ta vouch k -> nothing\n\tstranger sleep 10ms\n\tstranger kill a\n\tadvance 20ms\n\tstart a\nend\na lock k -> ok\na unlock k", ""},
		{"who is stopped ends no block", lock + "concurrently\n\ta lock k\n\ta sleep 1s\n\ta unlock k\n\tb sleep 10ms\n\tstranger sleep 1ms\n\tstranger stop a\nend\ncheck held k by a", ""},
		{"a fault that stops for a while", lock + "fault a trylock k.lock #1 after stop 5s\nconcurrently\n\ta lock k -> ok\n\ta unlock k -> ok\nend\ncheck free k", ""},
		{"a fault that takes the power", lock + "fault a trylock k.lock #1 after power\na lock k -> dead\nawait dead a\nstart a\na lock k -> ok\na unlock k", ""},
		{"hook", "lock k /data/k.lock hook-fails\na lock k -> error \"the hook fails\"\ncheck free k", ""},
		{"a sleep that is longer than the limit", "limit 1ms\na sleep 10s", "limit at step 4, 1ms: the run has not ended in its time; a is in a sleep 10s since"},
		{"a sleep that is longer than the limit, by who waits", lock + "limit 1ms\nconcurrently\n\ta lock k\n\ta sleep 10s\n\tb lock k\nend", "limit at step "},
		{"a wait for itself", lock + "a lock k -> ok\na lock k", "limit at step 16, 10m0s: the run has not ended in its time; a is in a lock k since 54.4µs; a waits for itself: it holds k since 34µs, and did not say so with in"},
		{"a wait for itself that nothing bounds", lock + "slack unbounded\na lock k -> ok\na lock k", "world in wait; a waits for itself: it holds k since 44.3µs"},
		{"two that wait for each other", lock + "lock q /data/q.lock\nconcurrently\n\ta lock k\n\ta sleep 1s\n\ta lock q\n\tb lock q\n\tb sleep 1s\n\tb lock k\nend", "limit at step "},
		{"a break", lock + "a lock k -> ok\nb break k -> unsupported\na unlock k -> ok\nb break k -> unsupported", ""},
		{"a break of what was looked at", "lock k /data/k.lock kind=soft\na lock k -> ok\nb status k -> held\na unlock k -> ok\na lock k -> ok\nb break k -> changed\nb break k &\nb wait -> ok\nb break k -> not-held\na unlock k -> expired", ""},
		{"a clean directory", lock + "stranger create /data/.holdfast-0123456789abcdef \"99\\nm1\\n\"\na clean /data -> ok\ncheck missing /data/.holdfast-0123456789abcdef\na clean /nowhere -> error ENOENT", ""},
		{"a long hold", lock + "concurrently\n\ta lock k\n\ta sleep 1h\n\ta unlock k\n\tb sleep 1s\n\tb lock k -> ok\n\tb unlock k\nend", ""},
		{"a call for ever", lock + "limit 10s\na lock k -> ok\nb lock k -> ok", "the run has not ended in its time; b is in b lock k -> ok since "},
		{"a property", lock + "fault a unlock * #1 before error EIO\na lock k -> ok\na unlock k\na unlock k", ""},
		{"a call that is never waited for", lock + "a lock k\nb lock k &", "P11 at step "},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := parsed(t, row.text)
			for _, step := range s.Steps {
				used[step.Verb] = true
				for _, inner := range step.Block {
					used[inner.Verb] = true
				}
			}
			result := mustRun(t, s, RunOptions{Timeline: true})
			switch {
			case row.finding == "" && result.Finding != nil:
				t.Errorf("%v\n%s", result.Finding, result.Timeline)
			case row.finding != "" && result.Finding == nil:
				t.Errorf("found nothing, want %q\n%s", row.finding, result.Timeline)
			case row.finding != "" && !strings.Contains(result.Finding.Error(), row.finding):
				t.Errorf("found %q, want %q", result.Finding, row.finding)
			}
		})
	}
	for _, f := range forms {
		if !used[f.verb] && f.verb != VerbUnlockAll && f.verb != VerbAwaitDead {
			t.Errorf("%v is tried by nobody", f.verb)
		}
	}
}

// contention is what processes do that take a lock several times.
func contention(processes, cycles int, options string) *Scenario {
	var b strings.Builder
	b.WriteString("lock k /data/k.lock " + options + "\nslack 1ms\nconcurrently\n")
	for i := range processes {
		name := string(rune('a' + i))
		for range cycles {
			b.WriteString(name + " lock k\n" + name + " work 50µs\n" + name + " unlock k\n")
		}
	}
	b.WriteString("end\n")
	s, err := Parse("contention", []byte(b.String()))
	if err != nil {
		panic(err)
	}
	return s
}

func compiled(t testing.TB, s *Scenario) *Program {
	t.Helper()
	p, err := Compile(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// newRunner returns a runner that is closed at the end of the test.
func newRunner(t testing.TB) *Runner {
	r := new(Runner)
	t.Cleanup(r.Close)
	return r
}

// A runner that ran others before, and one that did not, come to the same; whatever is recorded on the way changes nothing; and the schedule that was recorded replays the run.
func TestRunsAreDetermined(t *testing.T) {
	used := newRunner(t)
	for _, options := range []string{"", "lifetime=1ms fencing", "shared"} {
		s := contention(4, 3, options)
		s.Faults = []sim.Fault{{Process: "b", Op: sim.OpTryLock, Nth: 2, After: true, Kind: sim.Stop, For: 3 * time.Millisecond}, {Process: "c", Op: sim.OpUnlock, Nth: 1, Kind: sim.Kill},
			{Process: "d", Op: sim.OpUnlock, Nth: 3, Kind: sim.Power}}
		p := compiled(t, s)
		for seed := uint64(1); seed <= 30; seed++ {
			a := newRunner(t).Run(p, RunOptions{Seed: seed, Strategy: new(sim.Random)})
			b := used.Run(p, RunOptions{Seed: seed, Strategy: new(sim.Random), Engine: sim.Channels, Record: true, History: HistoryTime, Timeline: true, Trace: func(sim.Record) {}})
			if a.Hash != b.Hash || a.Steps != b.Steps || a.Time != b.Time || a.Decisions != b.Decisions || a.Seen != b.Seen || (a.Finding == nil) != (b.Finding == nil) {
				t.Fatalf("seed %d: %d steps to %x, and the second time %d to %x (%v, %v)", seed, a.Steps, a.Hash, b.Steps, b.Hash, a.Finding, b.Finding)
			}
			replay := s.Clone()
			replay.Seed, replay.Switches = seed, b.Schedule
			if len(b.Schedule) == 0 {
				t.Fatalf("seed %d: no decision differs from the first", seed)
			}
			if c := mustRun(t, parsed(t, replay.String()), RunOptions{}); c.Hash != a.Hash {
				t.Fatalf("seed %d: replayed in %d steps to %x, was %d to %x", seed, c.Steps, c.Hash, a.Steps, a.Hash)
			}
		}
	}
}

// A runner keeps coroutines for its next run, and none once it is closed.
func TestClosedRunnerLeavesNothing(t *testing.T) {
	s := contention(4, 3, "")
	s.Faults = []sim.Fault{{Process: "b", Op: sim.OpUnlock, Nth: 1, Kind: sim.Kill}}
	p, r := compiled(t, s), new(Runner)
	before := runtime.NumGoroutine()
	for seed := uint64(1); seed <= 10; seed++ {
		r.Run(p, RunOptions{Seed: seed, Strategy: new(sim.Random)})
		mustRun(t, s, RunOptions{Seed: seed})
	}
	if runtime.NumGoroutine() == before {
		t.Error("no coroutine waits for the next run")
	}
	r.Close()
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("%d goroutines are left", n-before)
	}
}

// What a power loss leaves is drawn from the seed.
func TestWhatIsLostIsDetermined(t *testing.T) {
	p := compiled(t, parsed(t, "a write /data/x \"1\"\na write /data/y \"2\"\na write /data/z \"3\"\npower m1\n"))
	used, outcomes := newRunner(t), make(map[string]bool)
	left := func(r *Runner, seed uint64) string {
		r.Run(p, RunOptions{Seed: seed})
		var b strings.Builder
		if err := r.disk().Dump(&b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	for seed := uint64(1); seed <= 20; seed++ {
		a, b := left(newRunner(t), seed), left(used, seed)
		if a != b {
			t.Fatalf("seed %d leaves\n%s, and the second time\n%s", seed, a, b)
		}
		outcomes[a] = true
	}
	if len(outcomes) < 3 {
		t.Errorf("only %d outcomes", len(outcomes))
	}
}

func TestHistoriesAreLinearizable(t *testing.T) {
	r := newRunner(t)
	for _, options := range []string{"", "lifetime=300µs fencing", "fencing"} {
		s := contention(3, 4, options)
		s.Faults = []sim.Fault{{Process: "a", Op: sim.OpUnlock, Nth: 2, Kind: sim.Kill}, {Process: "b", Op: sim.OpUnlock, Nth: 1, Kind: sim.Stop, For: 2 * time.Millisecond}}
		p, refused := compiled(t, s), 0
		for seed := uint64(1); seed <= 100; seed++ {
			result := r.Run(p, RunOptions{Seed: seed, Strategy: new(sim.Random), History: HistoryTime})
			if result.Finding != nil || result.Histories[0].Verdict != linearize.Linearizable {
				t.Fatalf("%s, seed %d: %v, %v", options, seed, result.Finding, result.Histories[0].Verdict)
			}
			h := r.histories[0]
			if len(h.Operations) < 10 {
				t.Fatalf("seed %d: only %d operations", seed, len(h.Operations))
			}
			// A hold that is counted longer than it lasted is seen.
			for i, o := range h.Operations {
				if o.OK && o.Kind == model.Release {
					h.Operations = slices.Delete(h.Operations, i, i+1)
					break
				}
			}
			if check := linearize.Check(h, time.Minute); check.Verdict == linearize.NotLinearizable {
				refused++
			}
		}
		if options == "" && refused < 90 {
			t.Errorf("without a release, only %d of 100 histories are refused", refused)
		}
	}
}

func TestClocksAreStepped(t *testing.T) {
	r := newRunner(t)
	if result := r.Run(compiled(t, parsed(t, "machine m1 skew=-1s\na write /data/x \"\"\nclock m1 +1h\na write /data/y \"\"\n")), RunOptions{}); result.Finding != nil {
		t.Fatal(result.Finding)
	}
	for name, want := range map[string]time.Duration{"/data/x": -time.Second, "/data/y": time.Hour - time.Second} {
		info, err := r.disk().Lstat(rootUser, name)
		if err != nil || info.Mtime.Sub(sim.Epoch).Round(time.Millisecond) != want {
			t.Errorf("%s was written %v after the beginning (%v), want %v", name, info.Mtime.Sub(sim.Epoch), err, want)
		}
	}
}

// The properties are told when nothing goes wrong any more, and not before.
func TestCalmComesAfterTheLastTrouble(t *testing.T) {
	const lock = "lock k /data/k.lock\n"
	for _, row := range []struct {
		text string
		calm bool
	}{
		{lock + "a lock k\n", true},
		{lock + "a lock k\nkill a\n", true},
		{lock + "a lock k\nstop a\n", false},
		{lock + "a lock k\nstop a\ncontinue a\n", true},
		{lock + "a lock k\nsuspend m1\n", false},
		{lock + "fault a unlock * #1 before error EIO\na lock k\n", false},
		{lock + "fault a unlock * #1 before error EIO\na lock k\na unlock k\n", true},
		{lock + "fault a unlock * every before error EIO\na lock k\na unlock k\n", false},
		{lock + "concurrently\na lock k\nstranger sleep 1s\nstranger remove /data/k.lock\nend\n", true},
	} {
		r := newRunner(t)
		r.Run(compiled(t, parsed(t, row.text)), RunOptions{})
		if r.calm != row.calm {
			t.Errorf("%q: calm is %v, want %v", row.text, r.calm, row.calm)
		}
	}
}

func TestUntilEndsARunWithoutAFinding(t *testing.T) {
	s := contention(4, 3, "")
	whole := mustRun(t, s, RunOptions{})
	part := mustRun(t, s, RunOptions{Until: whole.Steps / 2})
	if part.Finding != nil || part.Steps < whole.Steps/2 || part.Steps > whole.Steps/2+10 {
		t.Errorf("ended after %d of %d steps: %v", part.Steps, whole.Steps, part.Finding)
	}
}

func TestCompileRefusesWhatIsNoScenario(t *testing.T) {
	for _, s := range []*Scenario{
		{Steps: []Step{{Verb: VerbLock}}},
		{Steps: []Step{{Client: "a", Verb: VerbKill, Who: "a"}}},
		{Steps: []Step{{Client: "a", Verb: numVerbs - 1}}},
		{Locks: []Lock{{Name: "k"}}},
		{Steps: []Step{{Verb: VerbConcurrently, Block: []Step{{Verb: VerbConcurrently}}}}},
		{Locks: []Lock{{Name: "k", Path: "/k"}}, Steps: []Step{{Client: "a", Verb: VerbLock, Lock: "k", Want: Want{Outcome: Busy}}}},
		{Files: []File{{"/x", "no end"}}},
	} {
		if _, err := Compile(s); err == nil {
			t.Errorf("compiled:\n%s", s)
		}
	}
}

// A property that sees a violation ends the run, and the finding names it.
func TestAViolationIsAFinding(t *testing.T) {
	s := parsed(t, "lock k /data/k.lock\na flock /data/k.lock -> ok\nb flock /data/k.lock -> ok\n")
	s.Disk.NoLocks = false
	r := newRunner(t)
	r.begin(compiled(t, s), RunOptions{})
	r.told(property.Event{Kind: property.AcquireCalled, Process: 1, Client: 1, Lock: 1, Until: property.Never})
	r.holds = append(r.holds, hold{}, hold{})
	r.told(property.Event{Kind: property.Acquired, Process: 1, Client: 1, Lock: 1, Hold: 1, Depth: 1})
	r.told(property.Event{Kind: property.AcquireCalled, Process: 2, Client: 2, Lock: 1, Until: property.Never})
	r.told(property.Event{Kind: property.Acquired, Process: 2, Client: 2, Lock: 1, Hold: 2, Depth: 1})
	if err := r.world.Run(); !errors.Is(err, errFinished) {
		t.Errorf("the run ended with %v", err)
	}
	if r.finding == nil || r.finding.Property != "P1" {
		t.Errorf("the finding is %v", r.finding)
	}
}

func TestACallThatNobodyWaitedForIsNoLockLeftBehind(t *testing.T) {
	s := parsed(t, "lock k /data/k.lock\na lock k -> ok\na unlock k -> ok\na.1 lock k &\n")
	if result := newRunner(t).Run(compiled(t, s), RunOptions{}); result.Finding != nil {
		t.Error(result.Finding)
	}
}

func BenchmarkRun(b *testing.B) {
	p := compiled(b, contention(4, 3, ""))
	r, strategy, steps := newRunner(b), new(sim.Portfolio), 0
	b.ReportAllocs()
	for seed := uint64(1); b.Loop(); seed++ {
		result := r.Run(p, RunOptions{Seed: seed, Strategy: strategy})
		if result.Finding != nil {
			b.Fatal(result.Finding)
		}
		steps += result.Steps
	}
	b.ReportMetric(float64(steps)/float64(b.N), "calls/op")
	b.ReportMetric(float64(steps)/b.Elapsed().Seconds(), "calls/s")
}

// The properties are told what the engine looks at and what it removes.
func TestTheHostTellsOfLockFiles(t *testing.T) {
	r := newRunner(t)
	r.begin(compiled(t, parsed(t, "lock k /data/k.lock\na lock k -> ok\na sleep 1ms\na unlock k\n")), RunOptions{})
	r.world.After(500*time.Microsecond, func() {
		if err := r.processes[0].sim.Remove("/data/k.lock"); err != nil {
			t.Error(err)
		}
	})
	r.world.Run()
	if r.finding == nil || r.finding.Property != "P14" {
		t.Errorf("the engine removed a lock file, and the finding is %v", r.finding)
	}

	// a waits for a file whose name a stranger takes, looks, and goes to the new one. Its hold counts: it has looked since.
	r = newRunner(t)
	r.begin(compiled(t, parsed(t, "lock k /data/k.lock\na sleep 1ms\nb lock k -> ok\na lock k &\nawait blocked a in waitlock\nstranger rename /data/k.lock /data/x\na wait -> ok\n"+
		"c sleep 1s\na unlock k -> ok\n")), RunOptions{})
	r.world.After(time.Second/2, func() {
		r.holds = append(r.holds, hold{})
		r.told(property.Event{Kind: property.AcquireCalled, Process: 3, Client: 3, Lock: 1, Until: property.Never})
		r.told(property.Event{Kind: property.Acquired, Process: 3, Client: 3, Lock: 1, Hold: 3, Depth: 1})
	})
	r.world.Run()
	if r.finding == nil || r.finding.Property != "P1" {
		t.Errorf("two are inside, and the finding is %v", r.finding)
	}
}

// A fault that never strikes and a switch that never comes to pass are told, with their lines, and those that do are not.
func TestWhatCameToNothingIsTold(t *testing.T) {
	s := parsed(t, "lock k /data/k.lock\nslack 1ms\nfault a unlock q.lock #1 before error EIO\nswitch a#999 b\nfault a unlock k.lock #1 before delay 1ms\nswitch a#3 b\nfault * open k.lock #9 after kill\n"+
		"concurrently\n\ta lock k -> ok\n\ta unlock k -> ok\n\tb lock k -> ok\n\tb unlock k -> ok\nend\n")
	lines := func(s *Scenario, o RunOptions) (list []int) {
		o.Timeline = true
		for _, v := range mustRun(t, s, o).Vain {
			list = append(list, v.Line)
		}
		return list
	}
	for _, row := range []struct {
		name    string
		s       *Scenario
		options RunOptions
		want    []int
	}{
		{"the file", s, RunOptions{}, []int{3, 7, 4}},
		{"a copy, whose lines are not known", s.Clone(), RunOptions{}, []int{0, 0, 0}},
		{"another strategy", s, RunOptions{Strategy: new(sim.Replay)}, []int{3, 7}},
		{"a part of the run", s, RunOptions{Until: 3}, nil},
	} {
		if got := lines(row.s, row.options); !slices.Equal(got, row.want) {
			t.Errorf("%s: lines %d, want %d", row.name, got, row.want)
		}
	}
}
