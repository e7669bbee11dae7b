package model_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/holdfast-lock/holdfast/model"
	"pgregory.net/rapid"
)

func TestMutexSessions(t *testing.T) {
	acquire := func(c model.Client, token uint64) model.Op {
		return model.Op{Kind: model.Acquire, Client: c, OK: true, Token: token}
	}
	release := func(c model.Client) model.Op { return model.Op{Kind: model.Release, Client: c, OK: true} }
	end := func(c model.Client) model.Op { return model.Op{Kind: model.End, Client: c} }
	failed := func(c model.Client) model.Op { return model.Op{Kind: model.Acquire, Client: c} }
	refused := func(c model.Client) model.Op { return model.Op{Kind: model.Release, Client: c} }

	for _, row := range []struct {
		name string
		ops  []model.Op // all legal but the last
		why  string     // of the last, "" if it is legal too
		then model.Mutex
	}{
		{"one after the other", []model.Op{acquire(1, 5), release(1), acquire(2, 6)}, "", model.Mutex{Holder: 2, Last: 6}},
		{"tokens may skip", []model.Op{acquire(1, 5), release(1), acquire(2, 90)}, "", model.Mutex{Holder: 2, Last: 90}},
		{"no fencing", []model.Op{acquire(1, 0), release(1), acquire(1, 0)}, "", model.Mutex{Holder: 1}},
		{"unfenced does not reset the tokens", []model.Op{acquire(1, 5), release(1), acquire(2, 0)}, "", model.Mutex{Holder: 2, Last: 5}},
		{"attempt on a held lock", []model.Op{acquire(1, 5), failed(2)}, "", model.Mutex{Holder: 1, Last: 5}},
		{"attempt on a free lock", []model.Op{failed(2)}, "", model.Mutex{}},
		{"attempt by the holder", []model.Op{acquire(1, 5), failed(1)}, "", model.Mutex{Holder: 1, Last: 5}},
		{"refused release of a free lock", []model.Op{refused(1)}, "", model.Mutex{}},
		{"refused release of another's lock", []model.Op{acquire(1, 5), refused(2)}, "", model.Mutex{Holder: 1, Last: 5}},
		{"end, then a successor", []model.Op{acquire(1, 5), end(1), acquire(2, 6)}, "", model.Mutex{Holder: 2, Last: 6}},
		{"end, then refused release", []model.Op{acquire(1, 5), end(1), refused(1)}, "", model.Mutex{Last: 5}},

		{"two holders", []model.Op{acquire(1, 5), acquire(2, 6)}, "another client holds the lock", model.Mutex{Holder: 1, Last: 5}},
		{"twice the same holder", []model.Op{acquire(1, 5), acquire(1, 6)}, "the client holds the lock already", model.Mutex{Holder: 1, Last: 5}},
		{"token again", []model.Op{acquire(1, 5), release(1), acquire(2, 5)}, "its token is not above all tokens before it", model.Mutex{Last: 5}},
		{"token back", []model.Op{acquire(1, 5), release(1), acquire(2, 4)}, "its token is not above all tokens before it", model.Mutex{Last: 5}},
		{"token back after an unfenced hold", []model.Op{acquire(1, 5), release(1), acquire(1, 0), release(1), acquire(2, 4)},
			"its token is not above all tokens before it", model.Mutex{Last: 5}},
		{"release by another", []model.Op{acquire(1, 5), release(2)}, "the client does not hold the lock", model.Mutex{Holder: 1, Last: 5}},
		{"release of a free lock", []model.Op{release(1)}, "the client does not hold the lock", model.Mutex{}},
		{"release twice", []model.Op{acquire(1, 5), release(1), release(1)}, "the client does not hold the lock", model.Mutex{Last: 5}},
		{"refused release by the holder", []model.Op{acquire(1, 5), refused(1)}, "the client holds the lock, and was told that it does not", model.Mutex{Holder: 1, Last: 5}},
		{"end of another's hold", []model.Op{acquire(1, 5), end(2)}, "the client does not hold the lock", model.Mutex{Holder: 1, Last: 5}},
		{"release after the end", []model.Op{acquire(1, 5), end(1), release(1)}, "the client does not hold the lock", model.Mutex{Last: 5}},
		{"acquire by nobody", []model.Op{acquire(0, 1)}, "client 0 is nobody", model.Mutex{}},
		{"refused release by nobody", []model.Op{refused(0)}, "client 0 is nobody", model.Mutex{}},
		{"unknown", []model.Op{{Kind: 9, Client: 1, OK: true}}, "there is no such operation on a mutex", model.Mutex{}},
	} {
		t.Run(row.name, func(t *testing.T) {
			var state model.Mutex
			for i, op := range row.ops {
				next, legal, why := state.Step(op)
				if last := i == len(row.ops)-1; !last && !legal {
					t.Fatalf("operation %d, %+v: %s", i, op, why)
				} else if last && (why != row.why || legal != (row.why == "")) {
					t.Errorf("the last operation: legal %t, %q; want %q", legal, why, row.why)
				}
				state = next
			}
			if state != row.then {
				t.Errorf("ends in %+v, want %+v", state, row.then)
			}
		})
	}
}

