//go:build unix

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/cmd/holdfast/internal/kind"
	"github.com/holdfast-lock/holdfast/cmd/holdfast/internal/verify"
)

// verifyVariable makes the test program the command, with locks that do not work beside those that do.
const verifyVariable = "HOLDFAST_TEST_VERIFY"

func init() {
	if os.Getenv(verifyVariable) != "" {
		os.Exit(execute(os.Args[1:], append(kind.All, brokenKinds...)))
	}
}

func verifyCommand(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, append([]string{"verify"}, args...)...)
	cmd.Env = append(os.Environ(), verifyVariable+"=1", "GORACE=atexit_sleep_ms=0") // else every process of a race-enabled program stays for a second
	return cmd
}

// runVerification runs the command and returns what it printed and its exit code.
func runVerification(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := verifyCommand(t, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// verification is what one run says.
func verification(t *testing.T, args ...string) (report verify.Report, text string, code int) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "report.json")
	stdout, stderr, code := runVerification(t, append(args, "--json", file)...)
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, stdout, stderr)
	}
	decoder := json.NewDecoder(bytes.NewReader(b))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&report); err != nil {
		t.Fatal(err)
	}
	return report, stdout, code
}

func leavesNothing(t *testing.T, dir string) {
	t.Helper()
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left in the directory: %v %v", left, err)
	}
}

// comesTrue returns once a condition holds that another process brings about.
func comesTrue(t *testing.T, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it never came true")
		}
	}
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// temporary makes a directory on the filesystem of parent.
func temporary(t *testing.T, parent string) string {
	t.Helper()
	dir, err := os.MkdirTemp(parent, "holdfast-test-")
	if errors.Is(err, os.ErrNotExist) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func TestNativeLockPasses(t *testing.T) {
	for _, row := range []struct {
		name, parent string
		args         []string
	}{
		{"temporary directory", os.TempDir(), nil},
		{"memory", "/dev/shm", nil},
		{"fencing", os.TempDir(), []string{"--fencing"}},
		{"holds that expire", os.TempDir(), []string{"--lifetime", "200ms", "--fencing", "--for", "4s", "--mode", "640"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := temporary(t, row.parent)
			report, text, code := verification(t, append([]string{"--kind", "native", "--for", "2s", dir}, row.args...)...)
			if code != 0 || !report.Passed || !strings.HasPrefix(lastLine(text), "PASSED") {
				t.Fatalf("exit code %d\n%s", code, text)
			}
			leavesNothing(t, dir)
			k := report.Kinds[0]
			if k.Kind != "native" || k.Excludes != verify.Yes || k.Linearizable != verify.Yes || k.Figures.Overlaps != 0 || k.Figures.Acquisitions < 20 || len(k.Findings)+len(k.History) != 0 {
				t.Errorf("%+v", k)
			}
			if k.Killed.Holders == 0 || k.Killed.Waiters == 0 || k.Stopped.Holders == 0 || k.Stopped.Waiters == 0 || k.LongestStop == 0 {
				t.Errorf("too little was done to the processes: killed %+v, stopped %+v", k.Killed, k.Stopped)
			}
			if report.Lifetime > 0 && k.TakenOver == 0 {
				t.Error("no stopped holder was relieved")
			}
			for _, word := range []string{dir, "native", "excludes", "hand-off median", "worst wait", "fairness", report.Mount.Options} {
				if !strings.Contains(text, word) {
					t.Errorf("the text does not say %q:\n%s", word, text)
				}
			}
		})
	}
}

func TestBrokenLocksAreCaught(t *testing.T) {
	for _, row := range []struct {
		kind     string
		args     []string
		excludes []verify.Answer
		problem  verify.Problem
		verdict  string
		history  bool
	}{
		{"open", nil, []verify.Answer{verify.No}, verify.Overlap, "FAILED: open does NOT exclude.", true},
		{"leaky", []string{"--for", "4s"}, []verify.Answer{verify.No}, verify.Overlap, "FAILED: leaky does NOT exclude.", true},
		{"unlinking", nil, []verify.Answer{verify.No}, verify.Overlap, "FAILED: unlinking does NOT exclude.", true},
		{"hasty", nil, []verify.Answer{verify.No}, verify.Overlap, "FAILED: hasty does NOT exclude.", true},
		{"hasty", []string{"--lifetime", "300ms"}, []verify.Answer{verify.No}, verify.Overlap, "FAILED: hasty does NOT exclude.", true},
		{"clinging", []string{"--stops", "0"}, []verify.Answer{verify.Yes}, verify.Wedged, "FAILED: clinging does not work: wedged.", true},
		{"failing", nil, []verify.Answer{verify.Yes, verify.Undecided}, verify.Failed, "FAILED: failing does not work: error.", true},
		{"absent", nil, []verify.Answer{verify.NoLocks}, verify.Unsupported, "FAILED: absent gives no locks here.", false},
	} {
		t.Run(strings.Join(append(row.args, row.kind), " "), func(t *testing.T) {
			t.Parallel()
			dir, keep := t.TempDir(), t.TempDir()
			report, text, code := verification(t, append([]string{"--kind", row.kind, "--for", "1s", "--report", keep, dir}, row.args...)...)
			if code != exitFailed || report.Passed || lastLine(text) != row.verdict {
				t.Errorf("exit code %d\n%s", code, text)
			}
			leavesNothing(t, dir)
			k := report.Kinds[0]
			found := func(f verify.Finding) bool { return f.What == row.problem }
			if !slices.Contains(row.excludes, k.Excludes) || !slices.ContainsFunc(k.Findings, found) || !strings.Contains(text, strings.ToUpper(string(row.problem))) {
				t.Errorf("%+v\n%s", k, text)
			}
			if row.history {
				holdsAreKept(t, keep, k)
			}
		})
	}
}

// holdsAreKept checks the files with the history: a page for people, and as many holds as were counted.
func holdsAreKept(t *testing.T, dir string, k verify.Result) {
	t.Helper()
	if len(k.History) != 2 || filepath.Dir(k.History[0]) != dir {
		t.Fatalf("history: %v", k.History)
	}
	page, err := os.ReadFile(k.History[0])
	if err != nil || !bytes.Contains(page, []byte("<html")) {
		t.Errorf("%s: %v, starts with %.100q", k.History[0], err, page)
	}
	f, err := os.Open(k.History[1])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	holds := 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var line map[string]any
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		if line["acquired_ns"] != nil {
			holds++
		}
	}
	if holds < k.Figures.Acquisitions {
		t.Errorf("%d holds are kept, of %d", holds, k.Figures.Acquisitions)
	}
}

