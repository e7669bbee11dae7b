package verify

import (
	"time"

	"github.com/holdfast-lock/holdfast/bench/contend"
)

// Report is what a run found out. Its JSON form is for programs; fields are only added to it.
type Report struct {
	Time      time.Time     `json:"time"`
	OS        string        `json:"os"`
	Arch      string        `json:"arch"`
	Go        string        `json:"go"`
	CPUs      int           `json:"cpus"`
	Dir       string        `json:"dir"`
	Mount     Mount         `json:"mount"`
	Seed      uint64        `json:"seed"`
	Processes int           `json:"processes"`
	For       time.Duration `json:"for_ns"`
	Hold      time.Duration `json:"hold_ns"`
	Lifetime  time.Duration `json:"lifetime_ns"` // 0 for holds that do not expire
	Fencing   bool          `json:"fencing"`
	Passed    bool          `json:"passed"` // no kind has a finding
	Kinds     []Result      `json:"kinds"`
}

// Mount is where the directory lies; its fields are empty where the system does not say.
type Mount struct {
	Point   string `json:"point"`
	Type    string `json:"type"`
	Options string `json:"options"`
}

// Result is what was found out about one kind of lock.
type Result struct {
	Kind         string          `json:"kind"`
	Excludes     Answer          `json:"excludes"`
	Linearizable Answer          `json:"linearizable"`
	Findings     []Finding       `json:"findings"` // none if the kind passed
	Figures      contend.Figures `json:"figures"`
	Killed       Met             `json:"killed"`
	Stopped      Met             `json:"stopped"`
	TakenOver    int             `json:"taken_over"`             // stopped holders whose lifetime passed and that another process relieved meanwhile
	LongestStop  time.Duration   `json:"longest_holder_stop_ns"` // everybody waits for a holder that is stopped
	FreeInStop   time.Duration   `json:"free_while_stopped_ns"`  // for which the lock was free and somebody waited, at most, while a waiter was stopped
	History      []string        `json:"history"`                // files with all holds, if they were kept
}

// Passed reports whether nothing is wrong with the kind.
func (r *Result) Passed() bool { return len(r.Findings) == 0 }

// Answer is what can be said to a question.
type Answer string

// The answers.
const (
	Yes       Answer = "yes"
	No        Answer = "no"
	Undecided Answer = "undecided"
	NoLocks   Answer = "no locks here" // the filesystem has none to give
	Unknown   Answer = "unknown"       // it did not come to that
)

// Finding is something that must not be.
type Finding struct {
	What   Problem `json:"what"`
	Detail string  `json:"detail"`
}

// Problem says of what kind a finding is.
type Problem string

// What can be wrong.
const (
	Overlap         Problem = "overlap"          // two processes were inside at once
	NotLinearizable Problem = "not linearizable" // no order of the operations explains what the processes saw
	NotDecided      Problem = "undecided"        // the search for such an order took too long
	Tokens          Problem = "tokens"           // a later hold has a fencing number that is not larger
	Failed          Problem = "error"            // an operation of the lock failed
	Wedged          Problem = "wedged"           // processes did not end
	Starved         Problem = "starved"          // a process to which nothing was done waited all the time
	Unsupported     Problem = "unsupported"      // the filesystem has no locks to give
	Idle            Problem = "idle"             // too little happened for a verdict
)

// Met counts processes that something was done to, by where it met them.
type Met struct {
	Holders   int `json:"holders"`
	Waiters   int `json:"waiters"`
	OnTheEdge int `json:"on_the_edge"` // on the way in or out
}

func (m *Met) count(w where) {
	if w == inside {
		m.Holders++
	} else {
		m.Waiters++
	}
}

// killed says where kills met processes: what a process recorded last tells it.
func killed(o contend.Outcome) Met {
	var m Met
	at := o.KilledAt()
	last := make(map[int]int) // index of the latest interval, by lane
	for n, i := range o.Intervals {
		last[i.Lane] = n
	}
	for lane := range at {
		n, ok := last[lane]
		switch {
		case ok && o.Intervals[n].Acquired == 0 && o.Intervals[n].Released == 0:
			m.Waiters++
		case ok && isInside(o.Intervals[n]):
			m.Holders++
		default:
			m.OnTheEdge++
		}
	}
	return m
}