// oracle knows everything that has happened, as sets, and decides by looking through it.
type oracle struct {
	holders []model.Client
	tokens  []uint64
}

// allows decides about op, and does it if it may happen.
func (o *oracle) allows(op model.Op) bool {
	holds := slices.Contains(o.holders, op.Client)
	switch {
	case op.Kind == model.Acquire && op.OK:
		for _, token := range o.tokens {
			if op.Token != 0 && op.Token <= token {
				return false
			}
		}
		if len(o.holders) > 0 {
			return false
		}
		o.holders = append(o.holders, op.Client)
		o.tokens = append(o.tokens, op.Token)
	case op.Kind == model.Release && op.OK != holds, op.Kind == model.End && !holds:
		return false
	case op.Kind != model.Acquire:
		o.holders = slices.DeleteFunc(o.holders, func(c model.Client) bool { return c == op.Client })
	}
	return true
}

func TestMutexAgreesWithSets(t *testing.T) {
	ops := rapid.Custom(func(t *rapid.T) model.Op {
		return model.Op{
			Kind:   rapid.SampledFrom([]model.Kind{model.Acquire, model.Release, model.End}).Draw(t, "kind"),
			Client: model.Client(rapid.IntRange(1, 3).Draw(t, "client")),
			OK:     rapid.Bool().Draw(t, "ok"),
			Token:  rapid.Uint64Range(0, 12).Draw(t, "token"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		var state model.Mutex
		var sets oracle
		for i, op := range rapid.SliceOfN(ops, 0, 60).Draw(t, "ops") {
			next, legal, why := state.Step(op)
			if legal != sets.allows(op) {
				t.Fatalf("operation %d, %+v, in %+v: legal %t (%s), the sets differ", i, op, state, legal, why)
			}
			if !legal && next != state {
				t.Fatalf("illegal %+v changed %+v to %+v", op, state, next)
			}
			if legal != (why == "") {
				t.Fatalf("legal %t because %q", legal, why)
			}
			if next.Last < state.Last {
				t.Fatalf("%+v took the last token back from %d to %d", op, state.Last, next.Last)
			}
			held := slices.Contains(sets.holders, next.Holder)
			if held == (next.Holder == 0) || len(sets.holders) > 1 {
				t.Fatalf("after %+v: %+v, the sets have holders %v", op, next, sets.holders)
			}
			state = next
		}
	})
}

func ExampleMutex() {
	var lock model.Mutex
	for _, op := range []model.Op{
		{Kind: model.Acquire, Client: 1, OK: true, Token: 7},
		{Kind: model.Acquire, Client: 2, OK: true, Token: 8},
		{Kind: model.End, Client: 1}, // its process was killed
		{Kind: model.Acquire, Client: 2, OK: true, Token: 8},
	} {
		next, legal, why := lock.Step(op)
		if legal {
			fmt.Printf("%v by %d: then held by %d\n", op.Kind, op.Client, next.Holder)
		} else {
			fmt.Printf("%v by %d: illegal, %s\n", op.Kind, op.Client, why)
		}
		lock = next
	}
	// Output:
	// acquire by 1: then held by 1
	// acquire by 2: illegal, another client holds the lock
	// end by 1: then held by 0
	// acquire by 2: then held by 2
}
