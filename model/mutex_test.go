package model_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/holdfast-lock/holdfast/model"
	"pgregory.net/rapid"
)

func TestMutexSessions(t *testing.T) {
	replay(t, []session[model.Mutex]{
		{"one after the other", []model.Op{acquired(1, 5), released(1), acquired(2, 6)}, "", model.Mutex{Holder: 2, Last: 6}},
		{"tokens may skip", []model.Op{acquired(1, 5), released(1), acquired(2, 90)}, "", model.Mutex{Holder: 2, Last: 90}},
		{"no fencing", []model.Op{acquired(1, 0), released(1), acquired(1, 0)}, "", model.Mutex{Holder: 1}},
		{"unfenced does not reset the tokens", []model.Op{acquired(1, 5), released(1), acquired(2, 0)}, "", model.Mutex{Holder: 2, Last: 5}},
		{"attempt on a held lock", []model.Op{acquired(1, 5), failed(2)}, "", model.Mutex{Holder: 1, Last: 5}},
		{"attempt on a free lock", []model.Op{failed(2)}, "", model.Mutex{}},
		{"attempt by the holder", []model.Op{acquired(1, 5), failed(1)}, "", model.Mutex{Holder: 1, Last: 5}},
		{"refused release of a free lock", []model.Op{refused(1)}, "", model.Mutex{}},
		{"refused release of another's lock", []model.Op{acquired(1, 5), refused(2)}, "", model.Mutex{Holder: 1, Last: 5}},
		{"end, then a successor", []model.Op{acquired(1, 5), ended(1), acquired(2, 6)}, "", model.Mutex{Holder: 2, Last: 6}},
		{"end, then refused release", []model.Op{acquired(1, 5), ended(1), refused(1)}, "", model.Mutex{Last: 5}},

		{"two holders", []model.Op{acquired(1, 5), acquired(2, 6)}, "another client holds the lock", model.Mutex{Holder: 1, Last: 5}},
		{"twice the same holder", []model.Op{acquired(1, 5), acquired(1, 6)}, "the client holds the lock already", model.Mutex{Holder: 1, Last: 5}},
		{"token again", []model.Op{acquired(1, 5), released(1), acquired(2, 5)}, "its token is not above all tokens before it", model.Mutex{Last: 5}},
		{"token back", []model.Op{acquired(1, 5), released(1), acquired(2, 4)}, "its token is not above all tokens before it", model.Mutex{Last: 5}},
		{"token back after an unfenced hold", []model.Op{acquired(1, 5), released(1), acquired(1, 0), released(1), acquired(2, 4)},
			"its token is not above all tokens before it", model.Mutex{Last: 5}},
		{"release by another", []model.Op{acquired(1, 5), released(2)}, "the client does not hold the lock", model.Mutex{Holder: 1, Last: 5}},
		{"release of a free lock", []model.Op{released(1)}, "the client does not hold the lock", model.Mutex{}},
		{"release twice", []model.Op{acquired(1, 5), released(1), released(1)}, "the client does not hold the lock", model.Mutex{Last: 5}},
		{"refused release by the holder", []model.Op{acquired(1, 5), refused(1)}, "the client holds the lock, and was told that it does not", model.Mutex{Holder: 1, Last: 5}},
		{"end of another's hold", []model.Op{acquired(1, 5), ended(2)}, "the client does not hold the lock", model.Mutex{Holder: 1, Last: 5}},
		{"release after the end", []model.Op{acquired(1, 5), ended(1), released(1)}, "the client does not hold the lock", model.Mutex{Last: 5}},
		{"acquire by nobody", []model.Op{acquired(0, 1)}, "client 0 is nobody", model.Mutex{}},
		{"refused release by nobody", []model.Op{refused(0)}, "client 0 is nobody", model.Mutex{}},
		{"unknown", []model.Op{{Kind: 99, Client: 1, OK: true}}, "there is no such operation on a mutex", model.Mutex{}},
		{"a release that nobody was told of, by the holder", []model.Op{acquired(1, 5), unknown(model.Release, 1)}, "", model.Mutex{Last: 5}},
		{"a release that nobody was told of, by another", []model.Op{acquired(1, 5), unknown(model.Release, 2)}, "", model.Mutex{Holder: 1, Last: 5}},
		{"the end of whoever held", []model.Op{acquired(1, 5), unknown(model.End, 1)}, "", model.Mutex{Last: 5}},
		{"the end of whoever held nothing", []model.Op{acquired(1, 5), unknown(model.End, 2)}, "", model.Mutex{Holder: 1, Last: 5}},
		{"the end of nobody", []model.Op{unknown(model.End, 0)}, "client 0 is nobody", model.Mutex{}},
		{"an acquisition that nobody was told of", []model.Op{unknown(model.Acquire, 1)},
			"what an acquisition did of which nobody was told the result cannot be said of this kind of lock", model.Mutex{}},
		{"shared", []model.Op{{Kind: model.AcquireRead, Client: 1, OK: true}}, "there is no such operation on a mutex", model.Mutex{}},
		{"a beat that nobody was told of", []model.Op{acquired(1, 5), unknown(model.Beat, 1)}, "there is no such operation on a mutex", model.Mutex{Holder: 1, Last: 5}},
	})
}

// mutexSets knows everything that has happened, as sets, and decides by looking through it.
type mutexSets struct {
	holders []model.Client
	tokens  []uint64
}

// allows decides about op, and does it if it may happen.
func (o *mutexSets) allows(op model.Op) bool {
	holds := slices.Contains(o.holders, op.Client)
	switch {
	case op.Client == 0:
		return false
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
	draw := func(t *rapid.T) model.Op {
		return model.Op{
			Kind:   rapid.SampledFrom([]model.Kind{model.Acquire, model.Release, model.End}).Draw(t, "kind"),
			Client: model.Client(rapid.IntRange(0, 3).Draw(t, "client")),
			OK:     rapid.Bool().Draw(t, "ok"),
			Token:  rapid.Uint64Range(0, 12).Draw(t, "token"),
		}
	}
	agree(t, draw, func() (func(model.Op) bool, func(*rapid.T, model.Mutex)) {
		var sets mutexSets
		return sets.allows, func(t *rapid.T, m model.Mutex) {
			held := slices.Contains(sets.holders, m.Holder)
			if held == (m.Holder == 0) || len(sets.holders) > 1 {
				t.Fatalf("%+v, the sets have holders %v", m, sets.holders)
			}
			if len(sets.tokens) > 0 && m.Last != slices.Max(sets.tokens) {
				t.Fatalf("%+v, the tokens were %v", m, sets.tokens)
			}
		}
	}, "client 0 is nobody", "another client holds the lock", "the client holds the lock already", "its token is not above all tokens before it",
		"the client does not hold the lock", "the client holds the lock, and was told that it does not")
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
