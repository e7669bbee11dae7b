package campaign

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"github.com/holdfast-lock/holdfast/sim/scenario/property"
)

// Report is what a campaign, or a shard of one, came to. It can be written as JSON, and read by [Merge].
type Report struct {
	Profile    string            `json:"profile"`               // in words
	Version    string            `json:"version"`               // of the program
	First      uint64            `json:"first"`                 // seed
	Until      uint64            `json:"until"`                 // seed that was asked for as the last
	Last       uint64            `json:"last"`                  // highest seed that was run
	Bound      *int              `json:"preemptions,omitempty"` // in a search of every schedule with so many at most; the seeds are of no account then
	Ended      []Ending          `json:"ended,omitempty"`       // what ended it before all was run, other than its first finding
	Shards     []int             `json:"shards"`                // whose results these are, counted from 1
	Of         int               `json:"of"`                    // shards
	Schedules  uint64            `json:"schedules"`
	Hash       Hash              `json:"hash"`       // of the schedules
	Operations uint64            `json:"operations"` // calls of the seam
	Wall       time.Duration     `json:"wall"`
	CPU        time.Duration     `json:"cpu"` // of the process, 0 where it is not known
	Virtual    time.Duration     `json:"virtual"`
	Checked    uint64            `json:"checked"`         // histories that were checked for linearizability
	Undecided  uint64            `json:"undecided"`       // of these, those that took too long
	Repeated   uint64            `json:"repeated"`        // schedules that were run a second time, on the other engine
	Peers      bool              `json:"peers,omitempty"` // there were some in every world
	Kind       string            `json:"kind,omitempty"`  // of lock, as [Profile] has it
	Sometimes  map[string]uint64 `json:"sometimes"`       // in how many schedules each fact of P20 was seen
	Findings   []*Finding        `json:"findings"`
}

// Ending says why a campaign, or a shard of one, ended before all that was asked for was run.
type Ending string

// The endings.
const (
	ByTime      Ending = "time"
	ByInterrupt Ending = "interrupt"
	ByFindings  Ending = "findings" // so many that more of them say nothing
)

// Finding is a schedule in which a property does not hold.
type Finding struct {
	Property string        `json:"property"` // "P1"
	Message  string        `json:"message"`  // in one line
	Seed     uint64        `json:"seed"`
	Step     int           `json:"step"`
	Time     time.Duration `json:"time"`     // virtual
	Hash     Hash          `json:"hash"`     // of the run
	Scenario string        `json:"scenario"` // as a file, with the seed
	Folder   string        `json:"folder,omitempty"`
}

func (f *Finding) String() string {
	return fmt.Sprintf("%s, seed %d, step %d, %v: %s", f.Property, f.Seed, f.Step, f.Time, f.Message)
}

func bySeed(a, b *Finding) int {
	return cmp.Or(cmp.Compare(a.Seed, b.Seed), cmp.Compare(a.Property, b.Property))
}

// facts returns the facts of P20 that there can be.
func (r *Report) facts() property.Facts {
	if r.Peers {
		return property.AllFacts() | property.PeerFacts()
	}
	return property.AllFacts()
}

// Missing returns the facts of P20 that no schedule has seen.
func (r *Report) Missing() []string { return r.unseen(r.facts()) }

// Lacking returns those of them that a campaign like this one must see when it is long enough: all if it leaves open what happens in its worlds, and if it has peers what there is to see of them, but for what is too rare, or is so of native locks; nobody takes anything
// away from a path of strict ones.
func (r *Report) Lacking() []string {
	switch {
	case r.Open():
		return r.unseen(property.AllFacts())
	case r.Peers:
		facts := property.PeerFacts() &^ (property.MovedByMistake | property.EvictedPeer)
		if r.Kind == "strict" {
			facts &^= property.PeerEvicted | property.PeerRobbed
		}
		return r.unseen(facts)
	}
	return nil
}

func (r *Report) unseen(facts property.Facts) []string {
	var missing []string
	for _, name := range facts.Names() {
		if r.Sometimes[name] == 0 {
			missing = append(missing, name)
		}
	}
	return missing
}

// PerCPUMinute returns the schedules, and PerCPUSecond the operations, for a time of the processor; 0 where that is not known.
func (r *Report) PerCPUMinute() float64 { return rate(r.Schedules, r.CPU, time.Minute) }

