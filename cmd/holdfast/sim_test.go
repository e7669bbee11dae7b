package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/holdfast-lock/holdfast/cmd/holdfast/internal/kind"
	"github.com/holdfast-lock/holdfast/sim/scenario/campaign"
)

// simulate runs a command of sim, and returns its exit code, what it printed, and its error.
func simulate(t *testing.T, args ...string) (code int, printed, message string) {
	t.Helper()
	var out bytes.Buffer
	root := newRoot(kind.All)
	root.SetArgs(append([]string{"sim"}, args...))
	root.SetOut(&out)
	root.SetErr(&out)
	cmd, err := root.ExecuteContextC(t.Context())
	code, message = verdict(cmd.CommandPath(), err)
	return code, out.String(), message
}

// wrongScenario is one in which somebody expects too much.
const wrongScenario = "lock k /data/k.lock lifetime=1s\n\na lock k\na work 2s\na vouch k -> ok\na unlock k\n"

func writeScenario(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "x.txtar")
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestSim(t *testing.T) {
	wrong := writeScenario(t, wrongScenario)
	nothing := writeScenario(t, "# nothing happens\n\nlock k /data/k.lock\n")
	pending := writeScenario(t, "lock k /data/k.lock\n\na lock k -> ok\nb lock k &\nadvance 10ms\n")
	vain := writeScenario(t, "lock k /data/k.lock\nslack 1ms\nfault a unlock q.lock #1 before error EIO\nswitch a#999 b\nfault a unlock k.lock #1 before delay 1ms\nswitch a#3 b\n\n"+
		"concurrently\n\ta lock k -> ok\n\ta unlock k -> ok\n\tb lock k -> ok\n\tb unlock k -> ok\nend\n")
	right := writeScenario(t, "lock k /data/k.lock\n\na lock k -> ok\na unlock k -> ok\n")
	shard := filepath.Join(t.TempDir(), "shard.json")
	cut := filepath.Join(t.TempDir(), "cut.json")
	empty := t.TempDir()
	for _, row := range []struct {
		args    string
		code    int
		printed string // a part of it
		message string // a part of it
	}{
		{"", exitUsage, "", "run, explore, replay, shrink, list or merge"},
		{"dance", exitUsage, "", `no command "dance"`},

		{"run " + right, 0, "ok ", ""},
		{"run killed-holder", 0, "ok ", ""},
		{"run " + wrong, exitFailed, "a vouch k -> expired", "1 of 1 scenarios"},
		{"run", exitUsage, "", "name the scenarios"},
		{"run nothing-of-the-kind", exitUsage, "", "sim list"},
		{"run " + empty, exitUsage, "", ".txtar"},
		{"run " + vain, 0, "holdfast: " + vain + ":3: warning: fault a unlock q.lock #1 before error EIO: the fault never struck", ""},
		{"run " + vain, 0, "holdfast: " + vain + ":4: warning: switch a#999 b: the switch never came to pass", ""},
		{"run " + nothing, exitUsage, "", nothing + ": expected a step"},
		{"run " + nothing + " " + right, exitFailed, "ok     " + right, "1 of 2 scenarios"},
		{"run " + nothing + " " + right, exitFailed, "FAILED " + nothing + ": expected a step", "1 of 2 scenarios"},
		{"replay " + pending, exitFailed, "waitlock … pending: b lock k since ", "P11"},
		{"replay " + pending, exitFailed, "  │ nobody ", "P11"},
		{"replay " + vain, 0, "holdfast: " + vain + ":3: warning: ", ""},
		{"run --update --on " + empty + " " + right, exitUsage, "", "leave out --on"},
		{"run " + shard, exitUsage, "", "sim list"},
		{"run --on " + shard + " killed-holder", exitUsage, "", "a directory that exists"},
		{"run --update killed-holder", exitUsage, "", "in the program"},

		{"explore --only --seeds 0-99 --json " + shard, 0, "100 schedules", ""},
		{"merge " + shard, 0, "100 schedules", ""},
		{"explore --only --seeds 0-99 --shard 1/2 --json " + shard + "1", 0, "shard [1] of 2", ""},
		{"explore --only --seeds 0-79 --shard 2/2 --json " + shard + "2", 0, "shard [2] of 2", ""},
		{"explore --only --seeds 0-99 --shard 3/4 --json " + shard + "3", 0, "shard [3] of 4", ""},
		{"merge " + shard + "1", exitFailed, "NOT complete: shard 2 of 2 is missing", "shard 2 of 2 is missing"},
		{"merge " + shard + "3", exitFailed, "NOT complete: 3 shards of 4 are missing: 1, 2, 4", "are missing"},
		{"merge " + shard + "1 " + shard + "2", exitUsage, "", "another campaign"},
		{"explore --only --seeds 0-7 --shard 2/2", 0, "NOTHING was run", ""},
		{"explore --only --seeds 0 --for 10ms", 0, "ended by: time", ""},
		{"merge " + shard + " " + shard, exitUsage, "", "twice"},
		{"merge " + right, exitUsage, "", "no report"},
		{"merge " + writeScenario(t, "{}"), exitUsage, "", "does not say which shard"},
		{"merge", exitUsage, "", "name the results"},
		{"merge " + shard + ".2", exitUsage, "", "explore --json"},
		{"explore --seeds 0-7 --out " + right, exitUsage, "", "--out: "},
		{"explore --seeds 0-7 --out " + right + "/below", exitUsage, "", "a directory that can be written"},
		{"explore --seeds 0-7 --json " + right + "/below", exitUsage, "", "--json: "},
		{"explore --exhaustive 1", 0, "exhaustive, 1 preemptions, --kind native --fs posix --processes 2 --cycles 1, version", ""},
		{"explore --exhaustive 0 --needs fencing --cycles 2", 0, "exhaustive, 0 preemptions, --kind native --fs posix --processes 2 --cycles 2 --needs fencing", ""},
		{"explore --exhaustive 1 --engine channels", 0, "schedules", ""},
		{"explore --exhaustive 9 --processes 3 --for 10ms", exitFailed, "NOT complete: there are more", "more schedules with so many preemptions: give it more time (--for)"},
		{"explore --exhaustive 9 --processes 3 --for 10ms --json " + cut, exitFailed, "ended by: time", ""},
		{"merge " + cut, exitFailed, "NOT complete: there are more", "give it more time"},
		{"explore --exhaustive 1 --for 1h", 0, "schedules", ""},
		{"explore --exhaustive 1 --needs kills,tasks", exitUsage, "", "kills cannot go on"},
		{"explore --exhaustive 1 --slack 1ms", exitUsage, "", "not chosen"},
		{"explore --exhaustive 1 --strategy pos", exitUsage, "", "not chosen"},
		{"explore --exhaustive 1 --all", exitUsage, "", "leave out"},
		{"explore --exhaustive 1 --jobs 1", exitUsage, "", "leave out"},
		{"explore --exhaustive 1 --shard 1/2", exitUsage, "", "leave out"},
		{"explore --exhaustive 1 --only", exitUsage, "", "not chosen"},
		{"explore --exhaustive -1", exitUsage, "", "must not be negative"},
		{"explore --seeds 0-7 --jobs -1", exitUsage, "", "must not be negative"},
		{"explore --only --seeds 0-99 --shard 2/2", 0, "shard [2] of 2", ""},
		{"explore --kind steel", exitUsage, "", "write native, soft"},
		{"explore --kind soft --needs lifetime", exitUsage, "", "soft locks"},
		{"explore --fs nfs", exitUsage, "", "posix or tmpfs"},
		{"explore --processes 99", exitUsage, "", "from 1 to 8"},
		{"explore --slack 90m", exitUsage, "", `slack: expected a duration up to 1h or unbounded, not "90m"`},
		{"replay --slack -1s 7", exitUsage, "", "or unbounded"},
		{"explore --slack 0 --seeds 0-7 --only", 0, "--only --slack 0", ""},
		{"explore --slack unbounded --seeds 0-7 --only", 0, "--only --slack unbounded", ""},
		{"explore --strategy guess", exitUsage, "", "want one of"},
		{"explore --strategy exhaustive", exitUsage, "", "--exhaustive"},
		{"explore --needs magic", exitUsage, "", "lifetime"},
		{"explore --engine threads", exitUsage, "", "coroutines or channels"},
		{"explore --seeds 9-1", exitUsage, "", "lower one first"},
		{"explore --shard 3", exitUsage, "", "I/N"},
		{"explore --for -1s", exitUsage, "", "negative"},
		{"explore --exhaustive 2 --seeds 1-2", exitUsage, "", "leave out"},

		{"replay killed-holder", 0, "trylock /data/k.lock held", ""},
		{"replay --processes 2 4711", 0, "seed 4711", ""},
		{"replay --until 5 killed-holder", 0, "canonical /data/k.lock", ""},
		{"replay " + wrong, exitFailed, "finding: expectation", "came to expired"},
		{"replay", exitUsage, "", "one FILE or one SEED"},
		{"replay --until -1 7", exitUsage, "", "number of a step"},

		{"shrink " + wrong, 0, "a vouch k -> ok\n", ""},
		{"shrink " + right, exitUsage, "", "nothing goes wrong"},
		{"shrink", exitUsage, "", "one FILE"},
		{"shrink -o " + empty + "/none/x " + wrong, exitUsage, "", "a directory that exists"},

		{"list", 0, "killed-holder", ""},
		{"list killed-holder", 0, "kill a\n", ""},
		{"list --properties", 0, "whose file a stranger has renamed or removed", ""},
		{"list --properties killed-holder", exitUsage, "", "leave out"},
		{"list nothing-of-the-kind", exitUsage, "", "sim list"},
	} {
		code, printed, message := simulate(t, strings.Fields(row.args)...)
		if code != row.code || !strings.Contains(printed, row.printed) || !strings.Contains(message, row.message) || strings.Contains(message, "\n") {
			t.Errorf("sim %s: exit code %d, %q\n%s", row.args, code, message, printed)
		}
	}
}

