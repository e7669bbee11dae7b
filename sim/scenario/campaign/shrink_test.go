package campaign

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/sim/scenario"
)

// broken is a scenario that a person got wrong: k is never given back. What else happens in it is of no account.
const broken = `
disk posix mtime=1s reuse-inodes
lock k /data/k.lock lifetime=2s
lock j /data/j.lock fencing
slack 1ms
seed 7
strategy random
fault c sync * #1 before delay 1ms

concurrently
	a lock j
	a sleep 30ms
	a unlock j
	b lock k
	b sleep 500ms
	b vouch k -> expired
	b unlock k
	c lock j
	c unlock j
	d lock k
	d unlock k
	stranger sleep 3ms
	stranger stop c
	stranger sleep 3ms
	stranger continue c
end
`

func parsed(t *testing.T, text string) *scenario.Scenario {
	t.Helper()
	s, err := scenario.Parse("x", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestShrinkLeavesWhatMatters(t *testing.T) {
	small, err := Shrink(parsed(t, broken))
	if err != nil || small == nil {
		t.Fatal(small, err)
	}
	if small.Property != "expectation" || !small.Complete {
		t.Errorf("%+v", small)
	}
	text := small.Scenario.String()
	if n := len(small.Scenario.Steps[0].Block); n > 2 || len(small.Scenario.Switches) > 0 || len(small.Scenario.Faults) > 0 || len(small.Scenario.Locks) != 1 || strings.Contains(text, "disk") || strings.Contains(text, "strategy") {
		t.Errorf("%d steps:\n%s", n, text)
	}
	r, err := scenario.Run(parsed(t, text), scenario.RunOptions{})
	if err != nil || r.Finding == nil || r.Finding.Property != small.Property {
		t.Errorf("the small scenario does not replay: %v, %v", r.Finding, err)
	}
}

func TestShrinkOfWhatIsRightIsNothing(t *testing.T) {
	small, err := Shrink(parsed(t, "lock k /data/k.lock\n\na lock k\na unlock k\n"))
	if err != nil || small != nil {
		t.Error(small, err)
	}
}

// TestFolderReplays: what is written is what is needed to see the finding again.
func TestFolderReplays(t *testing.T) {
	f := &Finding{Property: "expectation", Message: "wrong", Seed: 7, Scenario: parsed(t, broken).String(), Time: time.Second}
	dir := t.TempDir()
	small, err := Write(dir, f, &Report{Profile: "--kind native", Version: "v1"})
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Dir(f.Folder) != dir || !strings.HasPrefix(filepath.Base(f.Folder), "expectation-") {
		t.Errorf("folder %s", f.Folder)
	}
	s, err := scenario.ParseFile(filepath.Join(f.Folder, ScenarioFile))
	if err != nil || !s.Equal(small.Scenario) {
		t.Fatalf("%v\n%v", err, s)
	}
	if r, err := scenario.Run(s, scenario.RunOptions{}); err != nil || r.Finding == nil {
		t.Error("it does not replay", err)
	}
	for name, part := range map[string]string{originalFile: "strategy random", timelineFile: "vouch k", environFile: "seed         7"} {
		text, err := os.ReadFile(filepath.Join(f.Folder, name))
		if err != nil || !strings.Contains(string(text), part) {
			t.Errorf("%s: %v\n%s", name, err, text)
		}
	}
	for text, drawn := range map[string]bool{broken: true, "check exists /data/x\n": false} {
		f := &Finding{Property: "expectation", Scenario: parsed(t, text).String()}
		if _, err := Write(dir, f, new(Report)); err != nil {
			t.Fatal(err)
		}
		_, err := os.Stat(filepath.Join(f.Folder, historyFile))
		env, _ := os.ReadFile(filepath.Join(f.Folder, environFile))
		if (err == nil) != drawn || strings.Contains(string(env), "history      none") == drawn {
			t.Errorf("%v\n%s", err, env)
		}
	}
}