func TestFailureNamesANewDirectoryWithTheHistory(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	report, text, _ := verification(t, "--kind", "open", "--for", "200ms", t.TempDir())
	for _, file := range report.Kinds[0].History {
		if _, err := os.Stat(file); err != nil || !strings.Contains(text, file) || !strings.HasPrefix(file, os.TempDir()) {
			t.Errorf("%s: %v\n%s", file, err, text)
		}
	}
	if len(report.Kinds[0].History) == 0 {
		t.Error("nothing was kept")
	}
}

func TestEachKindHasARow(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir()) // for the histories
	report, text, code := verification(t, "--for", "200ms", "--kills", "0", "--stops", "0", t.TempDir())
	names := append(kind.All, brokenKinds...).Names()
	var got []string
	for _, k := range report.Kinds {
		got = append(got, k.Kind)
	}
	if code != exitFailed || !slices.Equal(got, names) {
		t.Errorf("exit code %d, kinds %v, want %v", code, got, names)
	}
	if strings.Contains(lastLine(text), "native") {
		t.Errorf("the verdict blames the lock that works: %s", lastLine(text))
	}
}

func TestSameSeedDoesTheSame(t *testing.T) {
	report, _, _ := verification(t, "--kind", "absent", "--seed", "7", t.TempDir())
	if report.Seed != 7 {
		t.Errorf("seed %d", report.Seed)
	}
	first, _, _ := verification(t, "--kind", "absent", t.TempDir())
	second, _, _ := verification(t, "--kind", "absent", t.TempDir())
	if first.Seed == second.Seed {
		t.Errorf("two runs have seed %d", first.Seed)
	}
}

type refusal struct {
	name string
	args []string
	code int
	says string
}

func TestVerifyRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	rows := []refusal{
		{"no directory named", nil, exitUsage, "name one directory"},
		{"missing directory", []string{filepath.Join(dir, "missing")}, exitUsage, "make it"},
		{"a file", []string{file}, exitUsage, "is not a directory"},
		{"unknown kind", []string{"--kind", "soft-boiled", dir}, exitUsage, "choose from native"},
		{"one process", []string{"--processes", "1", dir}, exitUsage, "--processes"},
		{"too short a hold", []string{"--hold", "1us", dir}, exitUsage, "--hold"},
		{"too short a time", []string{"--for", "1ms", dir}, exitUsage, "--for"},
		{"more kills than there is time for", []string{"--kills", "1000000000", dir}, exitUsage, "--for"},
		{"negative kills", []string{"--kills", "-1", dir}, exitUsage, "--kills"},
		{"negative lifetime", []string{"--lifetime", "-1s", dir}, exitUsage, "--lifetime"},
		{"lifetime of zero", []string{"--lifetime", "0s", dir}, exitUsage, "--lifetime must be positive"},
		{"no mode", []string{"--mode", "rw", dir}, exitUsage, "octal"},
		{"a mode that locks everybody out", []string{"--mode", "000", dir}, exitUsage, "--mode"},
		{"a poll interval of zero", []string{"--poll", "0s", dir}, exitUsage, "--poll must be positive"},
		{"JSON into nowhere", []string{"--kind", "absent", "--json", filepath.Join(dir, "missing", "file"), dir}, exitUsage, "--json"},
	}
	if runtime.GOOS == "linux" { // where not even root may write to this one
		rows = append(rows, refusal{"a place where nobody may write", []string{"/sys"}, exitPermission, "may write to"})
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			_, stderr, code := runVerification(t, row.args...)
			if code != row.code || !strings.Contains(lastLine(stderr), row.says) || !strings.HasPrefix(lastLine(stderr), "holdfast: ") {
				t.Errorf("exit code %d, want %d and %q:\n%s", code, row.code, row.says, stderr)
			}
		})
	}
}

func TestVerifyEndsAtOnceWhenInterrupted(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			dir := t.TempDir()
			cmd := verifyCommand(t, "--kind", "native", "--for", "1h", "--mode", "604", dir)
			cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			comesTrue(t, func() bool {
				contended, err := filepath.Glob(filepath.Join(dir, "*", "native.lock"))
				if err != nil || len(contended) == 0 {
					return false
				}
				info, err := os.Stat(contended[0])
				return err == nil && info.Mode().Perm() == 0o604 // so the settings reach the processes
			})
			// To the whole group, as a terminal does.
			if err := syscall.Kill(-cmd.Process.Pid, signal); err != nil {
				t.Fatal(err)
			}
			cmd.Wait()
			if code := cmd.ProcessState.ExitCode(); code != exitSignal+int(signal) {
				t.Errorf("exit code %d\n%s", code, stderr.String())
			}
			leavesNothing(t, dir)
			if err := syscall.Kill(-cmd.Process.Pid, 0); err != syscall.ESRCH {
				t.Errorf("processes are left: %v", err)
			}
		})
	}
}

// TestReportKeepsItsShape: programs read the JSON form. A field that is added is added here.
func TestReportKeepsItsShape(t *testing.T) {
	stdout, _, code := runVerification(t, "--kind", "open", "--for", "200ms", "--report", t.TempDir(), "--json", "-", t.TempDir())
	var report map[string]any
	if err := json.Unmarshal([]byte(stdout), &report); err != nil || code != exitFailed {
		t.Fatalf("exit code %d, %v\n%s", code, err, stdout)
	}
	want, err := os.ReadFile("testdata/verify.shape")
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(shape("", report), "\n") + "\n"; got != string(want) {
		t.Errorf("the report is\n%s", got)
	}
}

// shape lists the fields of a JSON value with their types. A list has the shape of its first element.
func shape(path string, v any) []string {
	switch v := v.(type) {
	case map[string]any:
		var lines []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			lines = append(lines, shape(path+"."+name, v[name])...)
		}
		return lines
	case []any:
		if len(v) > 0 {
			return shape(path+"[]", v[0])
		}
	}
	return []string{fmt.Sprintf("%s %T", strings.TrimPrefix(path, "."), v)}
}
