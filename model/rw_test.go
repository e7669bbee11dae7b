package model_test

import (
	"fmt"
	"testing"

	"github.com/holdfast-lock/holdfast/model"
	"pgregory.net/rapid"
)

func announced(c model.Client) model.Op {
	return model.Op{Kind: model.Announce, Client: c, OK: true}
}

func gaveUp(c model.Client) model.Op { return model.Op{Kind: model.GiveUp, Client: c, OK: true} }

func reading(c model.Client, token uint64) model.Op {
	return model.Op{Kind: model.AcquireRead, Client: c, OK: true, Token: token}
}

func clients(c ...model.Client) (set model.Set) {
	for _, c := range c {
		set = set.With(c)
	}
	return set
}

func TestRWSessions(t *testing.T) {
	type RW = model.RW
	replay(t, []session[RW]{
		{"readers share", []model.Op{reading(1, 0), reading(2, 0), released(1)}, "", RW{Readers: clients(2)}},
		{"a writer after readers", []model.Op{reading(1, 1), announced(2), released(1), acquired(2, 2)}, "", RW{Writer: 2, Last: 2}},
		{"a reader after a writer", []model.Op{announced(2), acquired(2, 2), released(2), reading(1, 3)}, "", RW{Readers: clients(1), Last: 3}},
		{"writers one after the other", []model.Op{announced(1), announced(2), acquired(2, 2), released(2), acquired(1, 3)}, "", RW{Writer: 1, Last: 3}},
		{"a writer that gave up lets readers in", []model.Op{announced(1), gaveUp(1), reading(2, 0)}, "", RW{Readers: clients(2)}},
		{"a wish that failed", []model.Op{{Kind: model.Announce, Client: 1}, reading(2, 0)}, "", RW{Readers: clients(2)}},
		{"a wish stays though the writer failed", []model.Op{announced(1), failed(1)}, "", RW{Waiting: clients(1)}},
		{"a reader may fail", []model.Op{{Kind: model.AcquireRead, Client: 1}}, "", RW{}},
		{"a reader dies", []model.Op{reading(1, 0), announced(2), ended(1), acquired(2, 0)}, "", RW{Writer: 2}},
		{"a writer dies", []model.Op{announced(1), acquired(1, 0), ended(1), reading(2, 0)}, "", RW{Readers: clients(2)}},
		{"a waiting writer dies", []model.Op{announced(1), ended(1), reading(2, 0)}, "", RW{Readers: clients(2)}},
		{"refusals", []model.Op{reading(1, 0), refused(2), {Kind: model.GiveUp, Client: 2}}, "", RW{Readers: clients(1)}},
		{"a wish that nobody was told of", []model.Op{unknown(model.Announce, 1), acquired(1, 0)}, "", RW{Writer: 1}},
		{"a reader's wish that nobody was told of", []model.Op{reading(1, 0), unknown(model.Announce, 1)}, "", RW{Readers: clients(1)}},
		{"given up without being told", []model.Op{announced(1), unknown(model.GiveUp, 1), reading(2, 0)}, "", RW{Readers: clients(2)}},
		{"the end of whoever held nothing", []model.Op{reading(1, 0), unknown(model.End, 2)}, "", RW{Readers: clients(1)}},

		{"a reader beside a writer", []model.Op{announced(1), acquired(1, 0), reading(2, 0)}, "another client writes", RW{Writer: 1}},
		{"two writers", []model.Op{announced(1), announced(2), acquired(1, 0), acquired(2, 0)}, "another client writes", RW{Writer: 1, Waiting: clients(2)}},
		{"a writer beside a reader", []model.Op{reading(1, 0), announced(2), acquired(2, 0)}, "another client reads", RW{Readers: clients(1), Waiting: clients(2)}},
		{"a writer beside one of two readers", []model.Op{reading(1, 0), reading(3, 0), announced(2), released(1), acquired(2, 0)},
			"another client reads", RW{Readers: clients(3), Waiting: clients(2)}},
		{"a reader past a writer that announced itself", []model.Op{reading(1, 0), announced(2), reading(3, 0)},
			"a writer has announced itself", RW{Readers: clients(1), Waiting: clients(2)}},
		{"a reader past the second writer", []model.Op{announced(1), announced(2), gaveUp(1), reading(3, 0)}, "a writer has announced itself", RW{Waiting: clients(2)}},
		{"a writer that did not announce itself", []model.Op{acquired(1, 0)}, "the client has not announced itself", RW{}},
		{"one wish for two holds", []model.Op{announced(1), acquired(1, 0), released(1), acquired(1, 0)}, "the client has not announced itself", RW{}},
		{"announced twice", []model.Op{announced(1), announced(1)}, "the client has announced itself already", RW{Waiting: clients(1)}},
		{"a reader announces itself", []model.Op{reading(1, 0), announced(1)}, "the client holds the lock already", RW{Readers: clients(1)}},
		{"a writer reads", []model.Op{announced(1), acquired(1, 0), reading(1, 0)}, "the client holds the lock already", RW{Writer: 1}},
		{"reads twice", []model.Op{reading(1, 0), reading(1, 0)}, "the client holds the lock already", RW{Readers: clients(1)}},
		{"gives up what it did not wish", []model.Op{gaveUp(1)}, "the client has not announced itself", RW{}},
		{"may not give up", []model.Op{announced(1), {Kind: model.GiveUp, Client: 1}}, "the client has announced itself, and was told that it has not", RW{Waiting: clients(1)}},
		{"a reader's share released by another", []model.Op{reading(1, 0), released(2)}, "the client does not hold the lock", RW{Readers: clients(1)}},
		{"a writer's hold released by a reader that waits", []model.Op{announced(1), acquired(1, 0), released(2)}, "the client does not hold the lock", RW{Writer: 1}},
		{"released by a writer that waits", []model.Op{announced(1), released(1)}, "the client does not hold the lock", RW{Waiting: clients(1)}},
		{"refused to a reader", []model.Op{reading(1, 0), refused(1)}, "the client holds the lock, and was told that it does not", RW{Readers: clients(1)}},
		{"refused to a writer", []model.Op{announced(1), acquired(1, 0), refused(1)}, "the client holds the lock, and was told that it does not", RW{Writer: 1}},
		{"a reader's token again", []model.Op{reading(1, 5), reading(2, 5)}, "its token is not above all tokens before it", RW{Readers: clients(1), Last: 5}},
		{"a writer's token back", []model.Op{reading(1, 5), released(1), announced(2), acquired(2, 4)}, "its token is not above all tokens before it", RW{Waiting: clients(2), Last: 5}},
		{"the end of what is none", []model.Op{ended(1)}, "the client does not hold the lock", RW{}},
		{"nobody reads", []model.Op{reading(0, 0)}, "client 0 is nobody", RW{}},
		{"an acquisition that nobody was told of", []model.Op{unknown(model.AcquireRead, 1)},
			"what an acquisition did of which nobody was told the result cannot be said of this kind of lock", RW{}},
		{"a beat", []model.Op{{Kind: model.Beat, Client: 1, OK: true}}, "there is no such operation on a read/write lock", RW{}},
	})
}

