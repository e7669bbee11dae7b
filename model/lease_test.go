package model_test

import (
	"fmt"
	"maps"
	"testing"

	"github.com/holdfast-lock/holdfast/model"
	"pgregory.net/rapid"
)

// about is an operation on the hold with a token, 0 for whichever the client has.
func about(kind model.Kind, c model.Client, token uint64, ok bool) model.Op {
	return model.Op{Kind: kind, Client: c, Token: token, OK: ok}
}

func TestLeaseSessions(t *testing.T) {
	type Lease = model.Lease
	beat := func(c model.Client, token uint64) model.Op { return about(model.Beat, c, token, true) }
	lost := func(c model.Client, token uint64) model.Op { return about(model.Beat, c, token, false) }
	expired := func(c model.Client, token uint64) model.Op { return about(model.Expire, c, token, false) }
	wrote := func(c model.Client, token uint64) model.Op { return about(model.Write, c, token, true) }
	rejected := func(c model.Client, token uint64) model.Op { return about(model.Write, c, token, false) }
	asked := unknown(model.Acquire, 1)
	replay(t, []session[Lease]{
		{"kept and released", []model.Op{acquired(1, 5), beat(1, 5), released(1), acquired(2, 6)}, "", Lease{Holder: 2, Token: 6, Last: 6}},
		{"taken over", []model.Op{acquired(1, 5), expired(1, 5), acquired(2, 6), lost(1, 5), refused(1)}, "", Lease{Holder: 2, Token: 6, Last: 6}},
		{"a late beat makes it good", []model.Op{acquired(1, 5), expired(1, 5), beat(1, 5)}, "", Lease{Holder: 1, Token: 5, Last: 5}},
		{"released after it expired", []model.Op{acquired(1, 5), expired(1, 5), released(1)}, "", Lease{Last: 5}},
		{"told of the loss before anybody took over", []model.Op{acquired(1, 5), expired(1, 5), refused(1)}, "", Lease{Last: 5}},
		{"taken over by itself", []model.Op{acquired(1, 5), expired(1, 5), acquired(1, 6)}, "", Lease{Holder: 1, Token: 6, Last: 6}},
		{"the expiry of the hold before", []model.Op{acquired(1, 5), released(1), acquired(1, 6), expired(1, 5)}, "", Lease{Holder: 1, Token: 6, Last: 6}},
		{"the expiry of whoever holds nothing", []model.Op{acquired(1, 5), expired(2, 0)}, "", Lease{Holder: 1, Token: 5, Last: 5}},
		{"the holder dies", []model.Op{acquired(1, 5), ended(1), acquired(2, 6)}, "", Lease{Holder: 2, Token: 6, Last: 6}},
		{"the end of whoever was taken over", []model.Op{acquired(1, 5), expired(1, 5), acquired(2, 6), unknown(model.End, 1)}, "", Lease{Holder: 2, Token: 6, Last: 6}},
		{"a beat for the hold before", []model.Op{acquired(1, 5), released(1), acquired(1, 6), lost(1, 5)}, "", Lease{Holder: 1, Token: 6, Last: 6}},
		{"an attempt in every state", []model.Op{failed(1), acquired(1, 5), failed(2), expired(1, 5), failed(2)}, "", Lease{Holder: 1, Token: 5, Last: 5, Expired: true}},
		{"without fencing", []model.Op{acquired(1, 0), beat(1, 0), expired(1, 0), acquired(2, 0)}, "", Lease{Holder: 2}},
		{"writes", []model.Op{wrote(1, 5), wrote(1, 5), wrote(2, 6), rejected(1, 5)}, "", Lease{Fence: 6}},
		{"an old holder writes before its successor does", []model.Op{acquired(1, 5), expired(1, 5), acquired(2, 6), wrote(1, 5), wrote(2, 6)},
			"", Lease{Holder: 2, Token: 6, Last: 6, Fence: 6}},
		{"a write that nobody was told of", []model.Op{{Kind: model.Write, Client: 1, Token: 5, Unknown: true}, rejected(2, 4)}, "", Lease{Fence: 5}},
		{"a write that nobody was told of, too old", []model.Op{wrote(2, 6), {Kind: model.Write, Client: 1, Token: 5, Unknown: true}}, "", Lease{Fence: 6}},
		{"a beat that nobody was told of", []model.Op{acquired(1, 5), expired(1, 5), unknown(model.Beat, 1), acquired(2, 6)}, "", Lease{Holder: 2, Token: 6, Last: 6}},
		{"a release that nobody was told of", []model.Op{acquired(1, 5), unknown(model.Release, 1)}, "", Lease{Last: 5}},

		{"in doubt, and it held", []model.Op{asked, beat(1, 5)}, "", Lease{Holder: 1, Token: 5, Last: 5}},
		{"in doubt, and it released", []model.Op{asked, about(model.Release, 1, 5, true)}, "", Lease{Last: 5}},
		{"in doubt, and it did not hold", []model.Op{asked, refused(1)}, "", Lease{}},
		{"in doubt, and another got it", []model.Op{asked, acquired(2, 5)}, "", Lease{Holder: 2, Token: 5, Last: 5}},
		{"in doubt, and dead", []model.Op{asked, unknown(model.End, 1)}, "", Lease{}},
		{"in doubt, and dead, and it was the holder", []model.Op{asked, unknown(model.Acquire, 2), ended(1)}, "", Lease{}},
		{"in doubt over a hold that expired", []model.Op{acquired(2, 5), expired(2, 5), asked}, "", Lease{Holder: 2, Token: 5, Last: 5, Expired: true, Doubts: clients(1)}},
		{"in doubt over a hold that expired, which is kept", []model.Op{acquired(2, 5), expired(2, 5), asked, beat(2, 5)}, "", Lease{Holder: 2, Token: 5, Last: 5}},
		{"two in doubt, and the second held", []model.Op{asked, unknown(model.Acquire, 2), beat(2, 5)}, "", Lease{Holder: 2, Token: 5, Last: 5}},
		{"no doubt while another holds", []model.Op{acquired(2, 5), asked}, "", Lease{Holder: 2, Token: 5, Last: 5}},

		{"stolen before it expired", []model.Op{acquired(1, 5), acquired(2, 6)}, "another client holds the lock, and has kept it", Lease{Holder: 1, Token: 5, Last: 5}},
		{"stolen after a beat made it good", []model.Op{acquired(1, 5), expired(1, 5), beat(1, 5), acquired(2, 6)},
			"another client holds the lock, and has kept it", Lease{Holder: 1, Token: 5, Last: 5}},
		{"acquired twice", []model.Op{acquired(1, 5), acquired(1, 6)}, "the client holds the lock already", Lease{Holder: 1, Token: 5, Last: 5}},
		{"token reissued", []model.Op{acquired(1, 5), expired(1, 5), acquired(2, 5)}, "its token is not above all tokens before it", Lease{Holder: 1, Token: 5, Last: 5, Expired: true}},
		{"the token that a beat showed", []model.Op{acquired(1, 0), beat(1, 5), released(1), acquired(2, 5)}, "its token is not above all tokens before it", Lease{Last: 5}},
		{"token reissued after the crash", []model.Op{acquired(1, 5), ended(1), acquired(2, 5)}, "its token is not above all tokens before it", Lease{Last: 5}},
		{"the token of whoever was in doubt", []model.Op{asked, about(model.Release, 1, 5, true), acquired(2, 5)}, "its token is not above all tokens before it", Lease{Last: 5}},
		{"a beat after it was taken over", []model.Op{acquired(1, 5), expired(1, 5), acquired(2, 6), beat(1, 5)},
			"the client does not hold the lock", Lease{Holder: 2, Token: 6, Last: 6}},
		{"a beat with another's token", []model.Op{acquired(1, 5), beat(1, 6)}, "the client does not hold the lock", Lease{Holder: 1, Token: 5, Last: 5}},
		{"a beat after the loss was told", []model.Op{acquired(1, 5), expired(1, 5), lost(1, 5), beat(1, 5)}, "the client does not hold the lock", Lease{Last: 5}},
		{"a beat though it is in doubt, with an old token", []model.Op{acquired(1, 5), released(1), asked, beat(1, 5)},
			"the client does not hold the lock", Lease{Last: 5, Doubts: clients(1)}},
		{"a beat though another was there since", []model.Op{asked, acquired(2, 5), beat(1, 6)}, "the client does not hold the lock", Lease{Holder: 2, Token: 5, Last: 5}},
		{"released by another", []model.Op{acquired(1, 5), released(2)}, "the client does not hold the lock", Lease{Holder: 1, Token: 5, Last: 5}},
		{"refused though it kept the lock", []model.Op{acquired(1, 5), refused(1)},
			"the client holds the lock and has kept it, and was told that it lost it", Lease{Holder: 1, Token: 5, Last: 5}},
		{"told of a loss that was none", []model.Op{acquired(1, 5), beat(1, 5), lost(1, 5)},
			"the client holds the lock and has kept it, and was told that it lost it", Lease{Holder: 1, Token: 5, Last: 5}},
		{"the end of whoever holds nothing", []model.Op{ended(1)}, "the client does not hold the lock", Lease{}},
		{"an old write after a newer one", []model.Op{wrote(2, 6), wrote(1, 5)}, "a write with a higher token was accepted before it", Lease{Fence: 6}},
		{"a write refused for nothing", []model.Op{wrote(1, 5), rejected(2, 6)}, "no write with a higher token was accepted before it, and it was refused", Lease{Fence: 5}},
		{"a write without a token", []model.Op{wrote(1, 0)}, "a write to a fenced resource has a token", Lease{}},
		{"a write without a token that nobody was told of", []model.Op{unknown(model.Write, 1)}, "a write to a fenced resource has a token", Lease{}},
		{"acquire by nobody", []model.Op{acquired(0, 1)}, "client 0 is nobody", Lease{}},
		{"shared", []model.Op{reading(1, 0)}, "there is no such operation on a lease", Lease{}},
		{"shared, and nobody was told", []model.Op{unknown(model.AcquireRead, 1)}, "there is no such operation on a lease", Lease{}},
	})
}

