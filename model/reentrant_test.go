package model_test

import (
	"fmt"
	"testing"

	"github.com/holdfast-lock/holdfast/model"
	"pgregory.net/rapid"
)

func TestReentrantSessions(t *testing.T) {
	type R = model.Reentrant
	all := func(c model.Client, ok bool) model.Op { return model.Op{Kind: model.ReleaseAll, Client: c, OK: ok} }
	told := func(op model.Op, depth uint32) model.Op { op.Depth = depth; return op }
	replay(t, []session[R]{
		{"in and out", []model.Op{acquired(1, 5), released(1), acquired(2, 6)}, "", R{Holder: 2, Depth: 1, Token: 6, Last: 6}},
		{"deeper", []model.Op{acquired(1, 5), acquired(1, 5), acquired(1, 0)}, "", R{Holder: 1, Depth: 3, Token: 5, Last: 5}},
		{"one level off", []model.Op{acquired(1, 5), acquired(1, 5), released(1)}, "", R{Holder: 1, Depth: 1, Token: 5, Last: 5}},
		{"the last level frees", []model.Op{acquired(1, 5), acquired(1, 5), released(1), released(1), acquired(2, 6)}, "", R{Holder: 2, Depth: 1, Token: 6, Last: 6}},
		{"every level at once", []model.Op{acquired(1, 5), acquired(1, 5), all(1, true), acquired(2, 6)}, "", R{Holder: 2, Depth: 1, Token: 6, Last: 6}},
		{"a crash leaves no depth", []model.Op{acquired(1, 5), acquired(1, 5), ended(1), acquired(2, 6)}, "", R{Holder: 2, Depth: 1, Token: 6, Last: 6}},
		{"depths are told", []model.Op{told(acquired(1, 5), 1), told(acquired(1, 5), 2), told(released(1), 1)}, "", R{Holder: 1, Depth: 1, Token: 5, Last: 5}},
		{"refused at 0", []model.Op{refused(1)}, "", R{}},
		{"refused at 0, every level", []model.Op{all(1, false)}, "", R{}},
		{"refused to another", []model.Op{acquired(1, 5), refused(2), failed(2)}, "", R{Holder: 1, Depth: 1, Token: 5, Last: 5}},
		{"the holder may fail to go deeper", []model.Op{acquired(1, 5), failed(1)}, "", R{Holder: 1, Depth: 1, Token: 5, Last: 5}},
		{"a level that may be off", []model.Op{acquired(1, 0), acquired(1, 0), unknown(model.Release, 1)}, "", R{Holder: 1, Depth: 1}},
		{"the end of whoever held nothing", []model.Op{acquired(1, 0), unknown(model.End, 2)}, "", R{Holder: 1, Depth: 1}},

		{"another client", []model.Op{acquired(1, 5), acquired(2, 6)}, "another client holds the lock", R{Holder: 1, Depth: 1, Token: 5, Last: 5}},
		{"another client at a deeper level", []model.Op{acquired(1, 5), acquired(1, 5), released(1), acquired(2, 6)},
			"another client holds the lock", R{Holder: 1, Depth: 1, Token: 5, Last: 5}},
		{"released too often", []model.Op{acquired(1, 5), acquired(1, 5), released(1), released(1), released(1)}, "the client does not hold the lock", R{Last: 5}},
		{"every level twice", []model.Op{acquired(1, 5), all(1, true), all(1, true)}, "the client does not hold the lock", R{Last: 5}},
		{"released by another", []model.Op{acquired(1, 5), released(2)}, "the client does not hold the lock", R{Holder: 1, Depth: 1, Token: 5, Last: 5}},
		{"refused to the holder", []model.Op{acquired(1, 5), acquired(1, 5), released(1), refused(1)},
			"the client holds the lock, and was told that it does not", R{Holder: 1, Depth: 1, Token: 5, Last: 5}},
		{"refused to the holder, every level", []model.Op{acquired(1, 5), all(1, false)},
			"the client holds the lock, and was told that it does not", R{Holder: 1, Depth: 1, Token: 5, Last: 5}},
		{"the depth outlives the crash", []model.Op{acquired(1, 5), acquired(1, 5), ended(1), released(1)}, "the client does not hold the lock", R{Last: 5}},
		{"the end of another", []model.Op{acquired(1, 5), ended(2)}, "the client does not hold the lock", R{Holder: 1, Depth: 1, Token: 5, Last: 5}},
		{"deeper with a new token", []model.Op{acquired(1, 5), acquired(1, 6)}, "a deeper level has another token than the hold", R{Holder: 1, Depth: 1, Token: 5, Last: 5}},
		{"token again", []model.Op{acquired(1, 5), released(1), acquired(1, 5)}, "its token is not above all tokens before it", R{Last: 5}},
		{"told the depth before", []model.Op{acquired(1, 5), told(acquired(1, 5), 1)}, "the client was told another depth than it has", R{Holder: 1, Depth: 1, Token: 5, Last: 5}},
		{"told the depth after a release", []model.Op{acquired(1, 5), acquired(1, 5), told(released(1), 2)},
			"the client was told another depth than it has", R{Holder: 1, Depth: 2, Token: 5, Last: 5}},
		{"told a depth that is none", []model.Op{acquired(1, 5), told(released(1), 1)}, "the client was told another depth than it has", R{Holder: 1, Depth: 1, Token: 5, Last: 5}},
		{"told a depth at first", []model.Op{told(acquired(1, 5), 2)}, "the client was told another depth than it has", R{}},
		{"acquire by nobody", []model.Op{acquired(0, 1)}, "client 0 is nobody", R{}},
		{"an acquisition that nobody was told of", []model.Op{unknown(model.Acquire, 1)},
			"what an acquisition did of which nobody was told the result cannot be said of this kind of lock", R{}},
		{"shared", []model.Op{{Kind: model.AcquireRead, Client: 1, OK: true}}, "there is no such operation on a reentrant lock", R{}},
	})
}

