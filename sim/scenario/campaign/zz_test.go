package campaign

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/sim"
	"github.com/holdfast-lock/holdfast/sim/scenario"
)

func TestZZ(t *testing.T) {
	last, _ := strconv.ParseUint(os.Getenv("LAST"), 10, 64)
	if last == 0 {
		t.Skip()
	}
	first, _ := strconv.ParseUint(os.Getenv("FIRST"), 10, 64)
	r, err := Explore(context.Background(), Options{First: first, Last: last, All: true})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("%d schedules, %.0f per CPU minute, %.0f operations per CPU second, undecided %d checked %d\n", r.Schedules, r.PerCPUMinute(), r.PerCPUSecond(), r.Undecided, r.Checked)
	fmt.Println(r.Missing(), r.Sometimes)
	n := map[string]int{}
	for _, f := range r.Findings {
		n[f.Property]++
	}
	fmt.Println(n)
	seen := map[string]int{}
	for _, f := range r.Findings {
		if seen[f.Property]++; seen[f.Property] > 1 {
			continue
		}
		s, err := scenario.Parse("x", []byte(f.Scenario))
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		k, err := Shrink(s)
		fmt.Println("=====", f, time.Since(start), err)
		if k != nil {
			fmt.Println(k.Runs, k.Message)
			fmt.Println(k.Scenario.String())
		}
	}
}

func TestZZTrace(t *testing.T) {
	name := os.Getenv("FILE")
	if name == "" {
		t.Skip()
	}
	s, err := scenario.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	p, err := scenario.Compile(s)
	if err != nil {
		t.Fatal(err)
	}
	r := new(scenario.Runner).Run(p, scenario.RunOptions{Timeline: true, Trace: func(r sim.Record) {
		if r.Op == sim.OpMonotonic || r.Op == sim.OpUptime {
			//return
		}
		fmt.Println(r.Step, r.Time, r.Task, r.Op, r.Path, r.Detail, r.Err, r.Note)
	}})
	fmt.Println(r.Timeline)
	fmt.Println(r.Finding)
}
