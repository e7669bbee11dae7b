package campaign

import (
	"strings"
	"testing"
)

func TestShard(t *testing.T) {
	slurm := map[string]string{"SLURM_ARRAY_TASK_ID": "12", "SLURM_ARRAY_TASK_MIN": "10", "SLURM_ARRAY_TASK_COUNT": "4"}
	kubernetes := map[string]string{"JOB_COMPLETION_INDEX": "0", "JOB_COMPLETIONS": "3"}
	for _, row := range []struct {
		text  string
		vars  map[string]string
		want  Shard
		wrong string
	}{
		{"1/1", nil, Shard{1, 1}, ""},
		{"3/8", nil, Shard{3, 8}, ""},
		{"auto", slurm, Shard{3, 4}, ""},
		{"auto", kubernetes, Shard{1, 3}, ""},
		{"0/8", nil, Shard{}, "I/N"},
		{"9/8", nil, Shard{}, "I/N"},
		{"3", nil, Shard{}, "I/N"},
		{"a/b", nil, Shard{}, "I/N"},
		{"auto", nil, Shard{}, "SLURM_ARRAY_TASK_ID"},
		{"auto", map[string]string{"JOB_COMPLETION_INDEX": "0"}, Shard{}, "JOB_COMPLETIONS"},
		{"auto", map[string]string{"SLURM_ARRAY_TASK_ID": "30", "SLURM_ARRAY_TASK_MIN": "10", "SLURM_ARRAY_TASK_COUNT": "4"}, Shard{}, "no shard"},
	} {
		got, err := ParseShard(row.text, func(name string) (string, bool) { v, ok := row.vars[name]; return v, ok })
		if got != row.want || (err == nil) != (row.wrong == "") || err != nil && !strings.Contains(err.Error(), row.wrong) {
			t.Errorf("%s with %v: %v, %v", row.text, row.vars, got, err)
		}
	}
}

func TestSeeds(t *testing.T) {
	for _, row := range []struct {
		text        string
		first, last uint64
		ok          bool
	}{
		{"0", 0, 1<<64 - 1, true},
		{"7-9", 7, 9, true},
		{"1f3a9c2", 0x1f3a9c2 << 32, 1<<64 - 1, true},
		{"1f3a9c2d00f5e0bb1c0ffee1f3a9c2d00f5e0bb1", 0x1f3a9c2 << 32, 1<<64 - 1, true},
		{"9-7", 0, 0, false},
		{"", 0, 0, false},
		{"-1", 0, 0, false},
		{"main", 0, 0, false},
		{"abc", 0, 0, false},
		{"1f3a9cX", 0, 0, false},
	} {
		first, last, err := ParseSeeds(row.text)
		if (err == nil) != row.ok || row.ok && (first != row.first || last != row.last) {
			t.Errorf("%q: %d to %d, %v", row.text, first, last, err)
		}
	}
}

func TestFeatures(t *testing.T) {
	all, err := ParseFeatures(FeatureNames())
	if err != nil || all != allFeatures || all.String() != strings.Join(FeatureNames(), ",") {
		t.Errorf("%v, %v", all, err)
	}
	if _, err := ParseFeatures([]string{"magic"}); err == nil || !strings.Contains(err.Error(), "lifetime") {
		t.Error(err)
	}
}