// levels is what every client has, by what it did.
type levels struct {
	of   map[model.Client][]uint64 // the token of each level
	used map[uint64]bool
}

func (l *levels) allows(op model.Op) bool {
	own := l.of[op.Client]
	others := 0
	for c, levels := range l.of {
		if c != op.Client {
			others += len(levels)
		}
	}
	after := own
	switch op.Kind {
	case model.Acquire:
		if !op.OK {
			return op.Client != 0
		}
		if others > 0 {
			return false
		}
		token := op.Token
		if len(own) > 0 && token == 0 {
			token = own[0]
		}
		if len(own) > 0 && token != own[0] {
			return false
		}
		for used := range l.used {
			if len(own) == 0 && token != 0 && token <= used {
				return false
			}
		}
		after = append(own, token)
	case model.Release, model.ReleaseAll:
		if op.OK != (len(own) > 0) {
			return false
		}
		if !op.OK {
			return op.Client != 0
		}
		after = own[:len(own)-1]
		if op.Kind == model.ReleaseAll {
			after = nil
		}
	case model.End:
		if len(own) == 0 {
			return false
		}
		l.of[op.Client] = nil
		return true
	}
	if op.Client == 0 || op.Depth != 0 && int(op.Depth) != len(after) {
		return false
	}
	l.of[op.Client] = after
	for _, token := range after {
		l.used[token] = true
	}
	return true
}

func TestReentrantAgreesWithLevels(t *testing.T) {
	draw := func(t *rapid.T) model.Op {
		return model.Op{
			Kind:   rapid.SampledFrom([]model.Kind{model.Acquire, model.Acquire, model.Release, model.ReleaseAll, model.End}).Draw(t, "kind"),
			Client: model.Client(rapid.IntRange(0, 3).Draw(t, "client")),
			OK:     rapid.Bool().Draw(t, "ok"),
			Token:  rapid.Uint64Range(0, 8).Draw(t, "token"),
			Depth:  max(0, rapid.Uint32Range(0, 5).Draw(t, "told")-2) % 4,
		}
	}
	agree(t, draw, func() (func(model.Op) bool, func(*rapid.T, model.Reentrant)) {
		all := levels{of: make(map[model.Client][]uint64), used: make(map[uint64]bool)}
		return all.allows, func(t *rapid.T, r model.Reentrant) {
			holders := 0
			for c, own := range all.of {
				if len(own) > 0 {
					holders++
					if r.Holder != c || int(r.Depth) != len(own) || r.Token != own[0] {
						t.Fatalf("%+v, and client %d has the levels %v", r, c, own)
					}
				}
			}
			if holders > 1 || (r.Holder != 0) != (holders == 1) || (r.Depth != 0) != (holders == 1) {
				t.Fatalf("%+v with %d holders", r, holders)
			}
		}
	}, "client 0 is nobody", "another client holds the lock", "its token is not above all tokens before it", "the client does not hold the lock",
		"the client holds the lock, and was told that it does not", "a deeper level has another token than the hold", "the client was told another depth than it has")
}

func ExampleReentrant() {
	var lock model.Reentrant
	for _, op := range []model.Op{
		{Kind: model.Acquire, Client: 1, OK: true},
		{Kind: model.Acquire, Client: 1, OK: true, Depth: 2},
		{Kind: model.Release, Client: 1, OK: true},
		{Kind: model.Acquire, Client: 2, OK: true},
	} {
		next, legal, why := lock.Step(op)
		if legal {
			fmt.Println(op.Client, op.Kind)
		} else {
			fmt.Printf("%d %v: illegal, %s\n", op.Client, op.Kind, why)
		}
		lock = next
	}
	fmt.Println(lock.Text(func(c model.Client) string { return fmt.Sprintf("client %d", c) }))
	// Output:
	// 1 acquire
	// 1 acquire
	// 1 release
	// 2 acquire: illegal, another client holds the lock
	// client 1 holds it
}
