package linearize

import (
	"slices"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/model"
)

func TestFromHolds(t *testing.T) {
	pending := func(kind model.Kind, call time.Duration) Operation {
		return Operation{Client: p1, Kind: kind, Call: call, Return: Never}
	}
	for _, row := range []struct {
		name string
		hold Hold
		ops  []Operation
		held []Interval
	}{
		{"whole", Hold{p1, 1, 2, 0, 3, 4, 7}, []Operation{acquired(p1, 1, 2, 7), released(p1, 3, 4)}, []Interval{{p1, 2, 3}}},
		{"not acquired", Hold{Client: p1, Requested: 1}, []Operation{pending(model.Acquire, 1)}, nil},
		{"not released", Hold{Client: p1, Requested: 1, Acquired: 2}, []Operation{acquired(p1, 1, 2, 0)}, []Interval{{p1, 2, Never}}},
		{"release did not return", Hold{Client: p1, Requested: 1, Acquired: 2, Releasing: 3},
			[]Operation{acquired(p1, 1, 2, 0), pending(model.Release, 3)}, []Interval{{p1, 2, 3}}},
		{"expired", Hold{Client: p1, Requested: 1, Acquired: 2, Expired: 5},
			[]Operation{acquired(p1, 1, 2, 0), ended(p1, 5, Never)}, []Interval{{p1, 2, 5}}},
		{"expired before its release", Hold{Client: p1, Requested: 1, Acquired: 2, Expired: 5, Releasing: 6, Released: 7},
			[]Operation{acquired(p1, 1, 2, 0), ended(p1, 5, Never)}, []Interval{{p1, 2, 5}}},
		{"released before it expired", Hold{Client: p1, Requested: 1, Acquired: 2, Expired: 5, Releasing: 3, Released: 7},
			[]Operation{acquired(p1, 1, 2, 0), released(p1, 3, 7)}, []Interval{{p1, 2, 3}}},
		{"expired before it was acquired", Hold{Client: p1, Requested: 3, Acquired: 6, Expired: 2},
			[]Operation{acquired(p1, 3, 6, 0), ended(p1, 3, Never)}, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := FromHolds([]Hold{row.hold})
			if !slices.Equal(h.Operations, row.ops) {
				t.Errorf("operations %v, want %v", h.Operations, row.ops)
			}
			if held := h.Holds(); !slices.Equal(held, row.held) {
				t.Errorf("held %v, want %v", held, row.held)
			}
			if got := Check(h, plenty); got.Verdict != Linearizable {
				t.Error(got.Verdict, got.Evidence)
			}
		})
	}
}

// TestHoldsEndWithTheirProcess: what Holds reports of a killed process ends with it.
func TestHoldsEndWithTheirProcess(t *testing.T) {
	h := FromHolds([]Hold{
		{Client: p1, Requested: 1, Acquired: 2, Releasing: 3, Released: 4},
		{Client: p1, Requested: 5, Acquired: 6},
		{Client: p2, Requested: 7, Acquired: 20},
		{Client: p3, Requested: 7},
	})
	h.Killed(1, 10)
	h.Killed(3, 10)
	if held, want := h.Holds(), []Interval{{p1, 2, 3}, {p1, 6, 10}, {p2, 20, Never}}; !slices.Equal(held, want) {
		t.Errorf("held %v, want %v", held, want)
	}
}

// TestFailedAttemptsAreFollowedByOthers: a client that did not get the lock goes on.
func TestFailedAttemptsAreFollowedByOthers(t *testing.T) {
	h := FromHolds([]Hold{
		{Client: p1, Requested: 1}, {Client: p1, Requested: 5, Acquired: 6, Releasing: 7, Released: 8}, {Client: p1, Requested: 9},
		{Client: p2, Requested: 1, Acquired: 2, Releasing: 4, Released: 5},
	})
	want := []Operation{failed(p1, 1, 5), acquired(p1, 5, 6, 0), released(p1, 7, 8), {Client: p1, Kind: model.Acquire, Call: 9, Return: Never},
		acquired(p2, 1, 2, 0), released(p2, 4, 5)}
	if !slices.Equal(h.Operations, want) {
		t.Errorf("operations %v, want %v", h.Operations, want)
	}
	if got := Check(h, plenty); got.Verdict != Linearizable || got.Calls != 4 {
		t.Error(got.Verdict, got.Evidence, got.Calls)
	}
}