// past is all that has happened to a lock, in its order. Whatever is so now is found by looking through it.
type past []model.Op

// has returns the kind of the operation that client's hold or wish comes from, or 0.
func (p past) has(c model.Client) (kind model.Kind) {
	for _, op := range p {
		switch {
		case op.Client != c || !op.OK && op.Kind != model.End:
		case op.Kind == model.Release, op.Kind == model.End, op.Kind == model.GiveUp:
			kind = 0
		default:
			kind = op.Kind
		}
	}
	return kind
}

func (p past) count(kind model.Kind) (n int) {
	for c := range model.Client(5) {
		if p.has(c) == kind {
			n++
		}
	}
	return n
}

func (p *past) allows(op model.Op) bool {
	has := p.has(op.Client)
	legal := !op.OK
	switch op.Kind {
	case model.Announce:
		legal = legal || has == 0
	case model.Acquire:
		legal = legal || has == model.Announce && p.count(model.Acquire)+p.count(model.AcquireRead) == 0
	case model.AcquireRead:
		legal = legal || has == 0 && p.count(model.Acquire)+p.count(model.Announce) == 0
	case model.Release:
		legal = op.OK == (has == model.Acquire || has == model.AcquireRead)
	case model.GiveUp:
		legal = op.OK == (has == model.Announce)
	case model.End:
		legal = has != 0
	}
	for _, before := range *p {
		if op.Kind.Acquires() && op.OK && op.Token != 0 && before.Kind.Acquires() && before.OK && before.Token >= op.Token {
			legal = false
		}
	}
	legal = legal && op.Client != 0
	if legal {
		*p = append(*p, op)
	}
	return legal
}

func TestRWAgreesWithThePast(t *testing.T) {
	draw := func(t *rapid.T) model.Op {
		return model.Op{
			Kind: rapid.SampledFrom([]model.Kind{
				model.Acquire, model.AcquireRead, model.Announce, model.Release, model.Release, model.GiveUp, model.End}).Draw(t, "kind"),
			Client: model.Client(rapid.IntRange(0, 4).Draw(t, "client")),
			OK:     rapid.IntRange(0, 3).Draw(t, "ok") > 0,
			Token:  max(0, rapid.Uint64Range(0, 24).Draw(t, "token")-12) % 13,
		}
	}
	agree(t, draw, func() (func(model.Op) bool, func(*rapid.T, model.RW)) {
		var all past
		return all.allows, func(t *rapid.T, l model.RW) {
			writers := 0
			for c := range model.Client(5) {
				has := all.has(c)
				if l.Readers.Has(c) != (has == model.AcquireRead) || l.Waiting.Has(c) != (has == model.Announce) || (c != 0 && l.Writer == c) != (has == model.Acquire) {
					t.Fatalf("%+v, and client %d has %v", l, c, has)
				}
				if l.Writer == c && c != 0 {
					writers++
				}
			}
			if writers > 0 && !l.Readers.Empty() {
				t.Fatalf("%+v", l)
			}
		}
	}, "client 0 is nobody", "another client writes", "another client reads", "a writer has announced itself", "the client has announced itself already",
		"the client has not announced itself", "the client has announced itself, and was told that it has not", "the client holds the lock already",
		"its token is not above all tokens before it", "the client does not hold the lock", "the client holds the lock, and was told that it does not")
}

func ExampleRW() {
	var lock model.RW
	for _, op := range []model.Op{
		{Kind: model.AcquireRead, Client: 1, OK: true},
		{Kind: model.Announce, Client: 2, OK: true},
		{Kind: model.AcquireRead, Client: 3, OK: true}, // past the writer
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
	// 1 acquire to read
	// 2 announce
	// 3 acquire to read: illegal, a writer has announced itself
	// 1 release
	// 2 acquire
	// client 2 writes
}