// TestSimUpdateRecordsWhatHappens: and from then on it is what must happen.
func TestSimUpdateRecordsWhatHappens(t *testing.T) {
	name := writeScenario(t, "# kept\n\nlock k /data/k.lock\n\na lock k\na unlock k\n")
	if code, printed, message := simulate(t, "run", "--update", name); code != 0 {
		t.Fatal(code, printed, message)
	}
	text, err := os.ReadFile(name)
	if err != nil || !strings.Contains(string(text), "# kept") || !strings.Contains(string(text), "-- expect --") {
		t.Fatalf("%v\n%s", err, text)
	}
	if code, printed, _ := simulate(t, "run", name); code != 0 {
		t.Error(printed)
	}
	changed := strings.Replace(string(text), "a unlock k -> ok\n", "a unlock k -> nothing\n", 1)
	if err := os.WriteFile(name, []byte(changed), 0o666); err != nil {
		t.Fatal(err)
	}
	if code, printed, _ := simulate(t, "run", name); code != exitFailed || changed == string(text) {
		t.Errorf("exit code %d\n%s", code, printed)
	}
}

// TestSimUpdateKeepsAFileThatFails: what came of it is not what must come of it. Where only the output is another one, it is recorded.
func TestSimUpdateKeepsAFileThatFails(t *testing.T) {
	const old = "-- expect --\nold\n"
	wrong, other := writeScenario(t, wrongScenario+old), writeScenario(t, "lock k /data/k.lock\r\n\r\na lock k -> ok\r\na unlock k\r\n-- expect --\r\nold\r\n")
	if code, printed, _ := simulate(t, "run", "--update", wrong); code != exitFailed || !strings.Contains(printed, wrong+" is as it was") {
		t.Errorf("exit code %d\n%s", code, printed)
	}
	if text, err := os.ReadFile(wrong); err != nil || string(text) != wrongScenario+old {
		t.Errorf("%v\n%s", err, text)
	}
	if code, printed, _ := simulate(t, "run", other); code != exitFailed || !strings.Contains(printed, "output") {
		t.Errorf("exit code %d\n%s", code, printed)
	}
	if code, printed, message := simulate(t, "run", "--update", other); code != 0 {
		t.Error(code, printed, message)
	}
	if code, printed, message := simulate(t, "run", other); code != 0 {
		t.Error(code, printed, message)
	}
	text, err := os.ReadFile(other)
	if err != nil || strings.Count(string(text), "\n") != strings.Count(string(text), "\r\n") || !strings.Contains(string(text), "a unlock k -> ok\r\n") {
		t.Errorf("%v\n%q", err, text)
	}
}

