package campaign

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/sim/scenario"
	"github.com/holdfast-lock/holdfast/sim/scenario/property"
)

// explore runs a campaign that must not fail to run.
func explore(t *testing.T, o Options) *Report {
	t.Helper()
	r, err := Explore(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestEngineIsClean(t *testing.T) {
	last := uint64(4999)
	if testing.Short() {
		last = 499
	}
	r := explore(t, Options{First: 0, Last: last})
	for _, f := range r.Findings {
		t.Errorf("%v\n%s", f, f.Scenario)
	}
	if want := last + 1; len(r.Findings) == 0 && r.Schedules != want {
		t.Errorf("%d schedules were run, of %d", r.Schedules, want)
	}
	if missing := r.Missing(); len(missing) > 0 && !testing.Short() {
		t.Errorf("these never happened: %v", missing)
	}
	if r.Undecided > 0 || r.Checked == 0 || r.Repeated == 0 {
		t.Errorf("%d histories were checked, %d undecided, %d schedules repeated", r.Checked, r.Undecided, r.Repeated)
	}
	if r.Operations < r.Schedules || r.Virtual == 0 {
		t.Errorf("%d operations, %v", r.Operations, r.Virtual)
	}
}

// TestEngineIsCleanAmongPeers: what peers do to holders of Holdfast is theirs, and Holdfast does nothing to anybody.
func TestEngineIsCleanAmongPeers(t *testing.T) {
	for _, kind := range []string{"soft", "lease", "strict", "native"} {
		last := uint64(2999)
		if testing.Short() {
			last = 399
		}
		r := explore(t, Options{First: 0, Last: last, Profile: Profile{Kind: kind, Needs: Peers}})
		for _, f := range r.Findings {
			t.Errorf("%s: %v\n%s", kind, f, f.Scenario)
		}
		if lacking := r.Lacking(); len(lacking) > 0 && !testing.Short() {
			t.Errorf("%s: these never happened: %v", kind, lacking)
		}
		if evicted := property.EvictedPeer.Names()[0]; kind == "soft" && r.Sometimes[evicted] == 0 {
			t.Errorf("%s: this never happened: %s", kind, evicted)
		}
	}
}

// TestEngineIsCleanWithAnySlack: whoever is held up for long is no leak, and is waited for.
func TestEngineIsCleanWithAnySlack(t *testing.T) {
	for _, slack := range []string{"0", "100ms", "10s", "1m", "1h", "unbounded"} {
		r := explore(t, Options{Profile: Profile{Slack: slack}, Last: 399})
		for _, f := range r.Findings {
			t.Errorf("%s: %v\n%s", slack, f, f.Scenario)
		}
	}
}

// TestSameSeedsGiveTheSame: however many goroutines share the work.
func TestSameSeedsGiveTheSame(t *testing.T) {
	var first *Report
	for _, jobs := range []int{1, 3} {
		r := explore(t, Options{First: 100, Last: 299, Jobs: jobs})
		if first == nil {
			first = r
		} else if r.Operations != first.Operations || r.Virtual != first.Virtual || r.Schedules != first.Schedules {
			t.Errorf("%d jobs made %d schedules, %d operations, %v; one made %d, %d, %v", jobs, r.Schedules, r.Operations, r.Virtual, first.Schedules, first.Operations, first.Virtual)
		}
	}
}

func TestSeedIsAScenario(t *testing.T) {
	x := newExecutor(&Options{Repeats: -1, Histories: -1})
	defer x.close()
	for seed := range uint64(200) {
		s := Generate(seed, Profile{})
		again := Generate(seed, Profile{})
		if !s.Equal(again) {
			t.Fatalf("seed %d gives two scenarios:\n%v\n%v", seed, s, again)
		}
		parsed, err := scenario.Parse("generated", []byte(s.String()))
		if err != nil || !parsed.Equal(s) {
			t.Fatalf("seed %d gives a scenario that cannot be written down: %v\n%v", seed, err, s)
		}
		r, err := scenario.Run(parsed, scenario.RunOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if err := x.load(seed / plans); err != nil {
			t.Fatal(err)
		}
		own := x.runner.Run(x.program, scenario.RunOptions{Seed: seed, Strategy: x.strategy})
		if own.Hash != r.Hash {
			t.Fatalf("seed %d runs otherwise from a file: %016x and %016x", seed, own.Hash, r.Hash)
		}
	}
}

// TestNeedsAreMet: what a world is asked to have goes on in it, and with Only nothing else.
func TestNeedsAreMet(t *testing.T) {
	for i, name := range featureNames {
		needs := Features(1) << i
		p := newPlan(uint64(i), Profile{Needs: needs, Only: true})
		text := p.scenario().String()
		if !p.features.Has(needs) {
			t.Errorf("%s: the world has %v", name, p.features)
		}
		if needs&(Lifetime|Mixed) == 0 && strings.Contains(text, "lifetime=") {
			t.Errorf("%s: the world has lifetimes:\n%s", name, text)
		}
	}
}

func TestShardsAreTheWhole(t *testing.T) {
	whole := explore(t, Options{First: 5, Last: 404})
	var parts []*Report
	for n := range 3 {
		parts = append(parts, explore(t, Options{First: 5, Last: 404, Shard: Shard{n + 1, 3}}))
	}
	all, err := Merge(parts)
	if err != nil {
		t.Fatal(err)
	}
	if all.Schedules != whole.Schedules || all.Operations != whole.Operations || all.Virtual != whole.Virtual || all.Last != whole.Last {
		t.Errorf("merged: %+v\nwhole: %+v", all, whole)
	}
	for name, n := range whole.Sometimes {
		if all.Sometimes[name] != n {
			t.Errorf("%s happened %d times in the shards, %d times in all", name, all.Sometimes[name], n)
		}
	}
}

func TestMergeRefuses(t *testing.T) {
	report := func(change func(*Report)) *Report {
		r := &Report{Profile: "p", Version: "v", Shards: []int{1}, Of: 2}
		change(r)
		return r
	}
	one := report(func(*Report) {})
	for _, row := range []struct {
		with *Report
		want string
	}{
		{report(func(r *Report) { r.Shards = []int{2}; r.Profile = "q" }), "another campaign"},
		{report(func(r *Report) { r.Shards = []int{2}; r.First = 7 }), "another campaign"},
		{report(func(r *Report) { r.Shards = []int{2}; r.Until = 7 }), "another campaign"},
		{report(func(r *Report) { r.Shards = []int{2}; r.Bound = new(int) }), "another campaign"},
		{report(func(r *Report) { r.Shards = []int{2}; r.Of = 3 }), "another campaign"},
		{report(func(r *Report) { r.Shards = []int{2}; r.Version = "w" }), "version"},
		{one, "twice"},
	} {
		if _, err := Merge([]*Report{one, row.with}); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s expected, got %v", row.want, err)
		}
	}
	if _, err := Merge(nil); err == nil {
		t.Error("nothing was merged")
	}
}

func TestReportIsReadAsItWasWritten(t *testing.T) {
	r := explore(t, Options{First: 0, Last: 15})
	var b strings.Builder
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	read, err := Read("x.json", strings.NewReader(b.String()))
	if err != nil || read.Schedules != r.Schedules || read.Virtual != r.Virtual || read.Of != 1 || read.Until != 15 {
		t.Errorf("%v: %+v", err, read)
	}
	for _, text := range []string{"", "{}", `{"of": 3, "shards": [1], "what": 1}`} {
		if _, err := Read("x.json", strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), "x.json") {
			t.Errorf("%q was read: %v", text, err)
		}
	}
}

func TestCampaignEndsInTime(t *testing.T) {
	r := explore(t, Options{First: 0, Last: 1<<64 - 1, For: time.Millisecond})
	if r.Schedules > 1<<20 || !slices.Equal(r.Ended, []Ending{ByTime}) {
		t.Error("it went on", r.Ended)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if r, err := Explore(ctx, Options{Last: 1 << 40}); err != nil || r.Schedules > plans || !slices.Equal(r.Ended, []Ending{ByInterrupt}) {
		t.Errorf("%v, %d schedules, ended by %v", err, r.Schedules, r.Ended)
	}
	if r := explore(t, Options{Last: 7, For: time.Hour}); len(r.Ended) > 0 {
		t.Errorf("ended by %v when all was run", r.Ended)
	}
}

func TestOptionsThatCannotBe(t *testing.T) {
	for _, o := range []Options{
		{Profile: Profile{Kind: "steel"}}, {Profile: Profile{Needs: Peers, Processes: 1}}, {Profile: Profile{FS: "nfs"}}, {Profile: Profile{Processes: 9}}, {Profile: Profile{Processes: -1}}, {Profile: Profile{Cycles: -1}},
		{Profile: Profile{Strategy: "guess"}}, {Profile: Profile{Slack: "2h"}}, {Profile: Profile{Slack: "-1s"}}, {Profile: Profile{Slack: "soon"}}, {Profile: Profile{Strategy: "exhaustive bound=2"}}, {First: 3, Last: 2},
	} {
		if _, err := Explore(t.Context(), o); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%+v: %v", o, err)
		}
	}
}