// world is one of the things that may be so. A lease whose clients are not told everything is one of several.
type world struct {
	holder  model.Client
	token   uint64
	untold  bool // the holder does not know its token; whichever it names first, above all that others were told, is it
	expired bool
	last    uint64
	fence   uint64
}

// after returns the worlds in which op, with its result, may have happened in w.
func (w world) after(op model.Op) (all []world) {
	mine := w.holder == op.Client && (op.Token == 0 || op.Token == w.token || w.untold && op.Token > w.last)
	gone := w
	gone.holder, gone.token, gone.untold, gone.expired = 0, 0, false, false
	if op.Unknown {
		op.Unknown = false
		if op.Kind == model.End && !mine {
			return []world{w}
		}
		no, yes := op, op
		no.OK, yes.OK = false, true
		if mine && op.Kind != model.Write {
			no.Token, yes.Token = 0, 0 // whichever it has, and it learns nothing
		}
		worked := w.after(yes)
		if op.Kind.Happens() {
			return worked
		}
		for i := range worked {
			worked[i].untold = worked[i].untold || op.Kind == model.Acquire
		}
		return append(worked, w.after(no)...)
	}
	shows := op.Kind == model.End || op.OK && (op.Kind == model.Beat || op.Kind == model.Release)
	if mine && shows && w.untold && op.Token != 0 {
		w.token, w.last, w.untold = op.Token, op.Token, false
		gone.last = op.Token
	}
	switch op.Kind {
	case model.Acquire:
		if !op.OK {
			return []world{w}
		}
		if w.holder == 0 || w.expired {
			if op.Token == 0 || op.Token > w.last {
				return []world{{holder: op.Client, token: op.Token, last: max(w.last, op.Token), fence: w.fence}}
			}
		}
	case model.Release:
		if op.OK == mine || mine && w.expired {
			if mine && op.Kind != model.Write {
				return []world{gone}
			}
			return []world{w}
		}
	case model.Beat:
		switch {
		case op.OK && mine:
			w.expired = false
			return []world{w}
		case !op.OK && mine && w.expired:
			return []world{gone}
		case !op.OK && !mine:
			return []world{w}
		}
	case model.Expire:
		w.expired = w.expired || mine
		return []world{w}
	case model.End:
		if mine && op.Kind != model.Write {
			return []world{gone}
		}
	case model.Write:
		if op.Token != 0 && op.OK == (op.Token >= w.fence) {
			if op.OK {
				w.fence = op.Token
			}
			return []world{w}
		}
	}
	return nil
}