// TestSimShrinkWritesWhatReplays: the file is one that fails in the same way.
func TestSimShrinkWritesWhatReplays(t *testing.T) {
	small := filepath.Join(t.TempDir(), "small.txtar")
	if code, printed, message := simulate(t, "shrink", "-o", small, writeScenario(t, wrongScenario)); code != 0 {
		t.Fatal(code, printed, message)
	}
	if code, printed, _ := simulate(t, "replay", small); code != exitFailed || !strings.Contains(printed, "vouch k -> expired") {
		t.Errorf("exit code %d\n%s", code, printed)
	}
}

// TestSimJSON: it is all of the output where it goes there, and the same in a file.
func TestSimJSON(t *testing.T) {
	dir := t.TempDir()
	one, two, all := filepath.Join(dir, "1.json"), filepath.Join(dir, "2.json"), filepath.Join(dir, "all.json")
	_, explored, _ := simulate(t, "explore", "--only", "--seeds", "0-15", "--json", "-")
	for i, shard := range []string{one, two} {
		if code, _, message := simulate(t, "explore", "--only", "--seeds", "0-15", "--json", shard, "--shard", fmt.Sprintf("%d/2", i+1)); code != 0 {
			t.Fatal(code, message)
		}
	}
	_, merged, _ := simulate(t, "merge", "--json", "-", one, two)
	if code, _, message := simulate(t, "merge", "--json", all, one, two); code != 0 {
		t.Fatal(code, message)
	}
	file, err := os.ReadFile(all)
	if err != nil {
		t.Fatal(err)
	}
	var first *campaign.Report
	for _, text := range []string{explored, merged, string(file)} {
		r, err := campaign.Read("output", strings.NewReader(text))
		if err != nil || !json.Valid([]byte(text)) {
			t.Fatalf("%v\n%s", err, text)
		}
		if first == nil {
			first = r
		}
		if r.Schedules != 16 || r.Hash != first.Hash {
			t.Errorf("%+v is written, and at first was %+v", r, first)
		}
	}
}

