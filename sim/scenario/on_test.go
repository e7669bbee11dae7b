package scenario

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/fs/osfs"
	"github.com/holdfast-lock/holdfast/linearize"
)

// workerVariable makes the test binary a process of a scenario.
const workerVariable = "HOLDFAST_SCENARIO_WORKER"

func TestMain(m *testing.M) {
	if os.Getenv(workerVariable) == "" || slices.Contains(os.Args, "-test.fuzzworker") {
		os.Setenv(workerVariable, "1") // for the processes to come
		os.Setenv("GORACE", "atexit_sleep_ms=0 "+os.Getenv("GORACE"))
		os.Exit(m.Run())
	}
	if err := Worker(os.Stdin, os.Stdout); err != nil {
		panic(err)
	}
	os.Exit(0)
}

func runOn(t *testing.T, s *Scenario) OnResult {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	result, err := RunOn(t.Context(), s, t.TempDir(), []string{self})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// The scenarios come to the same with real processes on a real filesystem as in the machine.
func TestLibraryHoldsWithRealProcesses(t *testing.T) {
	ran := 0
	scenarios(t, func(t *testing.T, name string, s *Scenario) {
		if reason := s.unreal(); reason != "" {
			t.Skip(reason)
		}
		if _, reason := s.shortened(); reason != "" {
			t.Skip(reason)
		}
		ran++
		t.Parallel()
		var result OnResult
		for range 3 { // one that the machine has held up for longer than its times allow says nothing; what the lock does wrong it does each time
			if result = runOn(t, s); result.Finding == nil && result.Skipped == "" {
				return
			}
		}
		t.Errorf("%v%s\n%s", result.Finding, result.Skipped, result.Timeline)
	})
	if ran < 40 {
		t.Errorf("only %d of %d can be run", ran, len(Library()))
	}
}

// What is not as it must be is found with real processes too.
func TestFindingsWithRealProcesses(t *testing.T) {
	const lock = "lock k /data/k.lock\n"
	for _, row := range []struct{ text, finding string }{
		{lock + "a lock k -> timeout", "expectation at line 2"},
		{lock + "a lock k -> ok\nb lock k try -> ok", "b lock k try -> ok: came to timeout"},
		{lock + "a lock k -> ok\ncheck free k", "check free k: it is held"},
		{lock + "p flock /data/k.lock -> ok\na sleep 1ms\ncheck free k\na lock k try", "check free k: it is held"},
		{lock + "a lock k\na unlock k\ncheck held k", "check held k: it is not"},
		{lock + "a lock k -> ok\nb lock k &\nawait blocked b in waitlock\nkill a\nb wait -> timeout", "b wait -> timeout: came to ok"},
		{lock + "kill a\na lock k -> ok", "came to dead"},
		{lock + "a lock k -> ok depth=2", "is 1 levels deep"},
		{"lock k /data/k.lock fencing\na lock k -> ok token=7", "has the fencing number 1"},
		{"lock k /data/d/k.lock\nstranger create /data/d \"\"\na lock k -> error EISDIR", "came to error lock: "},
		{"check exists /data/x", "no such file"},
		{"stranger create /data/x \"1\"\ncheck missing /data/x", "it is there"},
		{"stranger create /data/x \"1\"\ncheck content /data/x \"2\"", `it contains "1"`},
		{"stranger create /data/x \"1\"\ncheck mode 0600 /data/x", "it is 0666"},
		{"stranger create /data/k.lock.x \"\"\ncheck leftovers 1 /data", "there are 0"},
		{"stranger remove /data/x\nstranger rename /data/x /data/y", "no such file"},
		{lock + "lock q /data/k.lock\na open k\na open q\ncheck same k q in a", "they are not"},
		{lock + "concurrently\n\ta lock k -> ok\n\ta unlock k -> nothing\nend", "a unlock k -> nothing: came to ok"},
	} {
		s := parsed(t, row.text)
		if result := runOn(t, s); result.Skipped != "" || result.Finding == nil || !strings.Contains(result.Finding.Error(), row.finding) {
			t.Errorf("%s\nfound %v (%s), want %q\n%s", row.text, result.Finding, result.Skipped, row.finding, result.Timeline)
		}
	}
}

// A step that comes to something else on a machine that is busy says nothing; two holds at once do.
func TestBusyMachineExplainsWhatComesLate(t *testing.T) {
	for _, row := range []struct {
		kind    string
		late    time.Duration
		skipped bool
	}{
		{findingExpectation, 0, false},
		{findingExpectation, realLateness, false},
		{findingExpectation, time.Second, true},
		{"P1", time.Second, false},
	} {
		r := OnResult{Finding: &Finding{Property: row.kind}}.onMachine(row.late)
		if (r.Skipped != "") != row.skipped || (r.Finding == nil) != row.skipped {
			t.Errorf("%s, %v late: skipped for %q, found %v", row.kind, row.late, r.Skipped, r.Finding)
		}
	}
}

// Two holds at once are found, whatever the steps expect.
func TestOverlapOfRealProcessesIsFound(t *testing.T) {
	s := parsed(t, "lock k /data/k.lock\na lock k\nb lock k\n")
	r := &onRun{program: compiled(t, s), histories: make([]linearize.History, 1), spoiled: make([]bool, 1), ctx: t.Context(), processes: []*realProcess{{number: 1}, {number: 2}},
		lives: []string{"a", "b"}, host: osfs.Default(), stretch: 1}
	r.begun = uptime(r.host) - time.Second
	for i := range r.program.steps {
		begun := r.begun + time.Duration(i)*100*time.Millisecond
		r.returned(&r.program.steps[i], i, &answer{Outcome: OK, Depth: 1, Call: begun, Return: begun + 50*time.Millisecond})
	}
	if r.judge(); r.finding == nil || r.finding.Property != "P1" || !strings.Contains(r.finding.Message, "/data/k.lock: a held from 50.001ms to the end, and b from 150.001ms to") {
		t.Errorf("the finding is %v", r.finding)
	}
}

// A hold ends with its lifetime, by a release of another task or of another level, and by one that never returned, whether or not anybody asked.
func TestHoldsOfRealProcessesEndAsThoseOfTheMachine(t *testing.T) {
	const lock, lease = "lock k /data/k.lock\n", "lock k /data/k.lock lifetime=300ms\n"
	for _, text := range []string{
		lease + "a lock k -> ok\nadvance 500ms\na lock k timeout=5s -> ok\na unlock k -> ok",
		lease + "a lock k -> ok\nadvance 500ms\ncheck free k\nb lock k -> ok\na unlock k -> expired\nb unlock k -> ok",
		lease + "a lock k -> ok\nadvance 500ms\nb lock k -> ok\na lock k try -> timeout\na unlock k -> nothing\nb unlock k -> ok",
		lease + "a lock k -> ok\nadvance 500ms\nb lock k -> ok\nkill a\nb unlock k -> ok",
		lease + "a lock k as outer -> ok\na.1 lock k in outer -> ok depth=2\na unlock k outer -> ok\nadvance 500ms\nb lock k -> ok\nb unlock k -> ok",
		lock + "a lock k as h -> ok\na.1 sleep 1ms\na.1 unlock k h -> ok\nb lock k -> ok\nb unlock k -> ok",
		lock + "a lock k as outer -> ok\na lock k as inner in outer -> ok depth=2\na unlock-all k inner -> ok\ncheck free k\nb lock k -> ok\na unlock k outer -> not-held\nb unlock k -> ok",
		lock + "a lock k -> ok\na unlock k &\nb lock k -> ok\nkill a\nb unlock k -> ok",
		lock + "a lock k -> ok\na unlock k &\nb lock k -> ok\nb unlock k -> ok",
	} {
		t.Run("", func(t *testing.T) {
			s := parsed(t, text)
			if result := mustRun(t, s, RunOptions{}); result.Finding != nil {
				t.Fatalf("%s\nin the machine: %v", text, result.Finding)
			}
			var result OnResult
			for range 3 { // as with the library: one that the machine has held up says nothing
				if result = runOn(t, s); result.Finding == nil && result.Skipped == "" {
					return
				}
			}
			t.Errorf("%s\nfound %v%s\n%s", text, result.Finding, result.Skipped, result.Timeline)
		})
	}
}

func TestWhatCannotBeDoneForRealIsSkippedWithAReason(t *testing.T) {
	const lock = "lock k /data/k.lock\n"
	for _, row := range []struct{ text, reason string }{
		{lock + "fault a open * #1 before error EIO\na lock k", "faults"},
		{"machine m2\n", "one machine"},
		{"disk tmpfs\n", "the disk"},
		{"process a user=1\n", "processes run"},
		{"strategy pos\na sleep 1s", "decides who runs"},
		{"power m1", "power cannot"},
		{"clock m1 +1s", "clock cannot"},
		{"suspend m1\nresume m1", "cannot be done to this machine"},
		{"stranger remount ro", "remount cannot"},
		{"a fork c", "a copy of a process"},
		{"lock k /data/k.lock kind=soft\nstranger create /data/k.lock \"\"", "a marker that is made by hand"},
		{lock + "a lock k &\nawait blocked a\na wait", "waits in the kernel"},
		{"advance 1h\nadvance 1ms", "too far apart"},
	} {
		if result := runOn(t, parsed(t, row.text)); !strings.Contains(result.Skipped, row.reason) {
			t.Errorf("%q: skipped for %q, want %q", row.text, result.Skipped, row.reason)
		}
	}
}

func TestTimesAreShortenedByOneFactor(t *testing.T) {
	s := parsed(t, "lock k /data/k.lock lifetime=40s timeout=10s poll=1s\nadvance 20s\na lock k timeout=20s -> timeout within=30s\n")
	c, reason := s.shortened()
	if reason != "" {
		t.Fatal(reason)
	}
	if c.Locks[0].Lifetime != 2*time.Second || c.Locks[0].Timeout != 500*time.Millisecond || c.Locks[0].Poll != time.Second || c.Steps[0].For != time.Second || c.Steps[1].For != time.Second ||
		c.Steps[1].Want.Within != 0 {
		t.Errorf("the times are %+v %+v", c.Locks, c.Steps)
	}
	if f := s.stretch(c); f != 20 {
		t.Errorf("the times of the scenario are %v times as long", f)
	}
}