// TestLeaseAgreesWithEveryWorld compares the doubts of a lease with all that may be so.
func TestLeaseAgreesWithEveryWorld(t *testing.T) {
	for _, fenced := range []bool{false, true} {
		t.Run(fmt.Sprintf("fenced=%t", fenced), func(t *testing.T) {
			draw := func(t *rapid.T) model.Op {
				op := model.Op{
					Kind: rapid.SampledFrom([]model.Kind{model.Acquire, model.Acquire, model.Beat, model.Release, model.Expire,
						model.Expire, model.End, model.Write}).Draw(t, "kind"),
					Client: model.Client(rapid.IntRange(1, 3).Draw(t, "client")),
					OK:     rapid.Bool().Draw(t, "ok"),
				}
				op.Unknown = rapid.IntRange(0, 3).Draw(t, "unknown") == 0
				if fenced || op.Kind == model.Write {
					op.Token = rapid.Uint64Range(1, 9).Draw(t, "token")
				}
				if op.Unknown && op.Kind == model.Acquire {
					op.Token = 0
				}
				return op
			}
			rules := []string{"another client holds the lock, and has kept it", "the client holds the lock already", "the client does not hold the lock",
				"the client holds the lock and has kept it, and was told that it lost it", "a write with a higher token was accepted before it",
				"no write with a higher token was accepted before it, and it was refused"}
			if fenced {
				rules = append(rules, "its token is not above all tokens before it")
			}
			agree(t, draw, func() (func(model.Op) bool, func(*rapid.T, model.Lease)) {
				worlds := map[world]bool{{}: true}
				allows := func(op model.Op) bool {
					next := make(map[world]bool)
					for w := range worlds {
						for _, then := range w.after(op) {
							next[then] = true
						}
					}
					if len(next) == 0 {
						return false
					}
					worlds = next
					return true
				}
				return allows, func(t *rapid.T, l model.Lease) {
					kept := 0
					for w := range worlds {
						if w.holder != 0 && !w.expired {
							kept++
						}
						if w.fence > l.Fence {
							t.Fatalf("%+v, and one may be %+v", l, w)
						}
					}
					if certain := l.Holder != 0 && !l.Expired; certain && (kept != len(worlds) || !l.Doubts.Empty()) {
						t.Fatalf("%+v, and it is one of %v", l, maps.Collect(maps.All(worlds)))
					}
				}
			}, rules...)
		})
	}
}

func ExampleLease() {
	var lock model.Lease
	for _, op := range []model.Op{
		{Kind: model.Acquire, Client: 1, OK: true, Token: 7},
		{Kind: model.Acquire, Client: 2, OK: true, Token: 8}, // client 1 has kept it
		{Kind: model.Expire, Client: 1, Token: 7},
		{Kind: model.Acquire, Client: 2, OK: true, Token: 8},
		{Kind: model.Write, Client: 2, OK: true, Token: 8},
		{Kind: model.Write, Client: 1, OK: true, Token: 7}, // and does not know that it lost it
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
	// 2 acquire: illegal, another client holds the lock, and has kept it
	// 1 expire
	// 2 acquire
	// 2 write
	// 1 write: illegal, a write with a higher token was accepted before it
	// client 2 holds it, last token 8, written with 8
}