// TestSimHash: it is printed, and neither the engine nor the shards make a difference.
func TestSimHash(t *testing.T) {
	dir := t.TempDir()
	one, two := filepath.Join(dir, "1.json"), filepath.Join(dir, "2.json")
	if code, printed, message := simulate(t, "explore", "--only", "--seeds", "0-99", "--shard", "1/2", "--json", one); code != 0 {
		t.Fatal(code, printed, message)
	}
	if code, printed, message := simulate(t, "explore", "--only", "--seeds", "0-99", "--shard", "2/2", "--json", two, "--engine", "channels"); code != 0 {
		t.Fatal(code, printed, message)
	}
	hash := regexp.MustCompile(`(?m)^hash: [0-9a-f]{16}$`)
	_, whole, _ := simulate(t, "explore", "--only", "--seeds", "0-99", "--jobs", "1")
	_, merged, _ := simulate(t, "merge", one, two)
	if want := hash.FindString(whole); want == "" || hash.FindString(merged) != want {
		t.Errorf("whole:\n%smerged:\n%s", whole, merged)
	}
}

func TestFigures(t *testing.T) {
	for n, want := range map[uint64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		if got := grouped(n); got != want {
			t.Errorf("%d is written %s", n, got)
		}
	}
	_, printed, _ := simulate(t, "explore", "--only", "--seeds", "0-15")
	if !regexp.MustCompile(`(?m)^16 schedules \([0-9,]+/CPU min\), [0-9,]+ calls \([0-9,]+/CPU s\), .* of virtual time, \d+ of \d+ facts$`).MatchString(printed) {
		t.Error(printed)
	}
}

