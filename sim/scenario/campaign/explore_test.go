package campaign

import (
	"context"
	"testing"
)

func TestEngineIsCleanOverSomeSchedules(t *testing.T) {
	r, err := Explore(context.Background(), Options{First: 0, Last: 1999})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d schedules, %.0f per CPU minute, %.0f operations per CPU second", r.Schedules, r.PerCPUMinute(), r.PerCPUSecond())
	t.Log(r.Missing(), r.Sometimes)
	for _, f := range r.Findings {
		t.Errorf("%v\n%s", f, f.Scenario)
	}
}
