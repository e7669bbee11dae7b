package campaign

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/holdfast-lock/holdfast/sim"
	"github.com/holdfast-lock/holdfast/sim/scenario"
	"github.com/holdfast-lock/holdfast/sim/scenario/property"
)

// watched are the schedules that every test of the hash runs. What is found in them counts too.
func watched() Options { return Options{First: 101, Last: 300, All: true, Histories: -1, Repeats: -1} }

// showHash lets a copy of the test binary print the hash of the schedules, and nothing else.
const showHash = "HOLDFAST_CAMPAIGN_HASH"

func TestMain(m *testing.M) {
	if os.Getenv(showHash) == "" {
		os.Exit(m.Run())
	}
	r, err := Explore(context.Background(), watched())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Print(r.Hash)
}

// TestSeedsDecideTheHash: not the engine, not the goroutines that share the work, not the shards, not the process, not the number of processors.
func TestSeedsDecideTheHash(t *testing.T) {
	want := explore(t, watched()).Hash
	for i, engine := range EngineNames() {
		for _, jobs := range []int{1, 3} {
			o := watched()
			o.Engine, o.Jobs = sim.Engine(i), jobs
			if got := explore(t, o).Hash; got != want {
				t.Errorf("%s, %d jobs: %v instead of %v", engine, jobs, got, want)
			}
		}
	}
	var parts []*Report
	for n := range 3 {
		o := watched()
		o.Shard = Shard{n + 1, 3}
		parts = append(parts, explore(t, o))
	}
	if all, err := Merge(parts); err != nil || all.Hash != want {
		t.Errorf("merged: %v instead of %v, %v", all.Hash, want, err)
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, processors := range []string{"1", "2"} {
		cmd := exec.Command(program)
		cmd.Env = append(os.Environ(), showHash+"=1", "GOMAXPROCS="+processors)
		if got, err := cmd.Output(); err != nil || string(got) != want.String() {
			t.Errorf("in another process, GOMAXPROCS=%s: %q instead of %v, %v", processors, got, want, err)
		}
	}
	o := watched()
	o.Last--
	if explore(t, o).Hash == want {
		t.Error("with a schedule less it is the same")
	}
}

func TestHashTellsSchedulesApart(t *testing.T) {
	of := func(seed uint64, r scenario.Result) (h Hash) {
		h.add(seed, &r)
		return h
	}
	seen := make(map[Hash]int)
	for i, h := range []Hash{
		0,
		of(0, scenario.Result{}),
		of(1, scenario.Result{}),
		of(0, scenario.Result{Hash: 1}),
		of(0, scenario.Result{Steps: 1}),
		of(0, scenario.Result{Time: 1}),
		of(0, scenario.Result{Seen: property.Facts(1)}),
		of(0, scenario.Result{Finding: &scenario.Finding{Property: "P1"}}),
		of(0, scenario.Result{Finding: &scenario.Finding{Property: "P1", Message: "at " + strings.Repeat("x", 200)}}),
		of(0, scenario.Result{Hash: 1}) + of(1, scenario.Result{Hash: 2}),
		of(0, scenario.Result{Hash: 2}) + of(1, scenario.Result{Hash: 1}),
	} {
		if other, ok := seen[h]; ok {
			t.Errorf("rows %d and %d have the hash %v", other, i, h)
		}
		seen[h] = i
	}
}

func TestHashIsText(t *testing.T) {
	text, err := json.Marshal(Hash(0xbeef << 40))
	if err != nil || string(text) != `"00beef0000000000"` {
		t.Errorf("%s, %v", text, err)
	}
	var h Hash
	if err := json.Unmarshal(text, &h); err != nil || h != 0xbeef<<40 {
		t.Errorf("%v, %v", h, err)
	}
	for _, wrong := range []string{`"beef"`, `"00beef000000000x"`, `7`} {
		if err := json.Unmarshal([]byte(wrong), &h); err == nil {
			t.Errorf("%s was read", wrong)
		}
	}
}

// TestHashIsOfTheRunAlone: where a run was looked at again, and how long that took, makes no difference to it.
func TestHashIsOfTheRunAlone(t *testing.T) {
	hashOf := func(f *scenario.Finding) (h Hash) {
		h.add(1, &scenario.Result{Steps: 7, Finding: f})
		return h
	}
	for _, p := range []string{scenario.NotLinearizable, scenario.Undecided, scenario.NotRepeated} {
		if hashOf(&scenario.Finding{Property: p}) != hashOf(nil) {
			t.Errorf("%s changes the hash", p)
		}
	}
	if hashOf(&scenario.Finding{Property: "P1"}) == hashOf(nil) {
		t.Error("P1 does not change the hash")
	}
}