// TestSimFindingIsNotLost: what was found after a long time is told even if there is no room for its folder any more.
func TestSimFindingIsNotLost(t *testing.T) {
	for _, where := range []string{"a file", "nowhere"} {
		f := exploreFlags{folder: filepath.Join(writeScenario(t, wrongScenario), "below"), jsonFile: filepath.Join(t.TempDir(), "r.json")}
		r := &campaign.Report{Profile: "--kind native", Shards: []int{1}, Of: 1, Schedules: 4712, Findings: []*campaign.Finding{{Property: "P1", Message: "two are inside", Seed: 4711, Scenario: wrongScenario}}}
		cmd := newSim()
		var out bytes.Buffer
		cmd.SetOut(&out)
		wrong := []string{"two are inside", "--out: seed 4711 has no folder"}
		report := jsonReport{fullDisk{}}
		if where == "a file" {
			var err error
			if report, err = openReport(cmd, f.jsonFile); err != nil {
				t.Fatal(err)
			}
		} else {
			wrong = append(wrong, "--json: no space")
		}
		code, message := verdict("sim", f.conclude(cmd, r, report))
		for _, part := range wrong {
			if code != exitFailed || !strings.Contains(message, part) {
				t.Errorf("%s: exit code %d, %s", where, code, message)
			}
		}
		if !strings.Contains(out.String(), "FOUND P1, seed 4711") {
			t.Errorf("%s: %s", where, &out)
		}
		if where == "a file" {
			if written, err := readReport(f.jsonFile); err != nil || len(written.Findings) != 1 {
				t.Errorf("%v, %v", written, err)
			}
		}
	}
}

// TestSimOutputIsWholeOrAnError: a result of which a part is lost is none.
func TestSimOutputIsWholeOrAnError(t *testing.T) {
	wrong := writeScenario(t, wrongScenario)
	shard := filepath.Join(t.TempDir(), "shard.json")
	if code, printed, message := simulate(t, "explore", "--only", "--seeds", "0-7", "--json", shard); code != 0 {
		t.Fatal(code, printed, message)
	}
	for _, args := range []string{"run killed-holder", "run " + wrong, "explore --only --seeds 0-7", "explore --only --seeds 0-7 --json -", "replay killed-holder", "list", "list killed-holder", "list --properties",
		"merge " + shard, "merge --json - " + shard, "shrink " + wrong} {
		root := newRoot(kind.All)
		root.SetArgs(append([]string{"sim"}, strings.Fields(args)...))
		root.SetOut(fullDisk{})
		root.SetErr(io.Discard)
		cmd, err := root.ExecuteContextC(t.Context())
		code, message := verdict(cmd.CommandPath(), err)
		if code != exitFailed || !strings.Contains(message, "no space") {
			t.Errorf("sim %s: exit code %d, %s", args, code, message)
		}
	}
}

// fullDisk is a file on a full disk.
type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space") }
func (fullDisk) Close() error              { return nil }

// TestSimFoldersAreWrittenAtOnce: one for each property, whichever finding of it is the first of the report in the end.
func TestSimFoldersAreWrittenAtOnce(t *testing.T) {
	f := exploreFlags{folder: t.TempDir()}
	folders := func() int {
		there, err := os.ReadDir(f.folder)
		if err != nil {
			t.Fatal(err)
		}
		return len(there)
	}
	r := new(campaign.Report)
	write := f.writeAtOnce()
	for i, want := range []int{1, 1, 2} {
		found := &campaign.Finding{Property: []string{"P1", "P1", "P6"}[i], Seed: uint64(9 - i), Scenario: fmt.Sprintf("seed %d\n%s", i, wrongScenario)}
		write(found)
		r.Findings = append([]*campaign.Finding{found}, r.Findings...)
		if n := folders(); n != want {
			t.Errorf("%d folders after %d findings", n, i+1)
		}
	}
	if err := f.write(r); err != nil || folders() != 2 {
		t.Errorf("%v, %d folders", err, folders())
	}
}

// TestSimExploreLeavesNothing behind where nothing is found, and removes nothing that was there.
func TestSimExploreLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	for _, row := range []struct {
		out  string
		left []string
	}{
		{"new", nil},
		{"new/deeper/fail", nil},
		{"old", []string{"old"}},
	} {
		if row.left != nil {
			if err := os.Mkdir(filepath.Join(dir, row.out), 0o777); err != nil {
				t.Fatal(err)
			}
		}
		if code, printed, message := simulate(t, "explore", "--only", "--seeds", "0-7", "--out", filepath.Join(dir, row.out)); code != 0 {
			t.Fatal(code, printed, message)
		}
		there, err := os.ReadDir(dir)
		if err != nil || len(there) != len(row.left) {
			t.Errorf("%s: %v, %v", row.out, there, err)
		}
	}
}