// PerCPUSecond is described at [Report.PerCPUMinute].
func (r *Report) PerCPUSecond() float64 { return rate(r.Operations, r.CPU, time.Second) }

func rate(n uint64, of, unit time.Duration) float64 {
	if of <= 0 {
		return 0
	}
	return float64(n) * float64(unit) / float64(of)
}

// add adds what a part of the campaign came to.
func (r *Report) add(part *Report) {
	r.Schedules += part.Schedules
	r.Hash += part.Hash
	r.Operations += part.Operations
	r.CPU += part.CPU
	r.Wall = max(r.Wall, part.Wall)
	r.Virtual += part.Virtual
	r.Checked += part.Checked
	r.Undecided += part.Undecided
	r.Repeated += part.Repeated
	r.Last = max(r.Last, part.Last)
	if r.Sometimes == nil {
		r.Sometimes = make(map[string]uint64)
	}
	for name, n := range part.Sometimes {
		r.Sometimes[name] += n
	}
	r.Findings = append(r.Findings, part.Findings...)
	for _, e := range part.Ended {
		if !slices.Contains(r.Ended, e) {
			r.Ended = append(r.Ended, e)
		}
	}
	slices.Sort(r.Ended)
}

// Absent returns the shards of the campaign whose results these are not.
func (r *Report) Absent() []int {
	var absent []int
	for n := 1; n <= r.Of; n++ {
		if !slices.Contains(r.Shards, n) {
			absent = append(absent, n)
		}
	}
	return absent
}

// campaign says which campaign it is.
func (r *Report) campaign() string {
	if r.Bound != nil {
		return r.Profile
	}
	if r.Until == math.MaxUint64 {
		return fmt.Sprintf("%s, seeds from %d on", r.Profile, r.First)
	}
	return fmt.Sprintf("%s, seeds from %d to %d", r.Profile, r.First, r.Until)
}

// Merge puts the reports of shards together. They must be of one campaign, and each shard there once.
func Merge(reports []*Report) (*Report, error) {
	if len(reports) == 0 {
		return nil, errors.New("nothing to merge: name the reports of the shards")
	}
	first := reports[0]
	all := &Report{Profile: first.Profile, Peers: first.Peers, Kind: first.Kind, Version: first.Version, First: first.First, Until: first.Until, Bound: first.Bound, Of: first.Of}
	for _, r := range reports {
		switch {
		case r.campaign() != first.campaign() || r.Of != first.Of:
			return nil, fmt.Errorf("shard %v of %d (%s) is of another campaign than shard %v of %d (%s)", r.Shards, r.Of, r.campaign(), first.Shards, first.Of, first.campaign())
		case r.Version != first.Version:
			return nil, fmt.Errorf("shard %v was run by version %s, shard %v by %s: run both with one program", r.Shards, r.Version, first.Shards, first.Version)
		}
		for _, n := range r.Shards {
			if slices.Contains(all.Shards, n) {
				return nil, fmt.Errorf("shard %d is there twice: name each report once", n)
			}
		}
		all.Shards = append(all.Shards, r.Shards...)
		all.add(r)
	}
	slices.Sort(all.Shards)
	slices.SortFunc(all.Findings, bySeed)
	return all, nil
}

// Write writes the report as JSON.
func (r *Report) Write(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// Read reads a report that [Report.Write] wrote. The name is for the error.
func Read(name string, from io.Reader) (*Report, error) {
	r := new(Report)
	d := json.NewDecoder(from)
	d.DisallowUnknownFields()
	if err := d.Decode(r); err != nil {
		return nil, fmt.Errorf("%s is no report of a campaign: %w", name, err)
	}
	if r.Of < 1 || len(r.Shards) == 0 {
		return nil, fmt.Errorf("%s is no report of a campaign: it does not say which shard it is of", name)
	}
	return r, nil
}

// enough is how many schedules must have seen every fact that a campaign must see.
const enough = 100000

// Open reports whether the campaign left open what happens in its worlds, so that every fact of P20 can be.
func (r *Report) Open() bool {
	var open Profile
	return r.Profile == open.String()
}

// Vacuous reports whether so many schedules were run that what the campaign lacks is a finding of P20.
func (r *Report) Vacuous() bool { return r.Schedules >= enough && len(r.Lacking()) > 0 }

// Facts returns how many facts of P20 there can be in the campaign.
func (r *Report) Facts() int { return r.facts().Count() }
