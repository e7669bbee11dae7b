package model_test

import (
	"testing"

	"github.com/holdfast-lock/holdfast/model"
	"pgregory.net/rapid"
)

// specification is what the states of all kinds of locks have.
type specification[S any] interface {
	comparable
	Step(model.Op) (S, bool, string)
	Text(func(model.Client) string) string
}

// session is what happens to a lock that nobody has ever held.
type session[S any] struct {
	name string
	ops  []model.Op // all legal but the last
	why  string     // of the last, "" if it is legal too
	then S
}

func replay[S specification[S]](t *testing.T, sessions []session[S]) {
	for _, row := range sessions {
		t.Run(row.name, func(t *testing.T) {
			var state S
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

// agree steps a lock through operations at random, most of them illegal, and has each judged by somebody else too, who begins anew with each lock and says
// whether he allows an operation and what is wrong with the state after it. Every one of the rules has to be broken at some time.
func agree[S specification[S]](t *testing.T, draw func(*rapid.T) model.Op, judge func() (allows func(model.Op) bool, inspect func(*rapid.T, S)), rules ...string) {
	broken := make(map[string]int)
	property := func(t *rapid.T) {
		var state S
		allows, inspect := judge()
		for i, op := range rapid.SliceOfN(rapid.Custom(draw), 0, 60).Draw(t, "ops") {
			next, legal, why := state.Step(op)
			if allowed := allows(op); legal != allowed {
				t.Fatalf("operation %d, %+v, in %+v: legal %t (%s), the judge says %t", i, op, state, legal, why, allowed)
			}
			if !legal && next != state {
				t.Fatalf("illegal %+v changed %+v to %+v", op, state, next)
			}
			if legal != (why == "") {
				t.Fatalf("legal %t because %q", legal, why)
			}
			broken[why]++
			state = next
			inspect(t, state)
		}
	}
	missing := func() (never []string) {
		for _, rule := range rules {
			if broken[rule] == 0 {
				never = append(never, rule)
			}
		}
		return never
	}
	for range 30 { // the odd rules need an odd state
		rapid.Check(t, property)
		if t.Failed() || len(missing()) == 0 {
			break
		}
	}
	if never := missing(); len(never) > 0 && !t.Failed() {
		t.Errorf("never broken: %q", never)
	}
	if known := len(rules) + 1; len(broken) > known { // and ""
		t.Errorf("broken rules that nobody expected, in %v", broken)
	}
}

func acquired(c model.Client, token uint64) model.Op {
	return model.Op{Kind: model.Acquire, Client: c, OK: true, Token: token}
}

func failed(c model.Client) model.Op { return model.Op{Kind: model.Acquire, Client: c} }

func released(c model.Client) model.Op {
	return model.Op{Kind: model.Release, Client: c, OK: true}
}

func refused(c model.Client) model.Op { return model.Op{Kind: model.Release, Client: c} }

func ended(c model.Client) model.Op { return model.Op{Kind: model.End, Client: c} }

func unknown(kind model.Kind, c model.Client) model.Op {
	return model.Op{Kind: kind, Client: c, Unknown: true}
}
